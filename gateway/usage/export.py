"""What is on a screen, as rows for a file: read in batches while they are written, so that memory does not grow with them.

Calls are single ones, as far as they are kept. Charges are sums by day, key, model, provider and status, in the columns of FOCUS, the
FinOps Foundation's format for bills: their sum is that of the view, to the last digit.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_

from gateway import users
from gateway.actor import Actor
from gateway.db import Database, table_of
from gateway.keys import ApiKey
from gateway.usage.answers import MEASURES, View
from gateway.usage.ingest import DROPPED_BEFORE
from gateway.usage.narrowing import ALL_CALLS, CallFilter
from gateway.usage.policy import DAY, HOUR, TimeRange, current_day, cut
from gateway.usage.queries import UNKNOWN, Part, Source, conditions, daily, event, hourly, permit

Record = dict[str, Any]

BATCH = 5000
CURRENCY = "USD"

_api_key = table_of(ApiKey)
_user = table_of(users.User)

_CROSSED = ("user_id", "api_key_id", "model_name", "provider", "status")


class Exporting:
    _db: Database

    async def export_calls(
        self, actor: Actor, view: View, narrowed: CallFilter = ALL_CALLS
    ) -> AsyncGenerator[Sequence[Record], None]:
        """The calls of a view, newest first. Raises NotPermitted at the first step."""
        permit(actor, view.scope)
        newest_first = _calls(actor, view).where(*narrowed.conditions(view.during)).limit(BATCH)
        after: tuple[datetime, int] | None = None
        while True:
            place = tuple_(event.c.occurred_at, event.c.seq)
            query = newest_first if after is None else newest_first.where(place < after)
            async with self._db.read() as session:
                rows = (await session.execute(query)).all()
            if not rows:
                return
            yield [_call(row) for row in rows]
            after = (rows[-1].at, rows[-1].seq)

    async def export_charges(self, actor: Actor, view: View, portal: str) -> AsyncGenerator[Sequence[Record], None]:
        """The view's charges as rows of FOCUS 1.2, oldest day first. `portal` names who charges. Raises NotPermitted at the first step."""
        permit(actor, view.scope)
        for day in _days(view.during):
            # A day at a time: what all members of one day amount to fits into memory, whatever the range.
            async with self._db.read() as session:
                kept_from = (await session.execute(DROPPED_BEFORE)).scalar_one()
                source = Source(actor, replace(view, during=day), kept_from)
                rows = (await session.execute(_named(_charges(source)))).all()
            for at in range(0, len(rows), BATCH):
                yield [_focus(row, day, portal) for row in rows[at : at + BATCH]]


def _calls(actor: Actor, view: View) -> Select[Any]:
    during = view.during
    return (
        select(
            event.c.occurred_at.label("at"),
            *(event.c[name] for name in _OF_CALL),
            _api_key.c.name.label("key_name"),
            _user.c.username,
        )
        .outerjoin(_api_key, _api_key.c.id == event.c.api_key_id)
        .outerjoin(_user, _user.c.id == event.c.user_id)
        .where(event.c.occurred_at >= during.start, event.c.occurred_at < during.end)
        .where(*conditions(actor, view, event))
        .order_by(event.c.occurred_at.desc(), event.c.seq.desc())
    )


_OF_CALL = (
    *(
        "seq",
        "call_id",
        "request_id",
        "model_name",
        "provider",
        "call_type",
        "status",
        "success",
        "stream",
        "cache_hit",
    ),
    *("priced", "prompt_tokens", "cached_tokens", "completion_tokens", "total_tokens", "spend", "latency_ms"),
    *("first_token_ms", "api_key_id", "user_id"),
)


