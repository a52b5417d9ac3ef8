"""The calls behind the numbers."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from gateway import usage
from schema.context import Info
from schema.keys import ApiKey
from schema.relay import decode_id
from schema.scalars import BigInt
from schema.users import User


@strawberry.input(description="An hour of every week, as `heatmap` has it.")
class HourOfWeek:
    weekday: int = strawberry.field(description="From 1, Monday, to 7, Sunday.")
    hour: int = strawberry.field(description="From 0 to 23.")
    time_zone: str = strawberry.field(
        default="UTC", description='Whose days and hours: a name of the IANA database such as "Europe/Berlin".'
    )


@strawberry.input(description="Parts of the usage, as slices name them; of each kind at most 100.")
class CallMembers:
    models: list[str] | None = strawberry.field(default=None, description="Models, by the names that calls gave them.")
    api_key_ids: list[strawberry.ID | None] | None = strawberry.field(
        default=None, description="Keys; null stands for those that are not of LiteMaaS."
    )
    user_ids: list[strawberry.ID | None] | None = strawberry.field(
        default=None, description="People; null stands for callers that LiteMaaS does not know."
    )
    providers: list[str] | None = strawberry.field(default=None, description="Providers, as `byProvider` labels them.")
    statuses: list[str] | None = strawberry.field(default=None, description="Statuses, as `byStatus` labels them.")

    def to_domain(self, name: str) -> dict[usage.Dimension, tuple[str, ...]]:
        given = {
            usage.Dimension.MODEL: self.models,
            usage.Dimension.API_KEY: _members("ApiKey", self.api_key_ids, f"filter.{name}.apiKeyIds"),
            usage.Dimension.PERSON: _members("User", self.user_ids, f"filter.{name}.userIds"),
            usage.Dimension.PROVIDER: self.providers,
            usage.Dimension.STATUS: self.statuses,
        }
        return {dimension: tuple(members) for dimension, members in given.items() if members is not None}


def _members(kind: str, node_ids: list[strawberry.ID | None] | None, field: str) -> list[str] | None:
    if node_ids is None:
        return None
    return ["" if node_id is None else str(decode_id(kind, node_id, field)) for node_id in node_ids]


@strawberry.input(description="Which calls, by what only single calls tell. All that is given must hold.")
class CallFilter:
    among: CallMembers | None = strawberry.field(default=None, description="Only calls that belong to these.")
    without: CallMembers | None = strawberry.field(default=None, description="No calls that belong to any of these.")
    hour_of_week: HourOfWeek | None = strawberry.field(
        default=None, description="Only calls that began in this hour of any week."
    )
    success: bool | None = strawberry.field(default=None, description="Only calls that were answered, or only others.")
    stream: bool | None = strawberry.field(default=None, description="Only calls that were streamed, or only others.")
    cache_hit: bool | None = strawberry.field(
        default=None, description="Only calls that LiteLLM answered from its own cache, or only others."
    )
    priced: bool | None = strawberry.field(default=None, description="Only calls with a price, or only others.")

    def to_domain(self) -> usage.CallFilter:
        hour = self.hour_of_week
        return usage.CallFilter(
            among=self.among.to_domain("among") if self.among else {},
            without=self.without.to_domain("without") if self.without else {},
            hour_of_week=usage.HourOfWeek(hour.weekday, hour.hour, hour.time_zone) if hour else None,
            success=self.success,
            stream=self.stream,
            cache_hit=self.cache_hit,
            priced=self.priced,
        )


@strawberry.type(description="What a model cost from some time on, by LiteLLM's price list.")
class ModelPrice:
    input_cost_per_million: Decimal | None = strawberry.field(
        description="US dollars for a million tokens sent; null: none is known."
    )
    output_cost_per_million: Decimal | None = strawberry.field(
        description="US dollars for a million tokens answered; null: none is known."
    )
    valid_from: datetime = strawberry.field(description="When LiteMaaS first saw this price.")


@strawberry.type(description="One call: its metadata, never its content.")
class UsageCall:
    call_id: str = strawberry.field(description="LiteLLM's `litellm_call_id`, which its answer had in a header.")
    request_id: str | None = strawberry.field(description="The id in the answer, where there was one.")
    model: str = strawberry.field(description="What the call named as `model`.")
    provider: str | None = strawberry.field(description="Where it went, in LiteLLM's words.")
    at: datetime = strawberry.field(description="When it began.")
    success: bool = strawberry.field(description="Whether it was answered.")
    status: str = strawberry.field(description='"success", or the status or kind of the error: "429".')
    call_type: str = strawberry.field(description='What kind of call it was, in LiteLLM\'s words: "acompletion".')
    stream: bool = strawberry.field(description="Whether the answer was streamed.")
    cache_hit: bool = strawberry.field(description="Whether LiteLLM answered from its own cache.")
    prompt_tokens: BigInt = strawberry.field(description="Tokens that were sent.")
    cached_tokens: BigInt = strawberry.field(description="Those of them that the provider had in its cache.")
    completion_tokens: BigInt = strawberry.field(description="Tokens that were answered.")
    total_tokens: BigInt = strawberry.field(description="Tokens in all, as LiteLLM counted them.")
    spend: Decimal = strawberry.field(description="US dollars, as LiteLLM booked them.")
    priced: bool = strawberry.field(
        description="False when LiteLLM knows no price above zero, so that `spend` may lack it."
    )
    latency_ms: int | None = strawberry.field(description="How long it took, in milliseconds.")
    time_to_first_token_ms: int | None = strawberry.field(
        description="How long the first token of a streamed answer took, in milliseconds."
    )
    price: ModelPrice | None = strawberry.field(
        description="The model's price when the call began; null before LiteMaaS knew one."
    )
    row: strawberry.Private[Any]

    @strawberry.field(description="The key that made it; null when it is not one of ours.")
    async def api_key(self, info: Info) -> ApiKey | None:
        row = await info.context.loaders.api_key.load(self.row.api_key_id) if self.row.api_key_id else None
        return ApiKey.of(row) if row else None

    @strawberry.field(description="Whose key that is.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.loaders.user.load(self.row.user_id) if self.row.user_id else None
        return User.of(row) if row else None

    @classmethod
    def of(cls, row: Any) -> "UsageCall":
        price = (
            ModelPrice(
                input_cost_per_million=row.input_cost_per_million,
                output_cost_per_million=row.output_cost_per_million,
                valid_from=row.valid_from,
            )
            if row.valid_from
            else None
        )
        return cls(
            call_id=row.call_id,
            request_id=row.request_id,
            model=row.model_name,
            provider=row.provider,
            at=row.occurred_at,
            success=row.success,
            status=row.status,
            call_type=row.call_type,
            stream=row.stream,
            cache_hit=row.cache_hit,
            prompt_tokens=BigInt(row.prompt_tokens),
            cached_tokens=BigInt(row.cached_tokens),
            completion_tokens=BigInt(row.completion_tokens),
            total_tokens=BigInt(row.total_tokens),
            spend=row.spend,
            priced=row.priced,
            latency_ms=row.latency_ms,
            time_to_first_token_ms=row.first_token_ms,
            price=price,
            row=row,
        )
