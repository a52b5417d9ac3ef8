"""Writing the ledger: events and their hourly sums in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.usage.policy import CallRecord

# Writers take turns, so that `usage_event.seq` grows in the order of commits and a reader who goes on after the highest one
# he saw misses nothing. A thousand events take some 20 ms. The time-outs bound how long a writer that hangs holds up others.
TAKE_TURN = text(
    "SELECT set_config('lock_timeout', '10s', true), set_config('statement_timeout', '30s', true),"
    " set_config('idle_in_transaction_session_timeout', '10s', true), pg_advisory_xact_lock(7265302)"
)

# The sums are made from the rows that were really inserted: a repeated event is in none of them.
STORE = text("""
WITH incoming AS (
  SELECT * FROM unnest(
    CAST(:call_id AS text[]), CAST(:success AS boolean[]), CAST(:request_id AS text[]), CAST(:occurred_at AS timestamptz[]),
    CAST(:latency_ms AS integer[]), CAST(:token_hash AS text[]), CAST(:model_name AS text[]), CAST(:call_type AS text[]),
    CAST(:error_code AS text[]), CAST(:stream AS boolean[]), CAST(:prompt_tokens AS bigint[]),
    CAST(:completion_tokens AS bigint[]), CAST(:total_tokens AS bigint[]), CAST(:spend AS numeric[])
  ) AS e (call_id, success, request_id, occurred_at, latency_ms, token_hash, model_name, call_type,
          error_code, stream, prompt_tokens, completion_tokens, total_tokens, spend)
), stored AS (
  INSERT INTO usage_event (call_id, success, request_id, occurred_at, received_at, latency_ms, token_hash, api_key_id,
    user_id, model_name, call_type, error_code, stream, prompt_tokens, completion_tokens, total_tokens, spend)
  SELECT e.call_id, e.success, e.request_id, e.occurred_at, CAST(:received_at AS timestamptz), e.latency_ms, e.token_hash,
    k.id, k.user_id, e.model_name, e.call_type, e.error_code, e.stream, e.prompt_tokens, e.completion_tokens,
    e.total_tokens, e.spend
  FROM incoming e
  LEFT JOIN api_key_generation g ON g.token_hash = e.token_hash
  LEFT JOIN api_key k ON k.id = g.api_key_id
  ON CONFLICT (call_id, success) DO NOTHING
  RETURNING user_id, api_key_id, model_name, occurred_at, success, prompt_tokens, completion_tokens, total_tokens, spend
), summed AS (
  INSERT INTO usage_hourly AS h (hour, user_id, api_key_id, model_name, requests, failures, prompt_tokens,
    completion_tokens, total_tokens, spend, last_at)
  SELECT date_trunc('hour', occurred_at, 'UTC'), user_id, api_key_id, model_name, count(*),
    count(*) FILTER (WHERE NOT success), sum(prompt_tokens), sum(completion_tokens), sum(total_tokens), sum(spend),
    max(occurred_at)
  FROM stored GROUP BY 1, 2, 3, 4
  ON CONFLICT (hour, user_id, api_key_id, model_name) DO UPDATE SET
    requests = h.requests + excluded.requests,
    failures = h.failures + excluded.failures,
    prompt_tokens = h.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = h.completion_tokens + excluded.completion_tokens,
    total_tokens = h.total_tokens + excluded.total_tokens,
    spend = h.spend + excluded.spend,
    last_at = greatest(h.last_at, excluded.last_at)
)
SELECT user_id, api_key_id, count(*) AS events FROM stored GROUP BY 1, 2
""")

COLUMNS = tuple(name for name in CallRecord.__struct_fields__)


async def store(session: AsyncSession, records: Sequence[CallRecord], received_at: datetime) -> Sequence[Row[Any]]:
    """Book what is not booked yet; (user_id, api_key_id, events) of what was, both ids None for a key that is not ours.

    The session's transaction holds the writers' lock until it ends.
    """
    await session.execute(TAKE_TURN)
    columns: dict[str, Any] = {name: [getattr(record, name) for record in records] for name in COLUMNS}
    return (await session.execute(STORE, columns | {"received_at": received_at})).all()


def is_passing(error: DBAPIError) -> bool:
    """Whether the same again may well succeed: the connection was stale, or the transaction collided with another one."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in ("40001", "40P01")
