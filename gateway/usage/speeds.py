"""How fast calls were: histograms with buckets that grow by 8 %, so that hours, days and members can be added up.

They follow the ledger within seconds: a job takes the calls that were booked since its last run, by `seq`, in one transaction
with the note of how far it came. So each call is in them once, whatever stops the job where.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.db import Database, table_of
from gateway.usage.answers import Dimension, Percentiles, Speed
from gateway.usage.policy import DAY, HOUR, Scope
from gateway.usage.queries import KEPT, UNKNOWN, Source, among, event, member_conditions, told_apart
from gateway.usage.tables import UsageSpeed

GROWTH = 1.08
NEWEST = 1_000
AT_ONCE = 50_000
SHARES = (0.5, 0.95, 0.99)

speed = table_of(UsageSpeed)
_KEPT = {Dimension.MODEL, Dimension.PROVIDER}


def bucket_sql(column: str) -> str:
    """The bucket of a column in milliseconds."""
    # GREATEST knows no NULL.
    bucket = f"CAST(floor(ln(greatest({column}, 1)::float8) / ln({GROWTH}::float8)) AS integer)"
    return f"CASE WHEN {column} IS NOT NULL THEN {bucket} END"


_LATENCY: ColumnElement[int] = literal_column(bucket_sql("usage_event.latency_ms"))
_FIRST_TOKEN: ColumnElement[int] = literal_column(bucket_sql("usage_event.first_token_ms"))

# One runs at a time, and waits for no writer: what is committed while it reads has a higher `seq`.
_CLAIM = text("SELECT speeds_seq FROM usage_progress FOR UPDATE")
_TIMED = f"""
booked AS MATERIALIZED (
  SELECT seq, model_name, coalesce(provider, '{UNKNOWN}') AS provider, date_trunc('hour', occurred_at, 'UTC') AS hour, success,
    latency_ms, first_token_ms
  FROM usage_event WHERE %s
), timed AS (
  SELECT hour, model_name, provider, bucket, sum(latency) AS latency, sum(first_token) AS first_token FROM (
    SELECT hour, model_name, provider, {bucket_sql("latency_ms")} AS bucket, 1 AS latency, 0 AS first_token
    FROM booked WHERE success AND latency_ms IS NOT NULL
    UNION ALL
    SELECT hour, model_name, provider, {bucket_sql("first_token_ms")}, 0, 1
    FROM booked WHERE success AND first_token_ms IS NOT NULL
  ) AS t GROUP BY 1, 2, 3, 4
), hours AS (
  SELECT dimension, member, hour, bucket, sum(latency)::bigint AS latency, sum(first_token)::bigint AS first_token
  FROM timed
  CROSS JOIN LATERAL (VALUES ('all', ''), ('model', model_name), ('provider', provider)) AS d (dimension, member)
  GROUP BY 1, 2, 3, 4
), counted AS (
  INSERT INTO usage_speed AS s (unit, dimension, member, start, bucket, latency, first_token)
  SELECT 'hour', dimension, member, hour, bucket, latency, first_token FROM hours
  UNION ALL
  SELECT 'day', dimension, member, date_trunc('day', hour, 'UTC'), bucket, sum(latency), sum(first_token)
  FROM hours GROUP BY 1, 2, 3, 4, 5 ORDER BY 4, 1, 2, 3, 5
  ON CONFLICT (unit, dimension, member, start, bucket)
    DO UPDATE SET latency = s.latency + excluded.latency, first_token = s.first_token + excluded.first_token
)"""  # noqa: S608 - only names of ours
_SETTLE = text(f"""
WITH {_TIMED % f"seq > :after ORDER BY seq LIMIT {AT_ONCE}"}
UPDATE usage_progress SET speeds_seq = greatest(speeds_seq, (SELECT max(seq) FROM booked))
RETURNING (SELECT count(*) FROM booked)
""")  # noqa: S608
_FORGET = text("DELETE FROM usage_speed WHERE start >= :start AND start < :end")
_RECOUNT = text(f"WITH {_TIMED % 'seq <= :until AND occurred_at >= :start AND occurred_at < :end'} SELECT 1")


async def settle(db: Database) -> int:
    """Take in what was booked since: how many calls that were."""
    taken = 0
    while True:
        async with db.write() as session:
            after = (await session.execute(_CLAIM)).scalar_one()
            found = int((await session.execute(_SETTLE, {"after": after})).scalar_one())
        taken += found
        if found < AT_ONCE:
            return taken


async def recount(session: AsyncSession, start: datetime, end: datetime) -> None:
    """Make the histograms of these days anew from the calls. `start` is not before the time from which calls are kept."""
    until = (await session.execute(_CLAIM)).scalar_one()
    await session.execute(_FORGET, {"start": start, "end": end})
    await session.execute(_RECOUNT, {"until": until, "start": start, "end": end})


@lru_cache(maxsize=KEPT)
def histogram(source: Source) -> Select[Any]:
    """Rows of (bucket, latency, first_token). Of the newest calls where no histogram tells the view's calls apart."""
    apart = told_apart(source.actor, source.view)
    answered = source.calls(_LATENCY.label("latency_bucket"), _FIRST_TOKEN.label("first_bucket")).where(
        event.c.success, or_(event.c.latency_ms.is_not(None), event.c.first_token_ms.is_not(None))
    )
    during = source.view.during
    if len(apart) > 1 or not apart <= _KEPT or source.view.scope is Scope.OWN:
        newest = (
            answered.where(event.c.occurred_at >= during.start, event.c.occurred_at < during.end)
            .order_by(event.c.occurred_at.desc())
            .limit(NEWEST)
        )
        return _counted(_by_bucket(newest))
    (days, hours), ends = source.cut([DAY, HOUR])
    kept = [
        select(speed.c.bucket, speed.c.latency, speed.c.first_token).where(
            speed.c.unit == unit,
            among(speed.c.start, spans),
            *member_conditions(source.actor, source.view, speed, apart),
        )
        for unit, spans in (("day", days), ("hour", hours))
        if spans
    ]
    calls = [
        part
        for start, end in ends
        for part in _by_bucket(answered.where(event.c.occurred_at >= start, event.c.occurred_at < end))
    ]
    return _counted([*kept, *calls])


