"""What the whole dashboard costs in PostgreSQL as the ledger grows: `python -m tests.bench.dashboard`.

The same 90 days, people, keys and models with ever more calls, each in a database of its own on one server; everything that the
page asks is asked of each in turn, round by round, so that what else the machine does falls on all. A dashboard reads sums, so its
cost should hardly follow the number of calls.

"CPU" is that of the server's backend alone, which other work on the machine does not lengthen (much: it takes the processor's
caches), and is what ratios are made of; "time" is how long statements took. "Rows" is what the backend fetched by way of indexes.
The smallest ledger is sparse: few members have calls in an hour. What its pages cost for each row is the same.

Needs a server: the embedded one, or TEST_DATABASE_URL.
"""

import argparse
import asyncio
import re
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import event, text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.events import Bus
from gateway.usage import (
    Ask,
    Dimension,
    Heatmap,
    Interval,
    Scope,
    Series,
    Slices,
    Speeds,
    Sums,
    TimeRange,
    UsageFilter,
    UsageService,
    View,
)
from gateway.usage.policy import EVERYTHING
from tests.bench import worlds
from tests.bench.databases import a_database, a_kept_database, a_server, cpu_of
from tests.bench.worlds import NOW, id_of

ADMIN = Actor(user_id=uuid4(), username="ada", role=Role.ADMIN)
SOMEBODY = Actor(user_id=id_of("u", 1), username="person-1", role=Role.USER)
QUARTER, WARM_UP = timedelta(minutes=15), 2
BERLIN, INDIA = "Europe/Berlin", "Asia/Kolkata"
FETCHED = text("SELECT tup_fetched FROM pg_stat_database WHERE datname = current_database()")
SPENT = re.compile(r"([\d.]+) s user, ([\d.]+) s system")
FLUSH = text("SELECT pg_stat_force_next_flush()")


@dataclass(frozen=True)
class Page:
    """One reader's dashboard: a period, and the one before it of which as much has passed."""

    name: str
    during: TimeRange
    before: TimeRange
    actor: Actor = ADMIN
    wanted: UsageFilter = EVERYTHING
    scope: Scope = Scope.ALL
    zone: str = BERLIN

    @property
    def view(self) -> View:
        return View(self.during, self.wanted, self.scope)

    def asks(self) -> list[tuple[View, Ask]]:
        """All that the page shows, in one: overview, breakdowns, heatmap, speeds."""
        days = Series(Interval.DAY, self.zone)
        shown: list[Ask] = [Sums(), days, Heatmap(self.zone), Speeds(), *map(Slices, Dimension)]
        before = View(self.before, self.wanted, self.scope)
        return [*((self.view, ask) for ask in shown), *((before, ask) for ask in (Sums(), days, Speeds()))]


def lately(days: int, zone: str) -> tuple[TimeRange, TimeRange]:
    """The page's own "30 days" or "90 days": days of the reader's calendar to the end of today, and those before."""
    today = NOW.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    before, start, end = ((today + timedelta(days=n)).astimezone(UTC) for n in (1 - 2 * days, 1 - days, 1))
    passed = (NOW - start) // QUARTER * QUARTER
    return TimeRange(start, end), TimeRange(before, min(start, before + passed))


def pages() -> list[Page]:
    ended = TimeRange(NOW - timedelta(days=45, hours=3, minutes=5), NOW - timedelta(days=15))
    model, provider = UsageFilter(model_ids=[id_of("m", 7)]), UsageFilter(providers=["provider-2"])
    return [
        Page("everybody, 30 days", *lately(30, BERLIN)),
        Page("everybody, 90 days", *lately(90, BERLIN)),
        Page("everybody, 90 days, India", *lately(90, INDIA), zone=INDIA),
        Page("everybody, to the minute", ended, ended.before()),
        Page("one model, 90 days", *lately(90, BERLIN), wanted=model),
        Page("one provider, 90 days", *lately(90, BERLIN), wanted=provider),
        Page("one person, 90 days", *lately(90, BERLIN), actor=SOMEBODY, scope=Scope.OWN),
    ]


@dataclass
class Cost:
    """Of one page in one ledger, round by round: milliseconds of CPU and of statements; how many of them go into plans; and the rows
    fetched for it."""

    cpu: list[float] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    planning: float = 0
    rows: int = 0


