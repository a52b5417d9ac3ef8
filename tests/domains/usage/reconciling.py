"""The ledger beside LiteLLM's spend log: ledgers to reconcile, and what both should come to."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg

from gateway.db import Database
from gateway.litellm import LiteLLM, exact_money
from gateway.usage import LedgerService, UsageService
from tests.domains.usage.ledger import rows
from tests.domains.usage.spend_log import Call

SETTLE = 10
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_ledger(db: Database, litellm: LiteLLM, service: UsageService, days: int = 2) -> LedgerService:
    return LedgerService(db, litellm, service, settle_seconds=SETTLE, history_days=days)


async def all_of_it(ledger: LedgerService) -> int:
    """Until nothing is left to check."""
    return await ledger.reconcile(seconds=60)


async def booked(db: Database) -> dict[str | None, tuple[int, int, int, Decimal]]:
    """(calls, failures, tokens, spend) by key, of the events."""
    found = await rows(
        db,
        "SELECT token_hash, count(*) AS n, count(*) FILTER (WHERE NOT success) AS failed, sum(total_tokens) AS tokens,"
        " sum(spend) AS spend FROM usage_event GROUP BY 1",
    )
    return {row.token_hash: (row.n, row.failed, int(row.tokens), exact_money(row.spend)) for row in found}


def truth(calls: Sequence[Call]) -> dict[str | None, tuple[int, int, int, Decimal]]:
    found: dict[str | None, tuple[int, int, int, Decimal]] = {}
    for call in calls:
        if not call.health_check:
            n, failed, tokens, spend = found.get(call.token, (0, 0, 0, Decimal(0)))
            record = call.record()
            amount = exact_money(record.spend)
            found[call.token] = (n + 1, failed + (not call.success), tokens + record.total_tokens, spend + amount)
    return {token: (*counts, exact_money(spend)) for token, (*counts, spend) in found.items()}


async def execute(url: str, statement: str, *values: Any) -> None:
    connection = await asyncpg.connect(url)
    try:
        assert await connection.execute(statement, *values) == "UPDATE 1"
    finally:
        await connection.close()
