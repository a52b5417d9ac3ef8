"""What people should know without looking for it."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from gateway import errors
from gateway.notifications import NotificationKind
from schema.context import Info
from schema.errors import InvalidInput, declares, result
from schema.keys import ApiKey
from schema.relay import Node, decode_ids, encode_id

strawberry.enum(NotificationKind, description="What it is about. API_KEY_EXPIRES: a key that will stop working soon.")


@strawberry.type(description="Something that its reader should know.")
class Notification(Node):
    kind: NotificationKind = strawberry.field(description="What it is about.")
    days: int = strawberry.field(description="The notice that it is: 30, 14, 7 or 1 days before.")
    expires_at: datetime = strawberry.field(description="When it happens, as it stood at the time of the notice.")
    created_at: datetime = strawberry.field(description="When it was written.")
    read_at: datetime | None = strawberry.field(description="When its reader marked it as read; null: not yet.")
    row: strawberry.Private[Any]

    @strawberry.field(description="The key that it is about.")
    async def api_key(self, info: Info) -> ApiKey | None:
        row = await info.context.loaders.api_key.load(self.row.api_key_id)
        return ApiKey.of(row) if row else None

    @classmethod
    def of(cls, row: Any) -> "Notification":
        return cls(
            id=encode_id("Notification", row.id),
            kind=row.kind,
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
