"""People."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from gateway import users
from gateway.actor import Role
from schema.context import Info
from schema.relay import Node, encode_id

if TYPE_CHECKING:
    from schema.usage import UsageTotals

UserOrder = users.UserOrder
strawberry.enum(
    UserOrder,
    description="USERNAME: by name. NEWEST: who first signed in last comes first. LAST_SIGNED_IN: who signed in last comes first.",
)

strawberry.enum(
    Role,
    description="USER manages what is theirs, AUDITOR reads everything and changes nothing, ADMIN decides and sees all.",
)


@strawberry.type(description="A person who has signed in at least once.")
class User(Node):
    username: str = strawberry.field(description="The name that the person signs in with.")
    display_name: str = strawberry.field(description="The name to show.")
    email: str | None = strawberry.field(description="An e-mail address, where the sign-in provider tells one.")
    role: Role = strawberry.field(description="What the person may do.")
    role_until: datetime | None = strawberry.field(
        description="When the role becomes USER unless the person signs in again before, so that the issuer's groups confirm it; null: it "
        "has no end."
    )
    created_at: datetime = strawberry.field(description="When the person first signed in.")
    last_signed_in_at: datetime | None = strawberry.field(description="When the person last signed in.")
    disabled_at: datetime | None = strawberry.field(
        description="Since when nobody can sign in as this person; null: somebody can."
    )
    erased_at: datetime | None = strawberry.field(
        description="When the person was forgotten: the names are a pseudonym since; null: they are the person's own."
    )
    row: strawberry.Private[Any]

    @strawberry.field(description="Subscriptions that are active, on hold, or wait for a decision.")
    async def open_subscriptions(self, info: Info) -> int:
        count: int = await info.context.loaders.subscription_count_of_user.load(self.row.id)
        return count

    @strawberry.field(description="Keys that are not over.")
    async def living_api_keys(self, info: Info) -> int:
        count: int = await info.context.loaders.key_count_of_user.load(self.row.id)
        return count

    @strawberry.field(description="What the person used in the last 30 days, to the hour.")
    async def recent_usage(self, info: Info) -> Annotated["UsageTotals", strawberry.lazy("schema.usage")]:
        from schema.usage import UsageTotals

        return UsageTotals.of(await info.context.loaders.recent_usage_of_user.load(self.row.id))

    @classmethod
    def of(cls, row: Any) -> "User":
        return cls(
            id=encode_id("User", row.id),
            username=row.username,
            display_name=row.display_name,
            email=row.email,
            role=row.role,
            role_until=row.role_until,
            created_at=row.created_at,
            last_signed_in_at=row.last_login_at,
            disabled_at=row.disabled_at,
            erased_at=row.erased_at,
            row=row,
        )
