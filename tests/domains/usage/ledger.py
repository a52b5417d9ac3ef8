"""Rows that the ledger's tests start from, and calls to book."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text

from gateway.actor import Actor
from gateway.db import Database
from gateway.keys import ApiKey, ApiKeyGeneration, ApiKeyStatus
from gateway.usage import CallRecord

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


async def rows(db: Database, statement: str) -> Sequence[Row[Any]]:
    async with db.read() as session:
        return (await session.execute(text(statement))).all()


async def ledger(db: Database) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """Everything that is booked, to see that nothing changed."""
    return await rows(db, "SELECT * FROM usage_event ORDER BY seq"), await rows(
        db, "SELECT * FROM usage_hourly ORDER BY id"
    )


async def sums_differ(db: Database) -> Sequence[Row[Any]]:
    """The hourly rows that are not the sums of the events, in either direction; empty when the ledger is sound."""
    return await rows(
        db,
        """
        WITH truth AS (
          SELECT date_trunc('hour', occurred_at, 'UTC') AS hour, user_id, api_key_id, model_name, count(*) AS requests,
            count(*) FILTER (WHERE NOT success) AS failures, sum(prompt_tokens) AS prompt_tokens,
            sum(completion_tokens) AS completion_tokens, sum(total_tokens) AS total_tokens, sum(spend) AS spend,
            max(occurred_at) AS last_at
          FROM usage_event GROUP BY 1, 2, 3, 4
        ), kept AS (
          SELECT hour, user_id, api_key_id, model_name, requests, failures, prompt_tokens, completion_tokens,
            total_tokens, spend, last_at
          FROM usage_hourly
        )
        (TABLE truth EXCEPT ALL TABLE kept) UNION ALL (TABLE kept EXCEPT ALL TABLE truth)
        """,
    )
