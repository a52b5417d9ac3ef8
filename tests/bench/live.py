"""From LiteLLM's callback to a subscriber's socket: 5,000 subscribers, ten callbacks a second, 100 more that stopped reading.

Measured from before the callback is sent until the frame that counts it has been read, for every callback and every subscriber. Goal:
99 % within 150 ms, 40 kB a connection. The bus waits up to 100 ms before it wakes subscribers again, so that is part of each figure.

`--people 500` has each callback tell of 500 people with ten tabs each, instead of one with all. `--ingest` books as many calls of
others beside it as the webhook takes. Server, database and `--clients` processes of subscribers share the machine's cores.
"""

import asyncio
import contextlib
import hashlib
import multiprocessing
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from typing import Any
from uuid import UUID, uuid4

import orjson

from gateway.db import Database
from gateway.keys.tables import ApiKey, ApiKeyGeneration, ApiKeyStatus
from gateway.users import queries
from tests.bench.live_client import Load, Report, subscribe
from tests.bench.serving import WEBHOOK_SECRET, arguments, connected, database, person, request, serving, sign_in

BATCH = 1_000


def token_hash(number: int) -> str:
    return hashlib.sha256(f"sk-bench-live-{number}".encode()).hexdigest()


async def give_keys(database_url: str, people: int) -> None:
    """A key for each person, whose calls LiteLLM reports under its `token_hash`."""
    db = Database(database_url)
    async with db.write() as session:
        ids = {row.username: row.id for row in await session.execute(queries.user.select())}
        for number in range(people):
            key = ApiKey(user_id=UUID(str(ids[person(number)])), name="bench", status=ApiKeyStatus.ACTIVE)
            session.add(key)
            await session.flush()
            session.add(
                ApiKeyGeneration(api_key_id=key.id, token_hash=token_hash(number), prefix="sk-be", last_four="live")
            )
    await db.close()


def callback(token_hashes: list[str | None]) -> bytes:
    now = datetime.now(UTC).timestamp()
    events: list[dict[str, Any]] = [
        {
            "litellm_call_id": uuid4().hex,
            "status": "success",
            "startTime": now - 0.5,
            "endTime": now,
            "model_group": "vendor/model",
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "response_cost": 0.0021,
            "metadata": {"user_api_key_hash": each},
        }
        for each in token_hashes
    ]
    headers = {"Content_Type": "application/json", "Authorization": f"Bearer {WEBHOOK_SECRET}"}
    return request("POST", "/webhooks/litellm", orjson.dumps(events), **headers)


@contextlib.contextmanager
def subscribed(loads: list[Load]) -> Iterator[list[Pipe]]:
    """A process for each load; each says "ready" when all of it is connected."""
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for load in loads:
        ours, theirs = context.Pipe()
        process = context.Process(target=subscribe, args=(load, theirs), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    try:
        yield pipes
    finally:
        for process in processes:
            process.terminate()
            process.join()


async def heard(pipes: list[Pipe]) -> list[Any]:
    """The next message of each process. EOFError when one has died."""
    return await asyncio.gather(*(asyncio.to_thread(pipe.recv) for pipe in pipes))


@contextlib.asynccontextmanager
async def others_call(port: int, when: bool) -> AsyncIterator[list[int]]:
    """Batches of calls with keys that are nobody's, one after the other; the list holds the size of each that was booked."""
    booked: list[int] = []

    async def send_all() -> None:
        async with connected(port) as litellm:
            while when:
                status, _, body = await litellm.send(callback([None] * BATCH))
                if status != 200:
                    raise RuntimeError(f"the webhook answered {status}: {body!r}")
                booked.append(BATCH)

    task = asyncio.create_task(send_all())
    try:
        yield booked
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def run(database_url: str, options: Any) -> None:
    count, people = options.subscribers, min(options.people, options.subscribers)
    with serving("tests.bench.gateway_server", database_url, str(people)) as server:
        cookies = [await sign_in(server.port, person(number)) for number in range(people)]
        await give_keys(database_url, people)
        each, rest = divmod(count, options.clients)
        loads = [Load(server.port, cookies, each + (n < rest)) for n in range(options.clients)]
        stalled = Load(server.port, cookies[:1], options.stalled, options.stalled)
        memory = server.memory
        with subscribed(loads) as pipes:
            await heard(pipes)
            per_connection = (server.memory - memory) / count
            with subscribed([stalled] if options.stalled else []) as stalled_pipes:
                await heard(stalled_pipes)
                memory = server.memory
                sent: list[float] = []
                answered: list[float] = []
                hashes: list[str | None] = [token_hash(number) for number in range(people)]
                async with connected(server.port) as litellm, others_call(server.port, options.ingest) as booked:
                    began, used = time.monotonic(), server.cpu_seconds
                    for number in range(int(options.seconds * options.rate)):
                        await asyncio.sleep(max(0.0, began + number / options.rate - time.monotonic()))
                        body = callback(hashes)
                        sent.append(time.monotonic())
                        status, _, answer = await litellm.send(body)
                        answered.append(time.monotonic() - sent[-1])
                        if status != 200:
                            raise RuntimeError(f"the webhook answered {status}: {answer!r}")
                    took, used = time.monotonic() - began, server.cpu_seconds - used
                await asyncio.sleep(2)
                grown = server.memory - memory
                for pipe in pipes:
                    pipe.send(sent)
                reports: list[Report] = await heard(pipes)
    latencies = array("d")
    for report in reports:
        latencies.extend(report.latencies)
    expected = count * len(sent)
    print(f"{count} subscribers of {people} people, {len(sent)} callbacks in {took:.1f} s")
    print(f"seen      {len(latencies):,} of {expected:,} (each callback by each subscriber)")
    messages = sum(report.messages for report in reports)
    clients = sum(report.cpu_seconds for report in reports)
    costs = f"{used / messages * 1e6:.1f} µs of the server's CPU for each one, {clients / messages * 1e6:.1f} µs of the clients'"
    print(f"messages  {messages / count:.0f} each, {costs}")
    goal = "p95 1 s beside full-speed booking" if options.ingest else "p99 150 ms"
    print(f"latency   {percentiles(latencies)} (goal: {goal})")
    print(f"webhook   {percentiles(answered)} until it was stored and answered")
    print(f"server    {used / took:.2f} of a core   {per_connection / 1024:.1f} kB a connection (goal: 40 kB)")
    print(f"stalled   {options.stalled}; the server grew by {grown / 2**20:.1f} MB during the run")
    if options.ingest:
        print(f"beside    {sum(booked) / took:,.0f} calls a second of others were booked")
    if len(latencies) != expected or any(report.lost for report in reports):
        raise SystemExit("some callbacks were not seen by everybody")


def percentiles(seconds: Any) -> str:
    ranked = sorted(seconds)
    return "   ".join(f"p{share} {ranked[len(ranked) * share // 100] * 1000:.0f} ms" for share in (50, 95, 99))


def main() -> None:
    options = arguments(
        __doc__ or "", subscribers=5_000, people=1, stalled=100, rate=10, seconds=20, clients=2, ingest=0
    )
    if options.smoke:
        options.subscribers, options.people, options.stalled, options.seconds, options.ingest = 50, 5, 2, 2, 1
    with database() as url:
        asyncio.run(run(url, options))


if __name__ == "__main__":
    main()
