"""API keys."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from gateway import keys
from gateway.usage import CallsWanted
from schema.catalog import Model
from schema.context import Info
from schema.relay import After, Connection, First, Node, connection, encode_id
from schema.scalars import BigInt
from schema.users import User

ApiKeyStatus = keys.ApiKeyStatus
strawberry.enum(
    ApiKeyStatus,
    description=(
        "PROVISIONING is on its way to LiteLLM, ACTIVE works, ROTATING works with an old and a new secret, BLOCKED is on hold; "
        "EXPIRED, REVOKED and FAILED (LiteLLM never confirmed it) are over."
    ),
)
ApiKeyOrder = keys.KeyOrder
strawberry.enum(
    ApiKeyOrder,
    name="ApiKeyOrder",
    description="Newest first, by name, those that expire soonest first (those that never do last), or last used first (never used last).",
)


@strawberry.enum(
    description=(
        "PROVISIONING is on its way to LiteLLM, ACTIVE works as long as its key does, ENDING works until `endsAt`, ENDED is over."
    )
)
class ApiKeyGenerationStatus(Enum):
    PROVISIONING = "PROVISIONING"
    ACTIVE = "ACTIVE"
    ENDING = "ENDING"
    ENDED = "ENDED"


@strawberry.type(description="One secret of a key. A rotation makes a new one.")
class ApiKeyGeneration:
    number: int = strawberry.field(description="1 for the first secret of the key, 2 for the next.")
    prefix: str = strawberry.field(description="How the secret begins.")
    last_four: str = strawberry.field(description="How the secret ends.")
    status: ApiKeyGenerationStatus = strawberry.field(description="Whether it works.")
    created_at: datetime = strawberry.field(description="When it was made.")
    ends_at: datetime | None = strawberry.field(
        description="When it stops working beside a newer one, or when it did; null: with its key."
    )
    token_hash: strawberry.Private[str]

    @strawberry.field(description="When it was last used, by LiteMaaS's own ledger; null: never.")
    async def last_used_at(self, info: Info) -> datetime | None:
        used: datetime | None = (await info.context.loaders.use_of_secret.load(self.token_hash)).last_used_at
        return used

    @strawberry.field(description="Calls with it in the last 24 hours, by LiteMaaS's own ledger.")
    async def requests_last_day(self, info: Info) -> BigInt:
        return BigInt((await info.context.loaders.use_of_secret.load(self.token_hash)).requests_last_day)

    @classmethod
    def of(cls, row: Any) -> "ApiKeyGeneration":
        status = ApiKeyGenerationStatus
        if row.ended_at is not None:
            now = status.ENDED
        elif row.told is None:
            now = status.PROVISIONING
        else:
            now = status.ACTIVE if row.ends_at is None else status.ENDING
        return cls(
            number=row.number,
            prefix=row.prefix,
            last_four=row.last_four,
            status=now,
            created_at=row.created_at,
            ends_at=row.ended_at or row.ends_at,
            token_hash=row.token_hash,
        )


@strawberry.type(
    description="What keys may have at most, set by an admin. A limit that is left out, or null, becomes the maximum. Null: no maximum."
)
class KeyPolicy:
    max_budget: Decimal | None = strawberry.field(description="US dollars in each window of `budgetDuration`.")
    budget_duration: str | None = strawberry.field(
        description="The window that budgets must have, if there is a maximum."
    )
    rpm_limit: int | None = strawberry.field(description="Requests a minute.")
    tpm_limit: int | None = strawberry.field(description="Tokens a minute.")
    max_parallel_requests: int | None = strawberry.field(description="Requests at the same time.")
    max_life_days: int | None = strawberry.field(description="Days from the making of a key to its expiry.")
    default_life_days: int | None = strawberry.field(description="Days that a new key gets when nobody says anything.")
    max_keys: int | None = strawberry.field(description="Keys that one person may have, without those that are over.")

    @classmethod
    def of(cls, rules: keys.KeyRules) -> "KeyPolicy":
        names = cls.__dataclass_fields__
        return cls(**{name: getattr(rules, name) for name in names})


@strawberry.type(
    description="One thing about a key that is in LiteLLM not as LiteLLM last confirmed it: somebody has changed it there."
)
class ApiKeyDrift:
    field: str = strawberry.field(
        description="What differs: a field of ApiKey, `blocked`, `exists`, or what subscriptions limit: `modelRpmLimit`, `modelTpmLimit`."
    )
    ours: str | None = strawberry.field(description="As LiteLLM had confirmed it, as text.")
    found: str | None = strawberry.field(description="As it was found there, as text.")

    @classmethod
    def of(cls, told: dict[str, Any], drift: dict[str, Any] | None) -> "list[ApiKeyDrift]":
        return [
            cls(field=_DRIFTED.get(name, name), ours=_as_text(name, told.get(name)), found=_as_text(name, value))
            for name, value in sorted((drift or {}).items())
        ]


_DRIFTED = {
    "expires": "expiresAt",
    "max_budget": "maxBudget",
    "budget_duration": "budgetDuration",
    "rpm_limit": "rpmLimit",
    "tpm_limit": "tpmLimit",
    "max_parallel_requests": "maxParallelRequests",
    "model_rpm_limit": "modelRpmLimit",
    "model_tpm_limit": "modelTpmLimit",
}


def _as_text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name == "expires":
        return datetime.fromtimestamp(value, UTC).isoformat()
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{model}: {limit}" for model, limit in sorted(value.items()))
    return str(value).lower() if isinstance(value, bool) else str(value)


@strawberry.type(description="One call that was made with a key, without anything that was said.")
class ApiKeyCall:
    model: str = strawberry.field(description="What the call named as `model`.")
    at: datetime = strawberry.field(description="When the call began.")
    success: bool = strawberry.field(description="Whether it was answered.")
    error_code: str | None = strawberry.field(description="The status that LiteLLM answered when it failed.")
    call_type: str = strawberry.field(description='What kind of call it was, in LiteLLM\'s words: "acompletion".')
    total_tokens: BigInt = strawberry.field(description="Tokens in all, as LiteLLM counted them.")
    spend: Decimal = strawberry.field(description="US dollars, as LiteLLM booked them.")

    @classmethod
    def of(cls, row: Any) -> "ApiKeyCall":
        return cls(
            model=row.model_name,
            at=row.occurred_at,
            success=row.success,
            error_code=row.error_code,
            call_type=row.call_type,
            total_tokens=BigInt(row.total_tokens),
            spend=row.spend,
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

    @strawberry.field(description="Its secrets, newest first. More than one works only while it is ROTATING.")
    async def generations(self, info: Info) -> list[ApiKeyGeneration]:
        return [ApiKeyGeneration.of(row) for row in await info.context.loaders.generations_of_key.load(self.row.id)]

    @strawberry.field(
        description="What somebody has changed in LiteLLM itself, as of the last sweep; empty: nothing. See `repairApiKey`, `adoptApiKey`."
    )
    def drift(self) -> list[ApiKeyDrift]:
        return ApiKeyDrift.of(self.row.told or {}, self.row.drift)

    @strawberry.field(description="Calls that were made with it, newest first.")
    async def calls(
        self,
        info: Info,
        first: First,
        after: After = None,
        since: Annotated[
            datetime | None, strawberry.argument(description="Only calls that began then or later; all, if left out.")
        ] = None,
    ) -> Connection[ApiKeyCall]:
        page = await info.context.loaders.calls_of_key.load(CallsWanted(self.row.id, first, after, since))
        return connection(page, ApiKeyCall.of)

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
