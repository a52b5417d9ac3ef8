"""Usage: what was called, how often, and what it cost."""

import hashlib
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from gateway import usage
from gateway.errors import NotAvailable
from schema.context import Info
from schema.cost import price
from schema.keys import ApiKey
from schema.relay import After, Connection, First, connection, decode_ids, encode_id
from schema.scalars import BigInt
from schema.usage_calls import CallFilter, UsageCall

Interval = usage.Interval
strawberry.enum(
    Interval,
    description="How long a point of a series is. Days and months are those of `timeZone`; hours begin when UTC's do.",
)
TimeZone = Annotated[
    str, strawberry.argument(description='Whose days and hours: a name of the IANA database such as "Europe/Berlin".')
]


@strawberry.input(description="From `start` up to, and without, `end`.")
class TimeRange:
    start: datetime = strawberry.field(description="The first moment that counts.")
    end: datetime = strawberry.field(
        description="The first moment that does not count any more; may lie in the future."
    )

    def to_domain(self) -> usage.TimeRange:
        return usage.TimeRange(self.start, self.end)


@strawberry.input(description="All that is given must hold; within one list, any. At most 100 values each.")
class UsageFilter:
    model_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls to these models.")
    api_key_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls with these keys.")
    team_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls of these teams.")
    user_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only calls of these people.")
    providers: list[str] | None = strawberry.field(
        default=None, description="Only calls that went to these providers, as `byProvider` names them."
    )
    statuses: list[str] | None = strawberry.field(
        default=None, description='Only calls that ended so, as `byStatus` names it: "success", "429".'
    )

    def to_domain(self) -> usage.UsageFilter:
        return usage.UsageFilter(
            model_ids=decode_ids("Model", self.model_ids, "filter.modelIds"),
            api_key_ids=decode_ids("ApiKey", self.api_key_ids, "filter.apiKeyIds"),
            team_ids=decode_ids("Team", self.team_ids, "filter.teamIds"),
            user_ids=decode_ids("User", self.user_ids, "filter.userIds"),
            providers=self.providers,
            statuses=self.statuses,
        )


Range = Annotated[TimeRange, strawberry.argument(description="The time to look at.")]
Filter = Annotated[UsageFilter | None, strawberry.argument(description="Which calls count; all, if left out.")]


@strawberry.type(description="Sums over calls.")
class UsageTotals:
    requests: BigInt = strawberry.field(description="Calls, those that failed included.")
    failures: BigInt = strawberry.field(description="Calls that failed or were refused.")
    prompt_tokens: BigInt = strawberry.field(description="Tokens that were sent.")
    completion_tokens: BigInt = strawberry.field(description="Tokens that were answered.")
    total_tokens: BigInt = strawberry.field(description="Tokens in all, as LiteLLM counted them.")
    spend: Decimal = strawberry.field(
        description="US dollars, as LiteLLM booked them; without the calls in `unpricedRequests`."
    )
    cached_tokens: BigInt = strawberry.field(description="Those of the tokens sent that the provider had in its cache.")
    cache_hits: BigInt = strawberry.field(description="Calls that LiteLLM answered from its own cache, at no cost.")
    unpriced_requests: BigInt = strawberry.field(
        description="Answered calls for which LiteLLM knows no price above zero: their spend counts as 0 and may be more."
    )
    success_rate: float | None = strawberry.field(
        description="Which part was answered, from 0 to 1; null without calls."
    )

    @classmethod
    def of(cls, totals: usage.Totals) -> "UsageTotals":
        answered = totals.requests - totals.failures
        return cls(
            requests=BigInt(totals.requests),
            failures=BigInt(totals.failures),
            prompt_tokens=BigInt(totals.prompt_tokens),
            completion_tokens=BigInt(totals.completion_tokens),
            total_tokens=BigInt(totals.total_tokens),
            spend=totals.spend,
            cached_tokens=BigInt(totals.cached_tokens),
            cache_hits=BigInt(totals.cache_hits),
            unpriced_requests=BigInt(totals.unpriced),
            success_rate=answered / totals.requests if totals.requests else None,
        )


