"""Crossed sums of four and of sixteen days, which filters and breakdowns of one member read, made of the daily ones.

A job makes them when a block is over; booking has nothing to do with them. That a block is still good is seen from the number of
its calls, which only grows: a call that is booked late makes it bad, and the job makes it anew. So it does not matter which
release of LiteMaaS books, and losing these tables would lose nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import text

from gateway.db import Database, Rows
from gateway.usage.ingest import MEMBERS, NAMES, SUMS
from gateway.usage.policy import FOLDED, HOUR, TimeRange

# After a block's end most of its calls are booked: it need not be made twice.
SETTLED = timedelta(hours=1)
_SIZES = ", ".join(str(size // HOUR) for size in FOLDED)

_GOOD = text("""
SELECT f.hours, f.start FROM usage_folded f
WHERE f.start >= :start AND f.start + make_interval(hours => f.hours) <= :end AND f.requests = (
  SELECT m.requests FROM usage_member m
  WHERE m.dimension = 'all' AND m.member = '' AND m.hours = f.hours AND m.start = f.start)
""")
_BAD = text(f"""
SELECT m.hours, m.start FROM usage_member m LEFT JOIN usage_folded f ON f.hours = m.hours AND f.start = m.start
WHERE m.dimension = 'all' AND m.member = '' AND m.hours IN ({_SIZES})
  AND m.start + make_interval(hours => m.hours) <= :over AND f.requests IS DISTINCT FROM m.requests
ORDER BY m.start DESC
""")  # noqa: S608 - only names of ours
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7265303)")
# One statement sees one state of the daily sums and of the number of calls. Where many rows are read, it is those of a provider or a
# model: these stand together.
_FOLD = text(f"""
WITH gone AS (
  DELETE FROM usage_block WHERE hours = :hours AND start = :start
), made AS (
  INSERT INTO usage_block (hours, start, {MEMBERS}, {NAMES})
  SELECT :hours, :start, {MEMBERS}, {SUMS} FROM usage_daily
  WHERE day >= :start AND day < CAST(:start AS timestamptz) + make_interval(hours => :hours)
  GROUP BY {MEMBERS} ORDER BY provider, model_name
)
INSERT INTO usage_folded AS f (hours, start, requests)
SELECT hours, start, requests FROM usage_member
WHERE dimension = 'all' AND member = '' AND hours = :hours AND start = :start
ON CONFLICT (hours, start) DO UPDATE SET requests = excluded.requests
""")  # noqa: S608 - only names of ours


async def good(rows: Rows, during: TimeRange) -> tuple[tuple[int, datetime], ...]:
    """(hours, start) of the blocks of the range that may be read, in the snapshot in which this is asked."""
    found = await rows(_GOOD, {"start": during.start, "end": during.end})
    return tuple((row.hours, row.start) for row in found)


async def fold(db: Database, now: datetime) -> int:
    """Make what is over and not there or not good any more. Returns how many blocks that were."""
    async with db.read() as session:
        blocks = (await session.execute(_BAD, {"over": now - SETTLED})).all()
    for block in blocks:
        async with db.write() as session:
            await session.execute(_ONE_AT_A_TIME)
            await session.execute(_FOLD, {"hours": block.hours, "start": block.start})
    return len(blocks)
