"""Usage: what was called, how often, and what it cost."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from gateway import usage
from schema.context import Info
from schema.keys import ApiKey
from schema.relay import decode_ids, encode_id
from schema.scalars import BigInt

Interval = usage.Interval
strawberry.enum(Interval, description="How long a point of a series is; days and months are in UTC.")


@strawberry.input(description="From `start` up to, and without, `end`.")
class TimeRange:
    start: datetime = strawberry.field(description="The first moment that counts.")
    end: datetime = strawberry.field(
        description="The first moment that does not count any more; may lie in the future."
    )

    def to_domain(self) -> usage.TimeRange:
        return usage.TimeRange(self.start, self.end)


@strawberry.input(description="All that is given must hold; within one list, any. At most 100 ids each.")
class UsageFilter:
    model_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls to these models.")
    api_key_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls with these keys.")
    team_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls of these teams.")
    user_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls of these people.")

    def to_domain(self) -> usage.UsageFilter:
        return usage.UsageFilter(
            model_ids=decode_ids("Model", self.model_ids, "filter.modelIds"),
            api_key_ids=decode_ids("ApiKey", self.api_key_ids, "filter.apiKeyIds"),
            team_ids=decode_ids("Team", self.team_ids, "filter.teamIds"),
            user_ids=decode_ids("User", self.user_ids, "filter.userIds"),
        )


@strawberry.type(description="Sums over calls.")
class UsageTotals:
    requests: BigInt = strawberry.field(description="Calls, those that failed included.")
    failures: BigInt = strawberry.field(description="Calls that failed or were refused.")
    prompt_tokens: BigInt = strawberry.field(description="Tokens that were sent.")
    completion_tokens: BigInt = strawberry.field(description="Tokens that were answered.")
    total_tokens: BigInt = strawberry.field(description="Tokens in all, as LiteLLM counted them.")
    spend: Decimal = strawberry.field(description="US dollars, as LiteLLM booked them.")

    @classmethod
    def of(cls, totals: usage.Totals) -> "UsageTotals":
        return cls(
            requests=BigInt(totals.requests),
            failures=BigInt(totals.failures),
            prompt_tokens=BigInt(totals.prompt_tokens),
            completion_tokens=BigInt(totals.completion_tokens),
            total_tokens=BigInt(totals.total_tokens),
            spend=totals.spend,
        )


@strawberry.type(description="One interval of a series.")
class UsagePoint:
    start: datetime = strawberry.field(description="When the interval begins.")
    totals: UsageTotals = strawberry.field(description="Sums over the interval, as far as it lies in the range.")


@strawberry.type(description="The part of one model or one key.")
class UsageSlice:
    key: strawberry.ID | None = strawberry.field(description="Its id; null when it is not one of ours.")
    label: str = strawberry.field(description="Its name.")
    totals: UsageTotals = strawberry.field(description="Sums over its calls.")


@strawberry.type(description="What was used in a range of time, by calls that the caller may see.")
class Usage:
    id: strawberry.ID = strawberry.field(
        description="The same for the same caller, range and filter, so that a client's store merges live ticks."
    )
    domain_range: strawberry.Private[usage.TimeRange]
    domain_filter: strawberry.Private[usage.UsageFilter]
    scope: strawberry.Private[usage.Scope]

    @strawberry.field(description="Sums over the whole range.")
    async def totals(self, info: Info) -> UsageTotals:
        return await _totals(self, info)

    @strawberry.field(description="Sums by interval, in order of time, without gaps; at most 1,000 points.")
    async def series(
        self, info: Info, interval: Annotated[Interval, strawberry.argument(description="How long a point is.")]
    ) -> list[UsagePoint]:
        points = await info.context.services.usage.series(
            info.context.actor, self.domain_range, self.domain_filter, self.scope, interval=interval
        )
        return [UsagePoint(start=point.start, totals=UsageTotals.of(point.totals)) for point in points]

    @strawberry.field(description="The hundred models that cost most, dearest first.")
    async def by_model(self, info: Info) -> list[UsageSlice]:
        slices = await info.context.services.usage.by_model(
            info.context.actor, self.domain_range, self.domain_filter, self.scope
        )
        return [_slice("Model", part) for part in slices]

    @strawberry.field(description="The hundred keys that cost most, dearest first.")
    async def by_api_key(self, info: Info) -> list[UsageSlice]:
        slices = await info.context.services.usage.by_api_key(
            info.context.actor, self.domain_range, self.domain_filter, self.scope
        )
        return [_slice("ApiKey", part) for part in slices]

    @strawberry.field(
        description="Everything in the range before this moment was compared, call by call, with LiteLLM's own spend log, and what "
        "was missing was added: at most the range's end, its start if nothing was compared. What is newer is there as soon "
        "as LiteLLM reports it, but may lack calls whose report was lost."
    )
    async def as_of(self, info: Info) -> datetime:
        return (await info.context.services.usage.compared(self.domain_range)).until

    @strawberry.field(
        description="Whether all of the range that can be compared by now was compared with LiteLLM's own spend log. Its last one or two "
        "minutes do not count: LiteLLM writes its log some seconds late. False while there is a gap: see `admin.ledger`."
    )
    async def complete(self, info: Info) -> bool:
        return (await info.context.services.usage.compared(self.domain_range)).complete

    @classmethod
    def of(cls, info: Info, scope: usage.Scope, wanted: usage.TimeRange, filter: UsageFilter | None) -> "Usage":
        narrowed = filter.to_domain() if filter else usage.UsageFilter()
        viewer = "all" if scope == usage.Scope.ALL else info.context.actor.user_id
        name = hashlib.sha256(f"{viewer}|{wanted}|{narrowed}".encode()).hexdigest()[:32]
        return cls(id=encode_id("Usage", name), domain_range=wanted, domain_filter=narrowed, scope=scope)


async def _totals(of: Usage, info: Info) -> UsageTotals:
    found = await info.context.services.usage.totals(info.context.actor, of.domain_range, of.domain_filter, of.scope)
    return UsageTotals.of(found)


def _slice(kind: str, part: usage.Slice) -> UsageSlice:
    key = encode_id(kind, part.key) if part.key else None
    return UsageSlice(key=key, label=part.label, totals=UsageTotals.of(part.totals))


@strawberry.type(description="Something was used: the sums as they are now.")
class UsageChange:
    usage: Usage = strawberry.field(
        description="The same as `viewer.usage` answers for this range and filter, as it is now."
    )
    as_of: datetime = strawberry.field(description="When it changed: the sums have all that was known then.")
    position: BigInt = strawberry.field(
        description="Grows with every change, on all servers alike. A change with a smaller one than you have seen is older: forget it."
    )
    totals: UsageTotals = strawberry.field(description="Sums over the range, exactly those of this position.")


@strawberry.type(description="One call made with a key: its metadata, never its content.")
class ApiKeyUse:
    position: BigInt = strawberry.field(
        description="Which call this was; grows from call to call. Pass the last one that you have as `after` to miss none."
    )
    api_key: ApiKey = strawberry.field(description="The key.")
    model: str = strawberry.field(description="What the call named as `model`.")
    at: datetime = strawberry.field(description="When the call began.")
    success: bool = strawberry.field(description="Whether it was answered.")
    error_code: str | None = strawberry.field(description="The status that LiteLLM answered when it failed.")
    prompt_tokens: BigInt = strawberry.field(description="Tokens that were sent.")
    completion_tokens: BigInt = strawberry.field(description="Tokens that were answered.")
    total_tokens: BigInt = strawberry.field(description="Tokens in all, as LiteLLM counted them.")
    spend: Decimal = strawberry.field(description="US dollars, as LiteLLM booked them.")
    latency_ms: int | None = strawberry.field(description="How long it took, in milliseconds.")

    @classmethod
    def of(cls, key: ApiKey, row: Any) -> "ApiKeyUse":
        return cls(
            position=BigInt(row.seq),
            api_key=key,
            model=row.model_name,
            at=row.occurred_at,
            success=row.success,
            error_code=row.error_code,
            prompt_tokens=BigInt(row.prompt_tokens),
            completion_tokens=BigInt(row.completion_tokens),
            total_tokens=BigInt(row.total_tokens),
            spend=row.spend,
            latency_ms=row.latency_ms,
        )