@strawberry.type(description="One interval of a series.")
class UsagePoint:
    start: datetime = strawberry.field(description="When the interval begins.")
    totals: UsageTotals = strawberry.field(description="Sums over the interval, as far as it lies in the range.")


@strawberry.type(description="The part of one model, key, person, provider or status.")
class UsageSlice:
    key: strawberry.ID | None = strawberry.field(
        description="The id that a filter takes; null when it is not one of ours, and for providers and statuses."
    )
    label: str = strawberry.field(description="Its name; for providers and statuses what a filter takes.")
    totals: UsageTotals = strawberry.field(description="Sums over its calls.")


@strawberry.type(description="One hour of the week.")
class UsageHeatmapCell:
    weekday: int = strawberry.field(description="From 1, Monday, to 7, Sunday.")
    hour: int = strawberry.field(description="From 0 to 23.")
    totals: UsageTotals = strawberry.field(description="Sums over the calls that began in this hour of any week.")


@strawberry.type(description="How long calls took. Each number is at most 4 % off.")
class UsagePercentiles:
    calls: BigInt = strawberry.field(description="The calls that were measured.")
    p50_ms: float | None = strawberry.field(description="Milliseconds that half of them needed at most.")
    p95_ms: float | None = strawberry.field(description="Milliseconds that 95 of a hundred needed at most.")
    p99_ms: float | None = strawberry.field(description="Milliseconds that 99 of a hundred needed at most.")

    @classmethod
    def of(cls, found: usage.Percentiles) -> "UsagePercentiles":
        return cls(calls=BigInt(found.calls), p50_ms=found.p50, p95_ms=found.p95, p99_ms=found.p99)