class Reader:
    """Asks one ledger, on one connection."""

    def __init__(self, url: str) -> None:
        self.db = Database(url, pool_size=1)
        self._service = UsageService(self.db, Bus(url))
        self._spent = 0.0
        self._began = 0.0
        engine = self.db.engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)

    def _begin(self, *_: object) -> None:
        self._began = perf_counter()

    def _end(self, *_: object) -> None:
        self._spent += perf_counter() - self._began

    async def start(self) -> None:
        async with self.db.read() as session:
            self._backend = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()

    async def ask(self, page: Page) -> tuple[float, float]:
        """(CPU, time) in milliseconds."""
        self._spent, before = 0.0, cpu_of(self._backend)
        answers = await self._service.answer(page.actor, page.asks())
        if problems := [answer for answer in answers.values() if isinstance(answer, Exception)]:
            raise problems[0]
        await self._service.calls_of(page.actor, page.view, 10)
        return (cpu_of(self._backend) - before) * 1000, self._spent * 1000

    async def planning(self, page: Page, rounds: int) -> float:
        """Milliseconds of CPU that go into plans, as the server tells. Telling costs more than planning does."""
        connection = await self.db.engine.raw_connection()
        driver: Any = connection.driver_connection
        connection.close()  # back to the pool, which has no other
        told: list[float] = []

        def hear(_: object, message: Any) -> None:
            if message.message == "PLANNER STATISTICS" and (spent := SPENT.search(message.detail)):
                told.append(sum(map(float, spent.groups())) * 1000)

        driver.add_log_listener(hear)
        await driver.execute("SET log_planner_stats = on; SET client_min_messages = log")
        sums = []
        for _ in range(rounds):
            told.clear()
            await self.ask(page)
            sums.append(sum(told))
        await driver.execute("RESET log_planner_stats; RESET client_min_messages")
        driver.remove_log_listener(hear)
        return statistics.median(sums)

    async def rows(self, page: Page) -> int:
        """Fetched for the page."""
        counts = []
        for _ in range(2):
            async with self.db.read() as session:
                await session.execute(FLUSH)
                counts.append((await session.execute(FETCHED)).scalar_one())
            await self.ask(page)
        async with self.db.read() as session:
            await session.execute(FLUSH)
            counts.append((await session.execute(FETCHED)).scalar_one())
        return int(counts[-1] - counts[-2])


async def measure(urls: Sequence[str], rounds: int) -> list[dict[str, Cost]]:
    """{page: its cost} for each ledger."""
    readers = [Reader(url) for url in urls]
    costs = [{page.name: Cost() for page in pages()} for _ in urls]
    for reader in readers:
        await reader.start()
    for n in range(rounds + WARM_UP):
        for page in pages():
            for reader, cost in zip(readers, costs, strict=True):
                cpu, time = await reader.ask(page)
                if n >= WARM_UP:
                    cost[page.name].cpu.append(cpu)
                    cost[page.name].time.append(time)
    for reader, cost in zip(readers, costs, strict=True):
        for page in pages():
            cost[page.name].planning = await reader.planning(page, min(rounds, 9))
            cost[page.name].rows = await reader.rows(page)
        await reader.db.close()
    return costs


def show(counts: Sequence[int], costs: Sequence[dict[str, Cost]]) -> None:
    for page in pages():
        print(page.name)
        first = statistics.median(costs[0][page.name].cpu)
        for count, cost in zip(counts, (found[page.name] for found in costs), strict=True):
            cpu = statistics.median(cost.cpu)
            print(
                f"  {count:>10,} calls: CPU {cpu:6.1f} ms (p95 {p95(cost.cpu):6.1f}, plans {cost.planning:4.1f}),"
                f" {cpu / first:5.2f} of {counts[0]:,};"
                f" time p95 {p95(cost.time):7.1f} ms; {cost.rows:>7,} rows, {cpu * 1000 / (cost.rows or 1):5.2f} µs each"
            )


def p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="few calls, to see that it runs")
    parser.add_argument("--counts", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="a folder for the ledgers, so that the next run finds them made")
    options = parser.parse_args()
    if options.smoke:
        options.counts, options.rounds = [500, 2_000], 2
    with a_server(options.keep) as server, ExitStack() as stack:
        urls = []
        for count in options.counts:
            began, make = perf_counter(), partial(worlds.make, count=count)
            if options.keep:
                urls.append(a_kept_database(server, f"ledger_{count}", make))
            else:
                urls.append(stack.enter_context(a_database(server)))
                asyncio.run(make(urls[-1]))
            print(f"{count:,} calls made in {perf_counter() - began:,.0f} s", flush=True)
        print(
            f"{worlds.DAYS} days, {worlds.PEOPLE} people, {worlds.PEOPLE * worlds.KEYS_EACH:,} keys, {worlds.MODELS} models"
        )
        show(options.counts, asyncio.run(measure(urls, options.rounds)))


if __name__ == "__main__":
    main()