def _by_bucket(calls: Select[Any]) -> list[Select[Any]]:
    """A row with the bucket of its latency and one with that of its first token, of each call that has them."""
    found = calls.cte()
    one: ColumnElement[int] = literal_column("1")
    zero: ColumnElement[int] = literal_column("0")
    return [
        select(found.c.latency_bucket.label("bucket"), one.label("latency"), zero.label("first_token")).where(
            found.c.latency_bucket.is_not(None)
        ),
        select(found.c.first_bucket.label("bucket"), zero.label("latency"), one.label("first_token")).where(
            found.c.first_bucket.is_not(None)
        ),
    ]


def _counted(parts: list[Select[Any]]) -> Select[Any]:
    rows = union_all(*parts).subquery()
    sums = (func.sum(rows.c.latency).label("latency"), func.sum(rows.c.first_token).label("first_token"))
    return select(rows.c.bucket, *sums).group_by(rows.c.bucket).order_by(rows.c.bucket)


def speed_of(rows: Iterable[Row[Any]]) -> Speed:
    """From a histogram in order of its buckets."""
    counted = [(row.bucket, int(row.latency), int(row.first_token)) for row in rows]
    return Speed(
        percentiles([(bucket, latency) for bucket, latency, _ in counted]),
        percentiles([(bucket, first) for bucket, _, first in counted]),
    )


def percentiles(histogram: list[tuple[int, int]]) -> Percentiles:
    """The middle of the bucket that holds the call which so many of a hundred are not slower than."""
    calls = sum(count for _, count in histogram)
    if not calls:
        return Percentiles()
    found = []
    for share in SHARES:
        left = share * calls
        for bucket, count in histogram:
            left -= count
            if count and left <= 1e-9 * calls:
                found.append(round(GROWTH ** (bucket + 0.5), 3))
                break
    return Percentiles(calls, *found)
