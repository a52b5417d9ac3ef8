"""What it costs us to check a stretch of LiteLLM's spend log when nothing is missing: `python -m tests.bench.ledger_check`.

Beside booking the same calls, in turn, in one run on one database. LiteLLM's answer is one that was made before, 10 kB a row as
its own are, so its time is not in it. Then what every total pays for knowing whether it is complete, with a year of stretches.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import httpx
from sqlalchemy import text

from gateway.db import Database
from gateway.events import Bus
from gateway.litellm import LiteLLM
from gateway.usage import TimeRange, UsageService
from gateway.usage.reconcile import checks, coverage, spend_log
from gateway.usage.reconcile.spend_log import PAGE
from tests.bench.serving import arguments, database
from tests.domains.usage.spend_log import Call, a_token

HOUR = timedelta(hours=1)


def answering(calls: Sequence[Call]) -> httpx.MockTransport:
    rows = [call.row() | {"proxy_server_request": {"padding": "x" * 9_000}} for call in calls]
    body = {"total": len(rows), "page": 1, "page_size": PAGE, "total_pages": 1, "total_is_capped": False, "data": rows}
    content = json.dumps(body).encode()
    return httpx.MockTransport(lambda _: httpx.Response(200, content=content))


async def timed(work: Any) -> float:
    begun = perf_counter()
    await work
    return perf_counter() - begun


async def run(url: str, rounds: int) -> None:
    db = Database(url)
    usage = UsageService(db, Bus(url))
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 3 * HOUR
    booking, checking = [], []
    for number in range(rounds):
        start = hour - number * HOUR
        token = a_token()
        calls = [Call(start + timedelta(seconds=n), token, call_id=f"{number}-{n}") for n in range(PAGE)]
        booking.append(await timed(usage.ingest([call.record() for call in calls])))
        async with LiteLLM("http://litellm", "sk-bench", transport=answering(calls)) as litellm:
            checking.append(await timed(check(db, usage, litellm, start)))
    booked, checked = sorted(booking)[rounds // 2], sorted(checking)[rounds // 2]
    print(f"book {PAGE} calls      {booked * 1000:7.1f} ms")
    print(f"check {PAGE} calls     {checked * 1000:7.1f} ms  ({checked / booked:.2f} of booking them)")

    async with db.write() as session:
        await session.execute(text("DELETE FROM ledger_slice"))
        await session.execute(
            text(
                "INSERT INTO ledger_state (id, began_at, horizon, settle_seconds, history_days, failures)"
                " VALUES (1, now(), now() - interval '400 days', 60, 400, 0)"
            )
        )
        await session.execute(
            text(
                "INSERT INTO ledger_slice SELECT d, d + interval '1 day', 2, d, 0, 0, 0, 0, 0, 0 FROM"
                " generate_series(date_trunc('day', now(), 'UTC') - interval '390 days', now() - interval '1 day', '1 day') d"
            )
        )
        await session.execute(text("ANALYZE ledger_slice"))
    now = datetime.now(UTC)
    for days in (1, 390):
        during = TimeRange(now - timedelta(days=days), now)
        asking = sorted([await timed(usage.compared(during)) for _ in range(rounds * 10)])
        print(f"complete, {days:3} days   {asking[len(asking) // 2] * 1000:7.2f} ms")
    await db.close()


async def check(db: Database, usage: UsageService, litellm: LiteLLM, start: datetime) -> None:
    """What the reconciler does with one stretch."""
    until, now = start + PAGE * timedelta(seconds=1), datetime.now(UTC)
    rows = await spend_log.read(litellm, start, until)
    result = await checks.compare(db, usage, rows, start, until, late=True)
    assert (result.numbers.found, result.numbers.filled) == (PAGE, 0)
    async with db.write() as session:
        await coverage.record(session, start, until, 2, result.numbers, now)
        await checks.note(session, start, until, result.differing, now)


def main() -> None:
    options = arguments(__doc__ or "")
    with database() as url:
        asyncio.run(run(url, 2 if options.smoke else 10))


if __name__ == "__main__":
    main()
