"""What ticks show: states that can be put in order, read together for many, and exact."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, text

from gateway.db import Database, utc_now
from gateway.events import Bus
from gateway.usage import Scope, TimeRange, UsageFilter, UsageService, current_day
from gateway.usage.live import States
from tests.builders import a_person
from tests.domains.usage.ledger import a_call, a_key

EVERYTHING = UsageFilter()


@pytest.fixture
def service(db: Database, bus: Bus) -> UsageService:
    return UsageService(db, bus)


async def test_a_later_state_has_a_larger_position_wherever_it_was_read(
    db: Database, database_url: str, service: UsageService
) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    other_db = Database(database_url)
    replicas = [States(db), States(other_db)]
    ticks = []
    for number in range(6):
        await service.ingest([a_call(key=key, occurred_at=utc_now())])
        ticks.append(await replicas[number % 2].tick(alice, None, EVERYTHING, Scope.OWN))
    assert [tick.totals.requests for tick in ticks] == [1, 2, 3, 4, 5, 6]
    positions = [tick.position for tick in ticks]
    assert positions == sorted(set(positions))
    await other_db.close()


async def test_states_read_while_others_write_are_in_order(
    db: Database, database_url: str, service: UsageService
) -> None:
    """Whatever was read at the same moment elsewhere: of two states, the one with the larger position has at least as much."""
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    other_db = Database(database_url)
    replicas = [States(db), States(other_db)]
    seen: list[tuple[int, int]] = []
    done = asyncio.Event()

    async def look(states: States) -> None:
        while not done.is_set():
            tick = await states.tick(alice, None, EVERYTHING, Scope.OWN)
            seen.append((tick.position, tick.totals.requests))

    lookers = [asyncio.create_task(look(states)) for states in replicas]
    for _ in range(60):
        await service.ingest([a_call(key=key, occurred_at=utc_now())])
    done.set()
    await asyncio.gather(*lookers)
    counts = [count for _, count in sorted(seen)]
    assert counts == sorted(counts)
    assert len(seen) > 60
    assert (await replicas[0].tick(alice, None, EVERYTHING, Scope.OWN)).totals.requests == 60
    await other_db.close()


async def test_a_tick_says_what_totals_say(db: Database, service: UsageService) -> None:
    alice, bob = await a_person(db, "alice"), await a_person(db, "bob")
    mine, his = await a_key(db, alice, "a"), await a_key(db, bob, "b")
    now = utc_now()
    today = current_day(now)
    await service.ingest(
        [
            a_call(key=mine, occurred_at=today.start),
            a_call(key=mine, occurred_at=now, success=False, spend=Decimal("0.000000012345")),
            a_call(key=mine, occurred_at=today.start - timedelta(microseconds=1)),
            a_call(key=his, occurred_at=now, model_name="other"),
        ]
    )
    ragged = TimeRange(today.start - timedelta(minutes=30), today.end)
    week = TimeRange(today.end - timedelta(days=7), today.end)
    for during in (None, today, ragged, week):
        for wanted in (EVERYTHING, UsageFilter(api_key_ids=[mine.id])):
            async with aclosing(service.changes(alice, during, wanted)) as ticks:
                tick = await anext(ticks)
            assert tick.totals == await service.totals(alice, tick.during, wanted)
    async with aclosing(service.changes(alice, today)) as ticks:
        assert (await anext(ticks)).totals.spend == Decimal("0.001000012345")


async def test_who_used_nothing_has_zeros(db: Database, service: UsageService) -> None:
    async with aclosing(service.changes(await a_person(db, "alice"))) as ticks:
        tick = await anext(ticks)
    assert (tick.totals.requests, tick.totals.spend) == (0, 0)
    assert tick.position > 0


@pytest.mark.parametrize("people", [3, 30])
async def test_many_who_wake_together_are_read_in_one_statement(db: Database, people: int) -> None:
    actors = [await a_person(db) for _ in range(people)]
    states = States(db)
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", count)
    ticks = await asyncio.gather(*(states.tick(actor, None, EVERYTHING, Scope.OWN) for actor in actors))
    event.remove(db.engine.sync_engine, "before_cursor_execute", count)
    assert len(ticks) == people
    assert len(statements) == 1


async def test_one_who_leaves_does_not_take_the_others_along(db: Database) -> None:
    alice, bob = await a_person(db, "alice"), await a_person(db, "bob")
    states = States(db)
    leaving = [asyncio.create_task(states.tick(actor, None, EVERYTHING, Scope.OWN)) for actor in (alice, alice, bob)]
    await asyncio.sleep(0)
    leaving[0].cancel()
    await asyncio.wait(leaving, timeout=5)
    assert [task.cancelled() for task in leaving] == [True, False, False]
    assert all(task.result().totals.requests == 0 for task in leaving[1:])


async def test_ticks_outlive_a_restart_of_the_database(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    async with aclosing(service.changes(alice)) as ticks:
        first = await anext(ticks)
        async with db.write() as session:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await session.execute(text(f"{others} AND pid <> pg_backend_pid()"))
        await service.ingest([a_call(key=key, occurred_at=first.as_of)])
        async with asyncio.timeout(10):
            async for tick in ticks:
                if tick.totals.requests:
                    break
    assert tick.totals.requests == 1