@strawberry.type(description="What was used in a range of time, by calls that the caller may see.")
class Usage:
    id: strawberry.ID = strawberry.field(
        description="The same for the same caller, range and filter, so that a client's store merges live ticks."
    )
    view: strawberry.Private[usage.View]

    @strawberry.field(description="Sums over the whole range.", metadata=price(points=5))
    async def totals(self, info: Info) -> UsageTotals:
        return await _totals(self, info)

    @strawberry.field(
        description="Sums by interval, in order of time, without gaps; at most 1,000 points.",
        metadata=price(points=10, items=30),
    )
    async def series(
        self,
        info: Info,
        interval: Annotated[Interval, strawberry.argument(description="How long a point is.")],
        time_zone: TimeZone = "UTC",
    ) -> list[UsagePoint]:
        points = await _ask(self, info, usage.Series(interval, time_zone))
        return [UsagePoint(start=point.start, totals=UsageTotals.of(point.totals)) for point in points]

    @strawberry.field(
        description="The hundred models that cost most, dearest first.", metadata=price(points=5, items=20)
    )
    async def by_model(self, info: Info) -> list[UsageSlice]:
        return await _slices(self, info, usage.Dimension.MODEL, "Model")

    @strawberry.field(description="The hundred keys that cost most, dearest first.", metadata=price(points=5, items=20))
    async def by_api_key(self, info: Info) -> list[UsageSlice]:
        return await _slices(self, info, usage.Dimension.API_KEY, "ApiKey")

    @strawberry.field(description="The hundred people whose calls cost most, dearest first.")
    async def by_person(self, info: Info) -> list[UsageSlice]:
        return await _slices(self, info, usage.Dimension.PERSON, "User")

    @strawberry.field(description="The hundred teams whose calls cost most. Not available in this version.")
    def by_team(self) -> list[UsageSlice]:
        raise NotAvailable("Usage by team")

    @strawberry.field(
        description="The hundred providers whose answers cost most, dearest first, as LiteLLM names them."
    )
    async def by_provider(self, info: Info) -> list[UsageSlice]:
        return await _slices(self, info, usage.Dimension.PROVIDER)

    @strawberry.field(description='How calls ended: "success", or the status or kind of the error.')
    async def by_status(self, info: Info) -> list[UsageSlice]:
        return await _slices(self, info, usage.Dimension.STATUS)

    @strawberry.field(description="Sums by hour of the week, 168 in order from Monday's first.")
    async def heatmap(self, info: Info, time_zone: TimeZone = "UTC") -> list[UsageHeatmapCell]:
        cells = await _ask(self, info, usage.Heatmap(time_zone))
        return [
            UsageHeatmapCell(weekday=cell.weekday, hour=cell.hour, totals=UsageTotals.of(cell.totals)) for cell in cells
        ]

    @strawberry.field(
        description="How long answered calls took. One's own, and with filters other than one by model or provider: the newest 1,000."
    )
    async def latency(self, info: Info) -> UsagePercentiles:
        return UsagePercentiles.of((await _ask(self, info, usage.Speeds())).latency)

    @strawberry.field(description="How long streamed answers took to their first token; counted as `latency` is.")
    async def time_to_first_token(self, info: Info) -> UsagePercentiles:
        return UsagePercentiles.of((await _ask(self, info, usage.Speeds())).first_token)

    @strawberry.field(description="The same calls in the time before, of the same length, to compare with.")
    def previous(self, info: Info) -> "Usage":
        return _usage(info, replace(self.view, during=self.view.during.before()))

    @strawberry.field(
        description="The calls behind the numbers, newest first. Sums are kept for good, single calls as long as this LiteMaaS is told to."
    )
    async def calls(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[
            CallFilter | None, strawberry.argument(description="Which of them, beyond the filter of the sums.")
        ] = None,
    ) -> Connection[UsageCall]:
        narrowed = filter.to_domain() if filter else usage.ALL_CALLS
        page = await info.context.services.usage.calls_of(info.context.actor, self.view, first, after, narrowed)
        return connection(page, UsageCall.of)

    @strawberry.field(
        description="Single calls that began before this moment are kept no longer, and are not in `calls`; their sums are. "
        "Null when none was dropped."
    )
    async def calls_kept_from(self, info: Info) -> datetime | None:
        return await info.context.services.usage.calls_kept_from()

    @strawberry.field(
        description="Everything in the range before this moment was compared, call by call, with LiteLLM's own spend log, and what "
        "was missing was added: at most the range's end, its start if nothing was compared. What is newer is there as soon "
        "as LiteLLM reports it, but may lack calls whose report was lost."
    )
    async def as_of(self, info: Info) -> datetime:
        return (await info.context.services.usage.compared(self.view.during)).until

    @strawberry.field(
        description="Whether all of the range that can be compared by now was compared with LiteLLM's own spend log. Its last one or two "
        "minutes do not count: LiteLLM writes its log some seconds late. False while there is a gap: see `admin.ledger`."
    )
    async def complete(self, info: Info) -> bool:
        return (await info.context.services.usage.compared(self.view.during)).complete

    @classmethod
    def of(cls, info: Info, scope: usage.Scope, wanted: usage.TimeRange, filter: UsageFilter | None) -> "Usage":
        narrowed = filter.to_domain() if filter else usage.UsageFilter()
        return _usage(info, usage.View(wanted, narrowed, scope))


def _usage(info: Info, view: usage.View) -> Usage:
    viewer = "all" if view.scope == usage.Scope.ALL else info.context.actor.user_id
    name = hashlib.sha256(f"{viewer}|{view.during}|{view.wanted}".encode()).hexdigest()[:32]
    return Usage(id=encode_id("Usage", name), view=view)


async def _ask(of: Usage, info: Info, ask: usage.Ask) -> Any:
    """One loader for all, so that what a page asks at once is read at once."""
    return await info.context.loaders.usage.load((of.view, ask))


async def _totals(of: Usage, info: Info) -> UsageTotals:
    return UsageTotals.of(await _ask(of, info, usage.Sums()))


async def _slices(of: Usage, info: Info, dimension: usage.Dimension, kind: str | None = None) -> list[UsageSlice]:
    return [
        UsageSlice(
            key=encode_id(kind, part.key) if kind and part.key else None,
            label=part.label,
            totals=UsageTotals.of(part.totals),
        )
        for part in await _ask(of, info, usage.Slices(dimension))
    ]


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
