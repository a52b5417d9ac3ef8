"""Rows that the ledger's tests start from, and calls to book."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text

from gateway.actor import Actor
from gateway.db import Database
from gateway.keys import ApiKey, ApiKeyGeneration, ApiKeyStatus
from gateway.usage import CallRecord, Totals

NOON = datetime(2025, 3, 10, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Key:
    id: UUID
    token_hash: str


async def a_key(db: Database, owner: Actor, name: str, *, status: ApiKeyStatus = ApiKeyStatus.ACTIVE) -> Key:
    key = Key(uuid4(), hashlib.sha256(name.encode()).hexdigest())
    async with db.write() as session:
        session.add(ApiKey(id=key.id, user_id=owner.user_id, name=name, status=status))
        await session.flush()
        session.add(ApiKeyGeneration(api_key_id=key.id, token_hash=key.token_hash, prefix="sk-lm", last_four="abcd"))
    return key


def a_call(**facts: Any) -> CallRecord:
    """A call at noon that cost a tenth of a cent; `key` may be a Key."""
    key = facts.pop("key", None)
    defaults: dict[str, Any] = {
        "call_id": uuid4().hex,
        "occurred_at": NOON,
        "model_name": "small",
        "success": True,
        "call_type": "acompletion",
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "total_tokens": 30,
        "spend": Decimal("0.001"),
        "token_hash": key.token_hash if key else None,
    }
    return CallRecord(**defaults | facts)


def totals_of(calls: Iterable[CallRecord]) -> Totals:
    """What any of the ledger's sums has to be for these calls."""
    listed = list(calls)
    return Totals(
        requests=len(listed),
        failures=sum(not call.success for call in listed),
        prompt_tokens=sum(call.prompt_tokens for call in listed),
        completion_tokens=sum(call.completion_tokens for call in listed),
        total_tokens=sum(call.total_tokens for call in listed),
        spend=sum((call.spend for call in listed), Decimal(0)),
        cached_tokens=sum(call.cached_tokens for call in listed),
        cache_hits=sum(call.cache_hit for call in listed),
        unpriced=sum(not call.priced for call in listed),
    )


async def rows(db: Database, statement: str) -> Sequence[Row[Any]]:
    async with db.read() as session:
        return (await session.execute(text(statement))).all()


SUMS = ("usage_hourly", "usage_daily", "usage_quarter", "usage_member", "usage_speed")


async def ledger(db: Database) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """The events and their hourly sums."""
    return await rows(db, "SELECT * FROM usage_event ORDER BY seq"), await rows(
        db, "SELECT * FROM usage_hourly ORDER BY id"
    )


async def everything(db: Database) -> list[Sequence[Row[Any]]]:
    """All that is booked, to see that nothing changed."""
    return [await rows(db, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4, 5, 6, 7") for table in ("usage_event", *SUMS)]


MEASURES = (
    "requests, failures, prompt_tokens, completion_tokens, total_tokens, spend, cached_tokens, cache_hits, unpriced"
)
_SUMMED = """count(*) AS requests, count(*) FILTER (WHERE NOT success) AS failures, sum(prompt_tokens) AS prompt_tokens,
  sum(completion_tokens) AS completion_tokens, sum(total_tokens) AS total_tokens, sum(spend) AS spend,
  sum(cached_tokens) AS cached_tokens, count(*) FILTER (WHERE cache_hit) AS cache_hits,
  count(*) FILTER (WHERE NOT priced) AS unpriced"""
_MEMBERS = "user_id, team_id, api_key_id, model_name, provider, status"
_OF_MEMBER = """usage_event CROSS JOIN LATERAL (VALUES ('all', ''), ('model', model_name),
  ('provider', coalesce(provider, 'unknown')), ('status', CASE WHEN success THEN 'success' ELSE coalesce(error_code, 'failure') END),
  ('user', coalesce(user_id::text, '')), ('api_key', coalesce(api_key_id::text, ''))) AS d (dimension, member)"""

# What each table of sums holds, and the same from the events.
TRUTHS = {
    f"SELECT hour, {_MEMBERS}, {MEASURES}, last_at FROM usage_hourly": f"""
      SELECT date_trunc('hour', occurred_at, 'UTC'), {_MEMBERS}, {_SUMMED}, max(occurred_at) FROM usage_event GROUP BY 1, {_MEMBERS}""",
    f"SELECT day, {_MEMBERS}, {MEASURES} FROM usage_daily": f"""
      SELECT date_trunc('day', occurred_at, 'UTC'), {_MEMBERS}, {_SUMMED} FROM usage_event GROUP BY 1, {_MEMBERS}""",
    f"SELECT dimension, member, quarter, {MEASURES} FROM usage_quarter": f"""
      SELECT dimension, member, date_trunc('hour', occurred_at, 'UTC')
        + floor(extract(minute FROM occurred_at) / 15) * interval '15 minutes', {_SUMMED}
      FROM {_OF_MEMBER} WHERE dimension IN ('all', 'model', 'provider', 'status') GROUP BY 1, 2, 3""",
    f"SELECT dimension, member, hours, start, {MEASURES} FROM usage_member": f"""
      SELECT dimension, member, hours, date_bin(make_interval(hours => hours), occurred_at, '2000-01-01Z'), {_SUMMED}
      FROM {_OF_MEMBER} CROSS JOIN (VALUES (1), (6), (24), (96), (384)) AS b (hours) GROUP BY 1, 2, 3, 4""",
    f"SELECT day, {_MEMBERS}, {MEASURES}, 'daily is hourly' FROM usage_daily": f"""
      SELECT date_trunc('day', hour, 'UTC'), {_MEMBERS}, {", ".join(f"sum({name})" for name in MEASURES.split(", "))}, 'daily is hourly'
      FROM usage_hourly GROUP BY 1, {_MEMBERS}""",
}


async def sums_differ(db: Database) -> list[Row[Any]]:
    """The rows of sums that are not those of the events, in either direction; empty when the ledger is sound."""
    found: list[Row[Any]] = []
    for kept, truth in TRUTHS.items():
        statement = f"WITH truth AS ({truth}), kept AS ({kept})"
        found += await rows(
            db, f"{statement} (TABLE truth EXCEPT ALL TABLE kept) UNION ALL (TABLE kept EXCEPT ALL TABLE truth)"
        )
    return found
