"""How fast calls are booked, beside a bare COPY of the same rows into the same table: `python -m tests.bench.ingest`.

Both in one run on one database, batch by batch in turn, so that the ratio holds on any machine. The ledger also looks up
keys, refuses what it has, sums in four tables and tells the bus; COPY does nothing but write rows (and their index entries).
"Of one core" counts the CPU seconds of server and client alone, which other work on the machine does not lengthen.
Needs a server: the embedded one, or TEST_DATABASE_URL.
"""

import argparse
import asyncio
import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import text

from gateway.db import Database, asyncpg_dsn, utc_now
from gateway.events import Bus
from gateway.keys import ApiKey, ApiKeyGeneration, ApiKeyStatus
from gateway.usage import CallRecord, UsageService, decode
from tests.bench.databases import a_database, cpu_of
from tests.builders import a_person

PEOPLE, KEYS_EACH, MODELS, MODELS_EACH = 50, 4, 60, 4
rng = random.Random(7)
OWNER = ("api_key_id", "user_id")
COLUMNS = (
    *(
        "call_id",
        "success",
        "occurred_at",
        "received_at",
        "latency_ms",
        "token_hash",
        "model_name",
        "call_type",
        "stream",
        "provider",
        "cache_hit",
        "priced",
    ),
    *("prompt_tokens", "cached_tokens", "completion_tokens", "total_tokens", "spend", "status"),
)


def calls(count: int, hashes: list[str]) -> list[CallRecord]:
    """Of the last minute, each by a random key to one of the few models that its owner uses."""
    now = datetime.now(UTC)
    return [
        CallRecord(
            call_id=str(uuid4()),
            occurred_at=now - timedelta(seconds=rng.random() * 60),
            model_name=f"model-{(key * 7 + rng.randrange(MODELS_EACH)) % MODELS}",
            success=rng.random() < 0.97,
            call_type="acompletion",
            prompt_tokens=(prompt := rng.randrange(4_000)),
            completion_tokens=(completion := rng.randrange(1_000)),
            total_tokens=prompt + completion,
            spend=Decimal(rng.randrange(10**6)).scaleb(-7),
            token_hash=hashes[key],
            latency_ms=rng.randrange(5_000),
            provider="openai",
        )
        for key in rng.choices(range(len(hashes)), k=count)
    ]


async def some_keys(db: Database) -> dict[str, tuple[UUID, UUID]]:
    """(key, owner) by the secret's hash."""
    owners = {}
    for _ in range(PEOPLE):
        owner = await a_person(db)
        async with db.write() as session:
            for _ in range(KEYS_EACH):
                key = ApiKey(user_id=owner.user_id, name="bench", status=ApiKeyStatus.ACTIVE)
                session.add(key)
                await session.flush()
                token_hash = hashlib.sha256(key.id.bytes).hexdigest()
                owners[token_hash] = (key.id, owner.user_id)
                session.add(ApiKeyGeneration(api_key_id=key.id, token_hash=token_hash, prefix="sk", last_four="0000"))
    return owners


class Meter:
    """Seconds and, where the server is on this machine, CPU seconds of one of its backends and of this process."""

    def __init__(self, backend: int) -> None:
        self.seconds = self.cpu = 0.0
        self._backend = backend

    def _cpu(self) -> float:
        return cpu_of(self._backend) + process_time()

    def __enter__(self) -> None:
        self._began = perf_counter(), self._cpu()

    def __exit__(self, *_: object) -> None:
        self.seconds += perf_counter() - self._began[0]
        self.cpu += self._cpu() - self._began[1]


async def measure(url: str, batches: int, size: int, at_once: int) -> None:
    db = Database(url, pool_size=1)
    copy = await asyncpg.connect(asyncpg_dsn(url))
    service = UsageService(db, Bus(url))
    owners = await some_keys(db)
    hashes = list(owners)
    async with db.read() as session:
        backend = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    meters = {
        "COPY": Meter(await copy.fetchval("SELECT pg_backend_pid()")),
        "booked": Meter(backend),
        "the same again": Meter(backend),
    }
    await service.ingest(calls(size, hashes))  # statements are prepared once
    for _ in range(batches):
        deliveries = [calls(size, hashes) for _ in range(at_once)]
        for name in ("booked", "the same again"):
            with meters[name]:
                await asyncio.gather(*(service.ingest(each) for each in deliveries))
        facts = {"received_at": utc_now(), "status": "success"}
        rows = [
            (*(facts.get(name) or getattr(call, name) for name in COLUMNS), *owners[call.token_hash or ""])
            for call in calls(size * at_once, hashes)
        ]
        with meters["COPY"]:
            await copy.copy_records_to_table("usage_event", records=rows, columns=[*COLUMNS, *OWNER])
    events = batches * size * at_once
    async with db.read() as session:
        booked = await session.scalar(text("SELECT sum(requests) FROM usage_quarter WHERE dimension = 'all'"))
    if booked != events + size:
        raise SystemExit(f"{booked} calls are booked, {events + size} were made")
    await copy.close()
    await db.close()
    for name, meter in meters.items():
        line = f"{name:>15}: {events / meter.seconds:>9,.0f} events/s   {meters['COPY'].seconds / meter.seconds:4.2f} of COPY"
        if meter.cpu:
            line += (
                f"   of one core {events / meter.cpu:>9,.0f} events/s, {meters['COPY'].cpu / meter.cpu:4.2f} of COPY"
            )
        print(line)


def measure_decoding(size: int) -> None:
    """Events as LiteLLM sends them, some 12 kB each."""
    recorded = Path(__file__).parents[1] / "domains" / "usage" / "callback_1.108.5.json"
    event: dict[str, Any] = json.loads(recorded.read_bytes())[0]
    event["model_map_information"] = {f"property_{n}": None if n % 3 else 0.5 for n in range(350)}
    body = json.dumps([event | {"litellm_call_id": str(n)} for n in range(size)]).encode()
    began = perf_counter()
    decode(body)
    took = perf_counter() - began
    print(
        f"{'decoding':>15}: {size / took:>9,.0f} events/s   {len(body) / took / 1e6:.0f} MB/s, {len(body) // size:,} bytes each"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a second's worth, to see that it runs")
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--size", type=int, default=500, help="events in a delivery")
    parser.add_argument("--at-once", type=int, default=10, help="deliveries that come at the same time")
    options = parser.parse_args()
    if options.smoke:
        options.batches, options.size, options.at_once = 2, 100, 3
    with a_database() as url:
        deliveries = f"{options.batches} times {options.at_once} deliveries of {options.size} events"
        print(f"{deliveries}, {PEOPLE * KEYS_EACH} keys, {MODELS} models")
        asyncio.run(measure(url, options.batches, options.size, options.at_once))
        measure_decoding(options.size)


if __name__ == "__main__":
    main()
