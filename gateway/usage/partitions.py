"""Weeks of the ledger: a partition for each, made ahead or when a call needs it, and dropped when nobody keeps it any longer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.usage.policy import DAY

WEEK = timedelta(days=7)
AHEAD = 4  # weeks

_MISSING = text("""
SELECT week FROM unnest(CAST(:weeks AS timestamptz[]), CAST(:names AS text[])) AS w (week, name)
WHERE to_regclass(quote_ident(current_schema()) || '.' || name) IS NULL
""")
_EXISTING = text("""
SELECT c.relname AS name, c.reltuples AS estimate, pg_total_relation_size(c.oid) AS bytes
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'usage_event'::regclass ORDER BY c.relname
""")

# What the tables' owner lets the gateway do: see the migration.
_MAKE, _DROP = text("SELECT make_usage_week(:week)"), text("SELECT drop_usage_week(:week)")


@dataclass(frozen=True)
class Partition:
    """The calls of the week from `start` on. `calls` is PostgreSQL's estimate, `bytes` what dropping it frees."""

    name: str
    start: datetime
    calls: int
    bytes: int

    @property
    def end(self) -> datetime:
        return self.start + WEEK


async def ensure(session: AsyncSession, days: Iterable[date]) -> None:
    """Make the partitions that these days of UTC need. The caller holds the writers' lock."""
    weeks = sorted({datetime(day.year, day.month, day.day, tzinfo=UTC) - day.weekday() * DAY for day in days})
    names = [_name(week) for week in weeks]
    for week in (await session.scalars(_MISSING, {"weeks": weeks, "names": names})).all():
        await session.execute(_MAKE, {"week": week})


async def existing(session: AsyncSession) -> list[Partition]:
    """All of them, oldest first."""
    return [
        Partition(row.name, _start(row.name), max(0, int(row.estimate)), row.bytes)
        for row in await session.execute(_EXISTING)
    ]


async def before(session: AsyncSession, moment: datetime) -> list[Partition]:
    """Those whose calls all began before, oldest first."""
    return [each for each in await existing(session) if each.end <= moment]


async def drop(session: AsyncSession, partitions: Sequence[Partition]) -> None:
    """Of their calls the sums are left. The caller holds the writers' lock."""
    for each in partitions:
        await session.execute(_DROP, {"week": each.start})
    if partitions:
        await session.execute(
            text("UPDATE usage_progress SET dropped_before = greatest(dropped_before, :end)"),
            {"end": max(each.end for each in partitions)},
        )


def _name(week: datetime) -> str:
    return f"usage_event_{week:%Y%m%d}"


def _start(name: str) -> datetime:
    return datetime.strptime(f"{name[-8:]}+0000", "%Y%m%d%z")
