"""Writing the ledger: events and their sums in one statement."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.usage import partitions
from gateway.usage.answers import MEASURES
from gateway.usage.policy import BLOCKS, HOUR, CallRecord

# Writers take turns, so that `usage_event.seq` grows in the order of commits and a reader who goes on after the highest one
# he saw misses nothing, and so that a call that is looked for and not found is in nobody else's hands. A thousand events take
# some 40 ms. The time-outs bound how long a writer that hangs holds up others.
TAKE_TURN = text(
    "SELECT set_config('lock_timeout', '10s', true), set_config('statement_timeout', '30s', true),"
    " set_config('idle_in_transaction_session_timeout', '10s', true), pg_advisory_xact_lock(7265302)"
)
DROPPED_BEFORE = text("SELECT dropped_before FROM usage_progress")

# What is copied here first, at a third of what parameters would cost. It lasts as long as the connection, its rows as long as the
# transaction.
STAGE = text("""
CREATE TEMPORARY TABLE IF NOT EXISTS usage_incoming (parcel integer, call_id text, success boolean, request_id text,
  occurred_at timestamptz, latency_ms integer, first_token_ms integer, token_hash text, model_name text, provider text,
  call_type text, error_code text, stream boolean, cache_hit boolean, priced boolean, prompt_tokens bigint, cached_tokens bigint,
  completion_tokens bigint, total_tokens bigint, spend numeric) ON COMMIT DELETE ROWS
