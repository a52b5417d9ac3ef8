"""All sums anew from the calls, set by set: for when rows were changed by hand, or came in past `ingest`.

A stretch of the largest block's length is one transaction, in which nobody books. Where single calls are kept no longer, hourly
sums, quarters and histograms stay as they are, and the others are made of the hourly ones.
"""

from collections.abc import AsyncIterator
from itertools import pairwise

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.db import Database
from gateway.usage import ingest, policy, speeds
from gateway.usage.ingest import COUNTED, MEMBERS, NAMES, OF_MEMBERS, SUMS
from gateway.usage.policy import BLOCKS, HOUR, Span

_EXTENT = text("""
SELECT least((SELECT min(hour) FROM usage_hourly), (SELECT min(occurred_at) FROM usage_event)) AS first,
  greatest((SELECT max(hour) FROM usage_hourly), (SELECT max(occurred_at) FROM usage_event)) AS last
""")
_IN_PEACE = text("SELECT set_config('statement_timeout', '0', true), set_config('work_mem', '256MB', true)")

# Each after the one whose rows it reads, and rows in the order of time, as calls come: what is read together stands together.
_OF_CALLS = [
    f"""CREATE TEMPORARY TABLE usage_crossed ON COMMIT DROP AS
    SELECT date_bin('15 minutes', occurred_at, 'epoch') AS quarter, {MEMBERS}, {COUNTED}
    FROM usage_event WHERE occurred_at >= :start AND occurred_at < :end GROUP BY quarter, {MEMBERS}""",  # noqa: S608 - only names of ours
    "DELETE FROM usage_quarter WHERE quarter >= :start AND quarter < :end",
    f"""INSERT INTO usage_quarter (dimension, member, quarter, {NAMES})
    SELECT dimension, coalesce(member, ''), quarter, {SUMS} FROM usage_crossed {OF_MEMBERS}
    WHERE dimension NOT IN ('user', 'api_key') GROUP BY 1, 2, 3 ORDER BY 3""",  # noqa: S608 - only names of ours
    "DELETE FROM usage_hourly WHERE hour >= :start AND hour < :end",
    f"""INSERT INTO usage_hourly (hour, {MEMBERS}, {NAMES}, last_at)
    SELECT date_trunc('hour', quarter, 'UTC'), {MEMBERS}, {SUMS}, max(last_at) FROM usage_crossed GROUP BY 1, {MEMBERS}
    ORDER BY 1""",  # noqa: S608 - only names of ours
    "DROP TABLE usage_crossed",
]
_OF_HOURS = [
    # Jobs do these anew.
    "DELETE FROM usage_folded WHERE start >= :start AND start < :end",
    "DELETE FROM usage_arranged WHERE start >= :start AND start < :end",
    "DELETE FROM usage_daily WHERE day >= :start AND day < :end",
    f"""INSERT INTO usage_daily (day, {MEMBERS}, {NAMES})
    SELECT date_trunc('day', hour, 'UTC'), {MEMBERS}, {SUMS} FROM usage_hourly
    WHERE hour >= :start AND hour < :end GROUP BY 1, {MEMBERS} ORDER BY 1""",  # noqa: S608 - only names of ours
    "DELETE FROM usage_member WHERE start >= :start AND start < :end",
    f"""INSERT INTO usage_member (dimension, member, hours, start, {NAMES})
    SELECT dimension, coalesce(member, ''), 1, hour, {SUMS} FROM usage_hourly {OF_MEMBERS}
    WHERE hour >= :start AND hour < :end GROUP BY 1, 2, 4 ORDER BY 4""",  # noqa: S608 - only names of ours
    *(
        f"""INSERT INTO usage_member (dimension, member, hours, start, {NAMES})
        SELECT dimension, member, {larger // HOUR}, date_bin('{larger // HOUR} hours', start, '2000-01-01Z'), {SUMS}
        FROM usage_member WHERE hours = {smaller // HOUR} AND start >= :start AND start < :end GROUP BY 1, 2, 4 ORDER BY 4"""  # noqa: S608
        for smaller, larger in pairwise(reversed(BLOCKS))
    ),
]


async def rebuild(db: Database) -> AsyncIterator[Span]:
    """Each stretch as it is done, oldest first."""
    async with db.read() as session:
        first, last = (await session.execute(_EXTENT)).one()
    if first is None:
        return
    start = policy.block_of(first, BLOCKS[0])
    while start <= last:
        span = start, start + BLOCKS[0]
        async with db.write() as session:
            await _rebuild(session, span)
        yield span
        start += BLOCKS[0]


async def _rebuild(session: AsyncSession, span: Span) -> None:
    await session.execute(ingest.TAKE_TURN)
    await session.execute(_IN_PEACE)
    start, end = span
    kept = {"start": max(start, (await session.execute(ingest.DROPPED_BEFORE)).scalar_one()), "end": end}
    if kept["start"] < end:
        for statement in _OF_CALLS:
            await session.execute(text(statement), kept)
        await speeds.recount(session, kept["start"], end)
    for statement in _OF_HOURS:
        await session.execute(text(statement), {"start": start, "end": end})
