"""What a subscription's limits per window amount to, given what was used. The ledger says how much that is; it is no concern of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import events
from gateway.db import utc_now
from gateway.subscriptions import changes, policy, queries, windows

_subscription = queries.subscription


class QuotaKind(StrEnum):
    REQUESTS = "REQUESTS"
    TOKENS = "TOKENS"
    BUDGET = "BUDGET"


@dataclass(frozen=True)
class Used:
    """What was used of one model in one window: calls that were answered, their tokens, and US dollars."""

    requests: int = 0
    tokens: int = 0
    spend: Decimal = Decimal(0)


@dataclass(frozen=True)
class LimitUse:
    """One limit: `limit` and `used` are calls, tokens or US dollars. Calls under way may pass the line, so `used` may exceed it."""

    kind: QuotaKind
    limit: Decimal
    used: Decimal

    @property
    def remaining(self) -> Decimal:
        return max(self.limit - self.used, Decimal(0))

    @property
    def exhausted(self) -> bool:
        return self.used >= self.limit


@dataclass(frozen=True)
class Quota:
    """All limits per window of a subscription. `resets_at` is None when there is one window that never ends."""

    starts_at: datetime
    resets_at: datetime | None
    limits: list[LimitUse]

    @property
    def exhausted(self) -> bool:
        return any(limit.exhausted for limit in self.limits)


def has_quota() -> ColumnElement[bool]:
    """The condition under which a subscription has any limit per window."""
    return or_(*(_subscription.c[column].is_not(None) for column in policy.PER_WINDOW))


def window_of(row: Any, now: datetime) -> tuple[datetime, datetime | None]:
    """(start, end) of the subscription's present window. A window is the clock's: a new subscription to the same model has the
    same one, so that giving up and asking again is no reset."""
    return (row.created_at, None) if row.budget_duration is None else windows.window(row.budget_duration, now)


def quota_of(row: Any, used: Used, now: datetime) -> Quota | None:
    """The state of a subscription's quota, None when it has none. `used` is what was used since `window_of(row, now)` began."""
    counted = (
        (QuotaKind.REQUESTS, row.max_requests, used.requests),
        (QuotaKind.TOKENS, row.max_tokens, used.tokens),
        (QuotaKind.BUDGET, row.max_budget, used.spend),
    )
    limits = [LimitUse(kind, Decimal(limit), Decimal(amount)) for kind, limit, amount in counted if limit is not None]
    return Quota(*window_of(row, now), limits) if limits else None


async def mark_exhausted(session: AsyncSession, found: Sequence[tuple[Row[Any], datetime | None]]) -> int:
    """Write until when these subscriptions are exhausted, None: they are not. Returns how many were written.

    One that was changed since it was read is left as it is: the next look at it sees the change.
    """
    marks = [
        {"of": row.id, "seen": row.updated_at, "until": until} for row, until in found if row.exhausted_until != until
    ]
    owners: list[Any] = []
    for mark in marks:
        same = (_subscription.c.id == bindparam("of"), _subscription.c.updated_at == bindparam("seen"))
        marked = update(_subscription).where(*same).values(exhausted_until=bindparam("until"), updated_at=utc_now())
        owners += (await session.scalars(marked.returning(_subscription.c.user_id), mark)).all()
    if owners:
        await events.publish(session, {changes.ANY, *(f"subscriptions:user:{owner}" for owner in owners)})
    return len(owners)