def _call(row: Row[Any]) -> Record:
    return {
        "at": row.at.isoformat(),
        "call_id": row.call_id,
        "request_id": row.request_id,
        "model": row.model_name,
        "provider": row.provider,
        "call_type": row.call_type,
        "status": row.status,
        "success": row.success,
        "stream": row.stream,
        "cache_hit": row.cache_hit,
        "prompt_tokens": row.prompt_tokens,
        "cached_tokens": row.cached_tokens,
        "completion_tokens": row.completion_tokens,
        "total_tokens": row.total_tokens,
        "spend": _money(row.spend),
        "currency": CURRENCY,
        "priced": row.priced,
        "latency_ms": row.latency_ms,
        "first_token_ms": row.first_token_ms,
        "api_key_id": _id(row.api_key_id),
        "api_key": row.key_name,
        "user_id": _id(row.user_id),
        "username": row.username,
    }


def _days(during: TimeRange) -> Iterator[TimeRange]:
    """The range in days of UTC, the first and the last as far as they lie in it."""
    start = during.start
    while start < during.end:
        end = min(current_day(start).end, during.end)
        yield TimeRange(start, end)
        start = end


def _charges(source: Source) -> Part:
    """Crossed sums of a range, not yet added up: of whole days, hours and, at the ends, calls."""
    blocks, ends = cut(source.view.during, [DAY, HOUR], source.kept_from)
    parts = [
        select(*(table.c[name] for name in (*_CROSSED, *MEASURES))).where(
            at >= start, at < end, *conditions(source.actor, source.view, table)
        )
        for table, at, spans in ((daily, daily.c.day, blocks[0]), (hourly, hourly.c.hour, blocks[1]))
        for start, end in spans
    ]
    return source.with_calls(parts, ends, *(event.c[name] for name in _CROSSED))


def _named(charges: Part) -> Select[Any]:
    rows = charges.subquery("charges")
    members = [rows.c[name] for name in _CROSSED]
    sums = select(*members, *(func.sum(rows.c[name]).label(name) for name in MEASURES)).group_by(*members)
    summed = sums.subquery("summed")
    return (
        select(summed, _api_key.c.name.label("key_name"), _user.c.username)
        .outerjoin(_api_key, _api_key.c.id == summed.c.api_key_id)
        .outerjoin(_user, _user.c.id == summed.c.user_id)
        .order_by(*(summed.c[name] for name in _CROSSED))
    )


def _focus(row: Row[Any], day: TimeRange, portal: str) -> Record:
    month = day.start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    next_month = (month + timedelta(days=32)).replace(day=1)
    cost = _money(row.spend)
    return {
        "BilledCost": cost,
        "BillingAccountId": portal,
        "BillingAccountName": "LiteMaaS",
        "BillingCurrency": CURRENCY,
        "BillingPeriodEnd": _moment(next_month),
        "BillingPeriodStart": _moment(month),
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargeDescription": f"Calls to {row.model_name} that ended with {row.status}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": _moment(day.end),
        "ChargePeriodStart": _moment(day.start),
        "ConsumedQuantity": int(row.total_tokens),
        "ConsumedUnit": "Tokens",
        "ContractedCost": cost,
        "EffectiveCost": cost,
        "InvoiceIssuerName": "LiteMaaS",
        "ListCost": cost,
        "PricingQuantity": int(row.total_tokens),
        "PricingUnit": "Tokens",
        "ProviderName": row.provider or UNKNOWN,
        "PublisherName": row.provider or UNKNOWN,
        "ResourceId": _id(row.api_key_id) or UNKNOWN,
        "ResourceName": row.key_name,
        "ResourceType": "API key",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": row.model_name,
        "SkuId": row.model_name,
        "SubAccountId": _id(row.user_id),
        "SubAccountName": row.username,
        "x_CachedTokens": int(row.cached_tokens),
        "x_CompletionTokens": int(row.completion_tokens),
        "x_FailedRequests": int(row.failures),
        "x_PromptTokens": int(row.prompt_tokens),
        "x_Requests": int(row.requests),
        "x_Status": row.status,
        "x_UnpricedRequests": int(row.unpriced),
    }


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _money(value: Decimal) -> str:
    return format(value, "f")


def _id(value: Any) -> str | None:
    return None if value is None else str(value)
