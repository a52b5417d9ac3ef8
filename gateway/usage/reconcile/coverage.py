"""Which stretches of time are checked: one row for each, neighbours made one in the transaction that adds to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.db import Rows
from gateway.usage.policy import TimeRange

# How long after a stretch has settled it may take until a check has come round to it.
SLACK = timedelta(seconds=60)
# What is checked a second time is joined up to here, since it is then checked as one.
_JOIN_ROWS = 1_000
_JOIN_TIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Comparison:
    """What a check of a stretch found; the fields are those of LedgerSlice."""

    calls: int = 0
    found: int = 0
    filled: int = 0
    mismatches: int = 0
    only_here: int = 0
    spend: Decimal = Decimal(0)

    def __add__(self, other: "Comparison | Row[Any]") -> "Comparison":
        return Comparison(**{name: getattr(self, name) + getattr(other, name) for name in _NUMBERS})


_NUMBERS = tuple(Comparison.__dataclass_fields__)


@dataclass(frozen=True)
class Compared:
    """`until`: everything in the range before it was compared with LiteLLM's spend log. `complete`: so was all that is due."""

    until: datetime
    complete: bool


# Stretches never cross a midnight, so those from the first day's beginning are all that can touch the range. A range that
# begins when nothing is due yet is judged by the moment that is due.
_COMPARED = text("""
WITH due AS (
  SELECT greatest(CAST(:now AS timestamptz) - make_interval(secs => settle_seconds + :slack), horizon) AS at FROM ledger_state
),
asked AS (SELECT least(CAST(:start AS timestamptz), at) AS start, at FROM due),
checked AS (
  SELECT s.start, s.until, lag(s.until, 1, a.start) OVER (ORDER BY s.start) AS before
  FROM asked a JOIN ledger_slice s
    ON s.start >= date_trunc('day', a.start, 'UTC') AND s.until > a.start AND s.start < CAST(:until AS timestamptz)
  WHERE s.passes > 0
)
SELECT a.at AS due, coalesce(
  (SELECT before FROM checked WHERE start > before ORDER BY start LIMIT 1), (SELECT max(until) FROM checked), a.start
) AS until
FROM asked a
""")


async def compared(rows: Rows, during: TimeRange, now: datetime) -> Compared:
    """How far the range was compared, and whether that is all of it that is due: one look into one small table."""
    values = {"start": during.start, "until": during.end, "now": now, "slack": SLACK.total_seconds()}
    found = await rows(_COMPARED, values)
    if not found:
        return Compared(during.start, complete=False)
    (row,) = found
    complete = row.until >= during.end if during.end <= row.due else row.until > row.due
    return Compared(min(row.until, during.end), complete)


_GAPS = text("""
WITH s AS (
  SELECT start, until FROM ledger_slice
  WHERE until > CAST(:since AS timestamptz) AND start < CAST(:until AS timestamptz) AND passes >= :passes
), edges AS (
  SELECT until AS start, lead(start, 1, CAST(:until AS timestamptz)) OVER (ORDER BY start) AS until FROM s
  UNION ALL
  SELECT CAST(:since AS timestamptz), coalesce((SELECT min(start) FROM s), CAST(:until AS timestamptz))
)
SELECT start, until, sum(until - start) OVER () AS total FROM edges WHERE start < until ORDER BY start DESC LIMIT :limit
""")


async def gaps(
    session: AsyncSession, since: datetime, until: datetime, limit: int, *, tried: bool = False
) -> Sequence[Row[Any]]:
    """(start, until, total): what is in no checked stretch, newest first; `total` is how long all of them are together.

    With `tried` without those that can't be checked for the time being.
    """
    values = {"since": since, "until": until, "limit": limit, "passes": 0 if tried else 1}
    return (await session.execute(_GAPS, values)).all()


_REPLACED = text("DELETE FROM ledger_slice WHERE start >= :start AND until <= :until RETURNING filled")
_NEIGHBOURS = text("""
DELETE FROM ledger_slice
WHERE (until = CAST(:start AS timestamptz) OR start = CAST(:until AS timestamptz)) AND passes = :passes AND passes > 0
  AND date_trunc('day', start, 'UTC') = date_trunc('day', CAST(:start AS timestamptz), 'UTC')
  AND (passes = 2 OR (calls <= :rows AND until - start <= :time))
RETURNING start, until, calls, found, filled, mismatches, only_here, spend
""")
_INSERT = text("""
INSERT INTO ledger_slice (start, until, passes, checked_at, calls, found, filled, mismatches, only_here, spend, problem, due_at)
VALUES (:start, :until, :passes, :now, :calls, :found, :filled, :mismatches, :only_here, :spend, :problem, :due_at)
""")


async def record(
    session: AsyncSession, start: datetime, until: datetime, passes: int, found: Comparison, now: datetime
) -> None:
    """Note that the stretch is checked, in place of what was noted of it. Raises IntegrityError if somebody else did, differently."""
    replaced = await session.scalars(_REPLACED, {"start": start, "until": until})
    found += Comparison(filled=sum(replaced))
    around = {"start": start, "until": until, "passes": passes, "rows": _JOIN_ROWS, "time": _JOIN_TIME}
    for row in (await session.execute(_NEIGHBOURS, around)).all():
        start, until, found = min(start, row.start), max(until, row.until), found + row
    values = {name: getattr(found, name) for name in _NUMBERS} | {"problem": None, "due_at": None}
    await session.execute(_INSERT, values | {"start": start, "until": until, "passes": passes, "now": now})


async def hold(
    session: AsyncSession, start: datetime, until: datetime, problem: str, now: datetime, due_at: datetime
) -> None:
    """Note that the stretch can't be checked before `due_at`, and why."""
    await session.execute(_REPLACED, {"start": start, "until": until})
    values = {name: getattr(Comparison(), name) for name in _NUMBERS} | {"problem": problem, "due_at": due_at}
    await session.execute(_INSERT, values | {"start": start, "until": until, "passes": 0, "now": now})


async def forget(session: AsyncSession, start: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Make the range unchecked again, with the whole of every stretch that touches it. What is open then."""
    rows = await session.execute(
        text("DELETE FROM ledger_slice WHERE start < :until AND until > :start RETURNING start, until"),
        {"start": start, "until": until},
    )
    for row in rows:
        start, until = min(start, row.start), max(until, row.until)
    return start, until
