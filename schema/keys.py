"""API keys."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from gateway import keys
from schema.catalog import Model
from schema.context import Info
from schema.relay import Node, encode_id
from schema.users import User

ApiKeyStatus = keys.ApiKeyStatus
strawberry.enum(
    ApiKeyStatus,
    description=(
        "PROVISIONING is on its way to LiteLLM, ACTIVE works, ROTATING works with an old and a new secret, BLOCKED is on hold; "
        "EXPIRED, REVOKED and FAILED (LiteLLM never confirmed it) are over."
    ),
)


@strawberry.type(
    description="A key that calls models through LiteLLM. Its secret was shown once, and is stored nowhere."
)
class ApiKey(Node):
    name: str = strawberry.field(description="The name that its owner gave it.")
    prefix: str = strawberry.field(description="How the secret begins, to recognise it by.")
    last_four: str = strawberry.field(description="How the secret ends.")
    status: ApiKeyStatus = strawberry.field(description="Whether it works.")
    max_budget: Decimal | None = strawberry.field(
        description="US dollars that it may spend in each window; null: no limit."
    )
    budget_duration: str | None = strawberry.field(description='How long a window is, in LiteLLM\'s words: "30d".')
    rpm_limit: int | None = strawberry.field(description="Requests a minute; null: no limit.")
    tpm_limit: int | None = strawberry.field(description="Tokens a minute; null: no limit.")
    max_parallel_requests: int | None = strawberry.field(description="Requests at the same time; null: no limit.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it stops working; null: never.")
    in_sync: bool = strawberry.field(
        description="Whether LiteLLM has confirmed the key as it is shown; false while a change is still on its way."
    )
    row: strawberry.Private[Any]

    @strawberry.field(description="The models that it may call, by name.")
    async def models(self, info: Info) -> list[Model]:
        return [Model.of(row) for row in await info.context.loaders.models_of_key.load(self.row.id)]

    @strawberry.field(description="Whose key this is.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.loaders.user.load(self.row.user_id)
        return User.of(row) if row else None

    @strawberry.field(description="US dollars spent with it so far, by LiteMaaS's own ledger.")
    async def spend(self, info: Info) -> Decimal:
        spent: Decimal = await info.context.loaders.spend_of_key.load(self.row.id)
        return spent

    @strawberry.field(description="When it was last used, by LiteMaaS's own ledger; null: never.")
    async def last_used_at(self, info: Info) -> datetime | None:
        used: datetime | None = await info.context.loaders.last_use_of_key.load(self.row.id)
        return used

    @classmethod
    def of(cls, row: Any) -> "ApiKey":
        return cls(
            id=encode_id("ApiKey", row.id),
            name=row.name,
            prefix=row.prefix,
            last_four=row.last_four,
            status=row.status,
            max_budget=row.max_budget,
            budget_duration=row.budget_duration,
            rpm_limit=row.rpm_limit,
            tpm_limit=row.tpm_limit,
            max_parallel_requests=row.max_parallel_requests,
            created_at=row.created_at,
            expires_at=row.expires_at,
            in_sync=row.in_sync,
            row=row,
        )