""")
COLUMNS = (
    *("call_id", "success", "request_id", "occurred_at", "latency_ms", "first_token_ms", "token_hash", "model_name"),
    *("provider", "call_type", "error_code", "stream", "cache_hit", "priced", "prompt_tokens", "cached_tokens"),
    *("completion_tokens", "total_tokens", "spend"),
)
_facts = attrgetter(*COLUMNS)
MEMBERS = "user_id, team_id, api_key_id, model_name, provider, status"
OWNER = "user_id, team_id, api_key_id"
NAMES, GIVEN = ", ".join(MEASURES), ", ".join(COLUMNS)
# PostgreSQL's sum of bigint is numeric, which costs several times as much to go on adding up.
SUMS = ", ".join(f"sum({name}){'' if name == 'spend' else '::bigint'} AS {name}" for name in MEASURES)
SIZES = ", ".join(f"({size // HOUR})" for size in BLOCKS)
# Of rows that are calls.
COUNTED = """count(*) AS requests, count(*) FILTER (WHERE NOT success) AS failures, sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(completion_tokens)::bigint AS completion_tokens, sum(total_tokens)::bigint AS total_tokens, sum(spend) AS spend,
    sum(cached_tokens)::bigint AS cached_tokens, count(*) FILTER (WHERE cache_hit) AS cache_hits,
    count(*) FILTER (WHERE NOT priced) AS unpriced, max(occurred_at) AS last_at"""
# What a row of crossed sums counts for.
OF_MEMBERS = """CROSS JOIN LATERAL
    (VALUES ('all', ''), ('model', model_name), ('provider', coalesce(provider, 'unknown')), ('status', status),
      ('user', CAST(user_id AS text)), ('api_key', CAST(api_key_id AS text))) AS d (dimension, member)"""


def _added(table: str) -> str:
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in MEASURES)


# The sums are made of what is not booked yet, and the rows too: a repeated event is in neither. LiteLLM's two accounts of a call,
# callback and spend log, may differ by milliseconds on when it began: an hour around it is searched, in a partition or two.
STORE = text(f"""
WITH fresh AS MATERIALIZED (
  SELECT i.*, k.id AS api_key_id, k.user_id, CAST(NULL AS uuid) AS team_id,
    CASE WHEN i.success THEN 'success' ELSE coalesce(i.error_code, 'failure') END AS status
  FROM usage_incoming i
  LEFT JOIN api_key_generation g ON g.token_hash = i.token_hash
  LEFT JOIN api_key k ON k.id = g.api_key_id
  LEFT JOIN LATERAL (
    SELECT true AS booked FROM usage_event e
    WHERE e.call_id = i.call_id AND e.success = i.success
      AND e.occurred_at BETWEEN i.occurred_at - interval '1 hour' AND i.occurred_at + interval '1 hour'
    LIMIT 1
  ) e ON true
  WHERE e.booked IS NOT TRUE
), stored AS (
  INSERT INTO usage_event ({GIVEN}, received_at, {OWNER}, status)
  SELECT {GIVEN}, CAST(:received_at AS timestamptz), {OWNER}, status FROM fresh
), crossed AS MATERIALIZED (
  SELECT date_bin('15 minutes', occurred_at, 'epoch') AS quarter, {MEMBERS}, {COUNTED}
  FROM fresh GROUP BY quarter, {MEMBERS}
), members AS MATERIALIZED (
  SELECT d.dimension, coalesce(d.member, '') AS member, quarter, {SUMS}
  FROM crossed {OF_MEMBERS} GROUP BY 1, 2, 3
), quarters AS (
  INSERT INTO usage_quarter AS q (dimension, member, quarter, {NAMES})
  SELECT dimension, member, quarter, {NAMES} FROM members WHERE dimension NOT IN ('user', 'api_key')
  ON CONFLICT (dimension, member, quarter) DO UPDATE SET {_added("q")}
), hours AS (
  INSERT INTO usage_hourly AS h (hour, {MEMBERS}, {NAMES}, last_at)
  SELECT date_trunc('hour', quarter, 'UTC'), {MEMBERS}, {SUMS}, max(last_at) FROM crossed GROUP BY 1, {MEMBERS}
  ON CONFLICT (hour, {MEMBERS}) DO UPDATE SET {_added("h")}, last_at = greatest(h.last_at, excluded.last_at)
), days AS (
  INSERT INTO usage_daily AS d (day, {MEMBERS}, {NAMES})
  SELECT date_trunc('day', quarter, 'UTC'), {MEMBERS}, {SUMS} FROM crossed GROUP BY 1, {MEMBERS}
  ON CONFLICT (day, {MEMBERS}) DO UPDATE SET {_added("d")}
), blocks AS (
  INSERT INTO usage_member AS m (dimension, member, hours, start, {NAMES})
  SELECT dimension, member, hours, date_bin(make_interval(hours => hours), quarter, '2000-01-01Z'), {SUMS}
  FROM members CROSS JOIN (VALUES {SIZES}) AS b (hours) GROUP BY 1, 2, 3, 4
  ON CONFLICT (dimension, member, hours, start) DO UPDATE SET {_added("m")}
)
SELECT parcel, user_id, api_key_id, count(*) AS events FROM fresh GROUP BY 1, 2, 3
""")  # noqa: S608 - only names of ours


async def store(session: AsyncSession, records: Sequence[CallRecord], received_at: datetime) -> Sequence[Row[Any]]:
    """`store_parcels` of one."""
    return await store_parcels(session, [records], received_at)


async def store_parcels(
    session: AsyncSession, parcels: Sequence[Sequence[CallRecord]], received_at: datetime
) -> Sequence[Row[Any]]:
    """Book what is not booked yet; (parcel, user_id, api_key_id, events) of what was, both ids None for a key that is not ours.

    Parcels count from 0. Calls of a time whose single calls were dropped are left out: whether they were booked can't be known
    any more. No two records may be of the same call and outcome. The session's transaction holds the writers' lock until it ends.
    """
    await session.execute(TAKE_TURN)
    kept_from = (await session.execute(DROPPED_BEFORE)).scalar_one()
    kept = [(n, record) for n, records in enumerate(parcels) for record in records if record.occurred_at >= kept_from]
    if not kept:
        return []
    await partitions.ensure(session, {record.occurred_at.date() for _, record in kept})
    await session.execute(STAGE)
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    rows = [(n, *_facts(record)) for n, record in kept]
    await driver.copy_records_to_table("usage_incoming", records=rows, columns=["parcel", *COLUMNS])
    return (await session.execute(STORE, {"received_at": received_at})).all()


def is_passing(error: Exception) -> bool:
    """Whether the same again may well succeed: the connection was stale, or the transaction collided with another one.

    The driver speaks for itself where it was used without SQLAlchemy.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    stale = isinstance(error, DBAPIError) and error.connection_invalidated
    return stale or getattr(cause, "sqlstate", None) in ("40001", "40P01")
