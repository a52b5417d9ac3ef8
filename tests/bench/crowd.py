"""How long a 30-day dashboard takes to come, alone and with 32 people asking at once: `python -m tests.bench.crowd`.

One gateway process and a real PostgreSQL; each reader signs in and sends what the page sends, four queries at the same time, and
has the dashboard when the last answer has come. Everybody's usage as admins see it, and people's own. Beside it stands what the Node.js
LiteMaaS was said to need for a 30-day dashboard; that was measured elsewhere, on another machine, not in this run.
"""

import asyncio
import contextlib
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg
import orjson

from gateway.db import asyncpg_dsn
from tests.bench import worlds
from tests.bench.dashboard import BERLIN, lately, p95
from tests.bench.databases import a_database, cpu_of
from tests.bench.serving import Server, arguments, connected, person, request, serving, sign_in

READERS = 32
WARMING = 6  # rounds, until documents are known, and every connection to the database has prepared and planned every statement
BACKENDS = """SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
QUERIES = ("UsageOverviewQuery", "UsageBreakdownsQuery", "UsageHeatmapQuery", "UsageSpeedsQuery")
OPERATIONS = Path(__file__).parents[2] / "frontend" / "operations.json"
# Seconds that the Node.js LiteMaaS needed, as published: alone, and with 32 people asking.
ELSEWHERE_ALONE, ELSEWHERE_CROWD = 1.4, 73.0


@dataclass(frozen=True)
class Taken:
    """Seconds of each dashboard, and CPU seconds that one took on average."""

    who: str
    seconds: list[float]
    gateway: float
    postgres: float


def documents() -> list[str]:
    """The page's own, as they are built into the frontend."""
    texts = list(json.loads(OPERATIONS.read_text()).values())
    return [next(text for text in texts if text.startswith(f"query {name}(")) for name in QUERIES]


def variables(*, everybody: bool) -> dict[str, Any]:
    during, before = ({"start": span.start.isoformat(), "end": span.end.isoformat()} for span in lately(30, BERLIN))
    shown = {"range": during, "before": before, "compare": True, "interval": "DAY", "timeZone": BERLIN}
    return {"all": everybody, "filter": {}, **shown}


async def load(port: int, requests: Sequence[bytes]) -> float:
    """Seconds until all of a reader's dashboard has come, each query on a connection of its own, as in a browser."""
    async with contextlib.AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(connected(port)) for _ in requests]
        began = perf_counter()
        sent = zip(connections, requests, strict=True)
        answers = await asyncio.gather(*(connection.send(each) for connection, each in sent))
        taken = perf_counter() - began
    for status, _, body in answers:
        if status != 200 or b'"errors"' in body:
            raise RuntimeError(f"{status}: {body[:500]!r}")
    return taken


class Meter:
    """CPU seconds of the gateway and of PostgreSQL."""

    def __init__(self, server: Server, url: str) -> None:
        self._server, self._url = server, url

    async def read(self) -> tuple[float, float]:
        connection = await asyncpg.connect(asyncpg_dsn(self._url))
        backends = await connection.fetch(BACKENDS)
        await connection.close()
        return self._server.cpu_seconds, sum(cpu_of(backend["pid"]) for backend in backends)


async def measure(server: Server, meter: Meter, people: int, rounds: int, *, everybody: bool) -> list[Taken]:
    """One reader after the other, and all at once."""
    shown = variables(everybody=everybody)
    readers = []
    for n in range(people):
        cookie = await sign_in(server.port, person(n))
        headers = {"Content_Type": "application/json", "Cookie": cookie, "X_LiteMaaS_Request": "1"}
        bodies = [orjson.dumps({"query": document, "variables": shown}) for document in documents()]
        readers.append([request("POST", "/graphql", body, **headers) for body in bodies])

    async def all_at_once() -> list[float]:
        return list(await asyncio.gather(*(load(server.port, reader) for reader in readers)))

    for _ in range(WARMING):
        await all_at_once()
    found = []
    before = await meter.read()
    for who in ("alone", f"of {people} at once"):
        if who == "alone":
            seconds = [await load(server.port, readers[n % people]) for n in range(rounds * 4)]
        else:
            seconds = [taken for _ in range(rounds) for taken in await all_at_once()]
        after = await meter.read()
        found.append(Taken(who, seconds, *((b - a) / len(seconds) for a, b in zip(before, after, strict=True))))
        before = after
    return found


def show(name: str, found: Sequence[Taken], *, beside: bool) -> None:
    """`beside` the figures from elsewhere, which are of as many readers."""
    for taken, elsewhere in zip(found, (ELSEWHERE_ALONE, ELSEWHERE_CROWD), strict=True):
        half, most = statistics.median(taken.seconds), p95(taken.seconds)
        print(
            f"{name}, {taken.who}: p50 {half * 1000:7.1f} ms, p95 {most * 1000:7.1f} ms"
            f" (CPU of gateway {taken.gateway * 1000:.1f} ms, of PostgreSQL {taken.postgres * 1000:.1f} ms each)"
        )
        if beside:
            print(
                f"  {elsewhere:g} s elsewhere, not measured in this run: {elsewhere / half:,.0f} times p50,"
                f" {elsewhere / most:,.0f} times p95"
            )


def main() -> None:
    options = arguments((__doc__ or "").splitlines()[0], calls=1_000_000, rounds=10)
    calls, people, rounds = (2_000, 3, 1) if options.smoke else (options.calls, READERS, options.rounds)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(a_database())
        asyncio.run(worlds.make(url, calls))
        server = stack.enter_context(serving("tests.bench.gateway_server", url, str(people), "ADMIN"))
        print(f"{calls:,} calls over {worlds.DAYS} days")
        for name, everybody in (("everybody's usage", True), ("one's own usage", False)):
            show(
                name,
                asyncio.run(measure(server, Meter(server, url), people, rounds, everybody=everybody)),
                beside=not options.smoke,
            )


if __name__ == "__main__":
    main()
