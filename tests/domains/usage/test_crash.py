"""kill -9 at any moment: what was acknowledged is booked, and sending everything again makes the ledger whole."""

import asyncio
import os
import random
import signal
import sys
from datetime import timedelta

from gateway.db import Database
from gateway.usage import CallRecord, UsageService
from tests.domains.usage.ledger import NOON, a_call, rows, sums_differ

BATCHES, SIZE = 60, 20

# Books batch after batch, two at a time, and says which are booked.
CHILD = """
import asyncio, sys
from gateway.db import Database
from gateway.events import Bus
from gateway.usage import UsageService
from tests.domains.usage.test_crash import BATCHES, batch

async def main(url):
    db = Database(url)
    service = UsageService(db, Bus(url))
    waiting = list(range(BATCHES))

    async def book():
        while waiting:
            n = waiting.pop(0)
            await service.ingest(batch(n))
            print(n, flush=True)

    await asyncio.gather(*(book() for _ in range(3)))

asyncio.run(main(sys.argv[1]))
"""


def batch(n: int) -> list[CallRecord]:
    return [
        a_call(
            call_id=f"{n}-{m}", occurred_at=NOON + timedelta(minutes=n * SIZE + m), latency_ms=m, model_name=f"m{m % 3}"
        )
        for m in range(SIZE)
    ]


async def test_nothing_acknowledged_is_lost(db: Database, service: UsageService, database_url: str) -> None:
    rng = random.Random(5)
    acknowledged: set[int] = set()
    for _ in range(4):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, database_url, stdout=asyncio.subprocess.PIPE, cwd=os.getcwd()
        )
        assert child.stdout is not None
        for _ in range(rng.randrange(2, 14)):
            acknowledged.add(int(await child.stdout.readline()))
        await asyncio.sleep(rng.random() / 100)
        child.send_signal(signal.SIGKILL)
        acknowledged |= {int(line) for line in (await child.stdout.read()).split()}
        await child.wait()
        booked = {row.call_id for row in await rows(db, "SELECT call_id FROM usage_event")}
        assert {f"{n}-{m}" for n in acknowledged for m in range(SIZE)} <= booked
        assert await sums_differ(db) == []
        await service.settle_speeds()
    for n in range(BATCHES):
        await service.ingest(batch(n))
    await service.settle_speeds()
    assert await sums_differ(db) == []
    (found,) = await rows(db, "SELECT count(*) AS calls FROM usage_event")
    assert found.calls == BATCHES * SIZE
    (timed,) = await rows(db, "SELECT sum(latency) AS calls FROM usage_speed WHERE unit = 'hour' AND dimension = 'all'")
    assert timed.calls == BATCHES * SIZE
