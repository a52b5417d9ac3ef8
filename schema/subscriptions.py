"""Subscriptions: who may use which model."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from gateway import subscriptions
from schema.catalog import Model
from schema.context import Info
from schema.relay import Node, encode_id
from schema.users import User

SubscriptionStatus = subscriptions.SubscriptionStatus
strawberry.enum(
    SubscriptionStatus,
    description="PENDING waits for a decision, ACTIVE may be used, SUSPENDED is on hold; DENIED, EXPIRED and CANCELLED are over.",
)


@strawberry.type(description="One person's right to use one model.")
class ModelSubscription(Node):
    status: SubscriptionStatus = strawberry.field(description="Whether the model may be used.")
    justification: str | None = strawberry.field(
        description="Why the requester needs the model, in the requester's words."
    )
    reason: str | None = strawberry.field(description="Why it was decided so, in the words of who decided.")
    max_budget: Decimal | None = strawberry.field(
        description="US dollars that may be spent in each window; null: no limit."
    )
    budget_duration: str | None = strawberry.field(description='How long a window is, in LiteLLM\'s words: "30d".')
    rpm_limit: int | None = strawberry.field(description="Requests a minute; null: no limit.")
    tpm_limit: int | None = strawberry.field(description="Tokens a minute; null: no limit.")
    created_at: datetime = strawberry.field(description="When it was requested.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself; null: never.")
    row: strawberry.Private[Any]

    @strawberry.field(description="The model that this is about.")
    async def model(self, info: Info) -> Model:
        return Model.of(await info.context.loaders.model_of_subscription.load(self.row.model_id))

    @strawberry.field(description="Whose subscription this is.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.loaders.user.load(self.row.user_id)
        return User.of(row) if row else None

    @strawberry.field(description="US dollars spent on this model by its owner since the subscription began.")
    async def spend(self, info: Info) -> Decimal:
        of = (self.row.user_id, self.row.model_id, self.row.created_at)
        spent: Decimal = await info.context.loaders.spend_of_subscription.load(of)
        return spent

    @classmethod
    def of(cls, row: Any) -> "ModelSubscription":
        return cls(
            id=encode_id("ModelSubscription", row.id),
            status=row.status,
            justification=row.justification,
            reason=row.reason,
            max_budget=row.max_budget,
            budget_duration=row.budget_duration,
            rpm_limit=row.rpm_limit,
            tpm_limit=row.tpm_limit,
            created_at=row.created_at,
            expires_at=row.expires_at,
            row=row,
        )
