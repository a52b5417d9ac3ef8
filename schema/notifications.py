"""What people should know without looking for it."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from gateway import errors
from gateway.notifications import NotificationKind
from schema.catalog import Model
from schema.context import Info
from schema.errors import InvalidInput, declares, result
from schema.keys import ApiKey
from schema.relay import Node, decode_ids, encode_id
from schema.subscriptions import ModelSubscription

strawberry.enum(
    NotificationKind,
    description="What happened. API_KEY_…: to one of the reader's keys; EXPIRES: it will stop working soon, LEAKED: its secret was "
    "reported or found by somebody else, DRIFTED: it was changed in LiteLLM itself. SUBSCRIPTION_… and QUOTA_CHANGE_…: what was decided "
    "about a subscription or a request for other limits. QUOTA_EXHAUSTED: a limit per window is used up. MODEL_…: a model that the "
    "reader has will go, or is gone. ROLE_EXPIRES: the reader becomes a plain user unless they sign in again.",
)


@strawberry.type(description="Something that its reader should know.")
class Notification(Node):
    kind: NotificationKind = strawberry.field(description="What happened.")
    actor: str | None = strawberry.field(
        description="Who did it: a username; null: nobody, or one of LiteMaaS's own jobs."
    )
    reason: str | None = strawberry.field(description="Why, in the words of who did it.")
    days: int | None = strawberry.field(
        description="API_KEY_EXPIRES: the notice that it is, 30, 14, 7 or 1 days before; else null."
    )
    expires_at: datetime | None = strawberry.field(
        description="The moment that it speaks of, as it stood then. API_KEY_EXPIRES: when the key ends; SUBSCRIPTION_APPROVED: when the "
        "subscription ends; QUOTA_EXHAUSTED: when the next window begins; ROLE_EXPIRES: when the role ends; null: never, or there is none."
    )
    created_at: datetime = strawberry.field(description="When it was written.")
    read_at: datetime | None = strawberry.field(description="When its reader marked it as read; null: not yet.")
    row: strawberry.Private[Any]

    @strawberry.field(description="The subscription that it is about; null for keys.")
    async def subscription(self, info: Info) -> ModelSubscription | None:
        if self.row.subscription_id is None:
            return None
        row = await info.context.loaders.subscription.load(self.row.subscription_id)
        return ModelSubscription.of(row) if row else None

    @strawberry.field(description="The model that it is about; null for keys.")
    async def model(self, info: Info) -> Model | None:
        if self.row.model_id is None:
            return None
        return Model.of(await info.context.loaders.model_of_subscription.load(self.row.model_id))

    @strawberry.field(description="The key that it is about; null for subscriptions and models.")
    async def api_key(self, info: Info) -> ApiKey | None:
        if self.row.api_key_id is None:
            return None
        row = await info.context.loaders.api_key.load(self.row.api_key_id)
        return ApiKey.of(row) if row else None

    @classmethod
    def of(cls, row: Any) -> "Notification":
        return cls(
            id=encode_id("Notification", row.id),
            kind=row.kind,
            actor=row.actor,
            reason=row.reason,
            days=row.days,
            expires_at=row.expires_at,
            created_at=row.created_at,
            read_at=row.read_at,
            row=row,
        )


@strawberry.input(description="Notifications that were read.")
class MarkNotificationsReadInput:
    notification_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which; all of the caller's own, if left out."
    )


@strawberry.type(description="They are marked.")
class MarkNotificationsReadSuccess:
    marked: int = strawberry.field(description="How many were unread before.")


MarkNotificationsReadResult = Annotated[
    MarkNotificationsReadSuccess | InvalidInput, result("MarkNotificationsReadResult")
]


@strawberry.type
class NotificationMutations:
    @strawberry.mutation(description="Mark the caller's own notifications as read.")
    @declares(errors.InvalidInput)
    async def mark_notifications_read(
        self,
        info: Info,
        input: Annotated[
            MarkNotificationsReadInput, strawberry.argument(description="Everything that the change needs.")
        ],
    ) -> MarkNotificationsReadResult:
        ids = decode_ids("Notification", input.notification_ids, "notificationIds")
        marked = await info.context.services.notifications.mark_read(info.context.actor, ids)
        return MarkNotificationsReadSuccess(marked=marked)
