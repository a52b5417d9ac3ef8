"""The calls behind the numbers."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from schema.context import Info
from schema.keys import ApiKey
from schema.scalars import BigInt
from schema.users import User


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
