"""Hourly and quarter-hourly sums of members, in the order in which they are read.

They are booked in the order of time, so that each row of one member's stands on a page of its own, among all others' of that hour; and
to fetch the page is most of what reading the row costs. Once six hours are over, a job writes their rows again, member by member. No
sum changes, so it does not matter whether it was done: what comes late changes its row where that stands, or adds one behind the others.
"""

from datetime import datetime

from sqlalchemy import text

from gateway.db import Database
from gateway.usage.folding import SETTLED
from gateway.usage.ingest import NAMES, TAKE_TURN
from gateway.usage.policy import HOUR

# More would scatter the members of one hour, which breakdowns read.
STRETCH = 6 * HOUR

# Again once there are twice as many calls, as after a history was imported.
_NEXT = text(f"""
SELECT m.start, m.requests FROM usage_member m LEFT JOIN usage_arranged a ON a.start = m.start
WHERE m.dimension = 'all' AND m.member = '' AND m.hours = {STRETCH // HOUR} AND m.start <= :last
  AND (a.start IS NULL OR m.requests > 2 * a.requests)
ORDER BY m.start DESC LIMIT 1
""")  # noqa: S608 - only names of ours
_ARRANGE = [
    text(f"""
WITH gone AS (DELETE FROM usage_member WHERE hours = 1 AND start >= :start AND start < :end RETURNING *)
INSERT INTO usage_member (dimension, member, hours, start, {NAMES})
SELECT dimension, member, hours, start, {NAMES} FROM gone ORDER BY dimension, member, start
"""),  # noqa: S608 - only names of ours
    text(f"""
WITH members AS MATERIALIZED (
  SELECT dimension, member FROM usage_member WHERE hours = {STRETCH // HOUR} AND start = :start
), gone AS (
  DELETE FROM usage_quarter q USING members m
  WHERE q.dimension = m.dimension AND q.member = m.member AND q.quarter >= :start AND q.quarter < :end RETURNING q.*
)
INSERT INTO usage_quarter (dimension, member, quarter, {NAMES})
SELECT dimension, member, quarter, {NAMES} FROM gone ORDER BY dimension, member, quarter
"""),  # noqa: S608 - only names of ours
]
_NOTE = text("""
INSERT INTO usage_arranged AS a (start, requests) VALUES (:start, :requests)
ON CONFLICT (start) DO UPDATE SET requests = excluded.requests
""")


async def arrange(db: Database, now: datetime) -> int:
    """Put in order what is over and is not yet, newest first; writers go on in between. Returns how many stretches that were."""
    count = 0
    while True:
        async with db.write() as session:
            await session.execute(TAKE_TURN)
            found = (await session.execute(_NEXT, {"last": now - SETTLED - STRETCH})).one_or_none()
            if found is None:
                return count
            for statement in _ARRANGE:
                await session.execute(statement, {"start": found.start, "end": found.start + STRETCH})
            await session.execute(_NOTE, {"start": found.start, "requests": found.requests})
        count += 1
