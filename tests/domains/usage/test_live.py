"""Live: a tick for each change that concerns the watcher and for no other, and every use of a key exactly once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.actor import Role
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.events import Bus, publish
from gateway.keys import ApiKeyStatus
from gateway.usage import Scope, TimeRange, TooFarBehind, UsageFilter, UsageService, ingest, live
from tests.builders import a_person
from tests.domains.usage.ledger import NOON, a_call, a_key, rows

T = TypeVar("T")
SOON, NEVER = 3.0, 0.4  # seconds


@pytest.fixture
def service(db: Database, bus: Bus) -> UsageService:
    return UsageService(db, bus)


async def take(steps: AsyncIterator[T]) -> T:
    return await asyncio.wait_for(anext(steps), SOON)


class Watching:
    """A generator run in a task of its own, so that waiting for nothing does not end it."""

    def __init__(self, steps: AsyncGenerator[Any, None]) -> None:
        self.seen: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.create_task(self._run(steps))

    async def _run(self, steps: AsyncGenerator[Any, None]) -> None:
        async with aclosing(steps):
            async for step in steps:
                self.seen.put_nowait(step)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.seen.get(), SOON)

    async def is_quiet(self) -> bool:
        await asyncio.sleep(NEVER)
        return self.seen.empty()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def watch(steps: AsyncGenerator[Any, None]) -> Watching:
    """Started, and past the tick with which `changes` begins."""
    watching = Watching(steps)
    await watching.next()
    return watching


async def test_ticks_are_for_whom_they_concern(db: Database, service: UsageService) -> None:
    alice, bob, audrey = [
        await a_person(db, name, role)
        for name, role in (("alice", Role.USER), ("bob", Role.USER), ("audrey", Role.AUDITOR))
    ]
    a1, a2, b1 = await a_key(db, alice, "a1"), await a_key(db, alice, "a2"), await a_key(db, bob, "b1")
    during = TimeRange(NOON, NOON + timedelta(hours=1))
    watching = {
        name: await watch(service.changes(actor, during, UsageFilter(**wanted), scope, interval=0.01))
        for name, actor, wanted, scope in (
            ("alice", alice, {}, Scope.OWN),
            ("alice's a2", alice, {"api_key_ids": [a2.id]}, Scope.OWN),
            ("alice, curious", alice, {"api_key_ids": [b1.id]}, Scope.OWN),
            ("alice, nosy", alice, {"user_ids": [bob.user_id]}, Scope.OWN),
            ("audrey", audrey, {}, Scope.ALL),
            ("audrey's own", audrey, {}, Scope.OWN),
            ("audrey on b1", audrey, {"api_key_ids": [b1.id]}, Scope.ALL),
            ("audrey on alice", audrey, {"user_ids": [alice.user_id]}, Scope.ALL),
        )
    }

    async def tick(*names: str) -> None:
        """These do, however long it takes, and nobody else."""
        async with asyncio.timeout(20):
            await asyncio.gather(*(watching[name].seen.get() for name in names))
        await asyncio.sleep(NEVER)
        others = {name for name, one in watching.items() if not one.seen.empty()} - set(names)
        assert others == set()
        for one in watching.values():
            one.seen = asyncio.Queue()

    try:
        await service.ingest([a_call(key=a1)])
        await tick("alice", "alice, nosy", "audrey", "audrey on alice")
        await service.ingest([a_call(key=a2)])
        await tick("alice", "alice's a2", "alice, nosy", "audrey", "audrey on alice")
        await service.ingest([a_call(key=b1)])
        await tick("audrey", "audrey on b1")
        await service.ingest([a_call()])
        await tick("audrey")
    finally:
        for one in watching.values():
            await one.stop()


async def test_a_tick_at_once_and_what_is_read_then_is_new(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    async with aclosing(service.changes(alice)) as ticks:
        first = await take(ticks)
        assert abs(first.as_of - utc_now()) < timedelta(seconds=10)
        today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        assert first.during in (
            TimeRange(today, today + timedelta(days=1)),
            TimeRange(today - timedelta(days=1), today),
        )
        await service.ingest([a_call(key=key, occurred_at=first.as_of)])
        second = await take(ticks)
        assert second.as_of > first.as_of
        assert (await service.totals(alice, second.during)).requests == 1


async def test_a_burst_is_two_ticks_until_the_interval_is_over(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    watching = await watch(service.changes(alice, interval=600))
    for _ in range(2):
        await service.ingest([a_call(key=key)])
        await watching.next()
    for _ in range(13):
        await service.ingest([a_call(key=key)])
    assert await watching.is_quiet()
    await watching.stop()


async def test_all_is_for_those_who_may(db: Database, service: UsageService) -> None:
    with pytest.raises(NotPermitted):
        await take(service.changes(await a_person(db, "alice"), scope=Scope.ALL))


async def test_the_uses_of_a_key(db: Database, service: UsageService) -> None:
    alice, audrey = await a_person(db, "alice"), await a_person(db, "audrey", Role.AUDITOR)
    key, other = await a_key(db, alice, "k"), await a_key(db, alice, "other")
    await service.ingest([a_call(key=key, call_id="before")])
    both = [Watching(service.uses(actor, key.id)) for actor in (alice, audrey)]
    await asyncio.sleep(NEVER)
    await service.ingest([a_call(key=key, call_id="c1"), a_call(key=other), a_call(), a_call(key=key, call_id="c2")])
    await service.ingest([a_call(key=key, call_id="c2"), a_call(key=key, call_id="before")])
    # An event that comes late, with a time before those already told, is told too.
    await service.ingest([a_call(key=key, call_id="late", occurred_at=NOON - timedelta(days=3), success=False)])
    for watching in both:
        seen = [await watching.next() for _ in range(3)]
        assert {row.call_id for row in seen[:2]} == {"c1", "c2"}
        assert (seen[2].call_id, seen[2].success, seen[2].api_key_id) == ("late", False, key.id)
        assert await watching.is_quiet()
        await watching.stop()


async def test_every_use_once_however_writers_overlap(db: Database, database_url: str, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    other_db = Database(database_url)
    other = UsageService(other_db, Bus(database_url))
    watching = Watching(service.uses(alice, key.id))
    await asyncio.sleep(NEVER)
    await asyncio.gather(
        *((service, other)[n % 2].ingest([a_call(key=key, call_id=f"{n}-{m}") for m in range(n)]) for n in range(40))
    )
    seen = [(await watching.next()).call_id for _ in range(sum(range(40)))]
    assert len(set(seen)) == len(seen)
    assert await watching.is_quiet()
    await watching.stop()
    await other_db.close()


async def test_a_slow_commit_is_not_overtaken(db: Database, service: UsageService) -> None:
    """A batch begun first and committed last: what comes after it is told after it."""
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    watching = Watching(service.uses(alice, key.id))
    await asyncio.sleep(NEVER)
    async with db.write() as session:
        await publish(session, live.topics_of(await ingest.store(session, [a_call(key=key, call_id="slow")], NOON)))
        quick = asyncio.ensure_future(service.ingest([a_call(key=key, call_id="quick")]))
        assert await watching.is_quiet()
    await quick
    assert [(await watching.next()).call_id for _ in range(2)] == ["slow", "quick"]
    await watching.stop()


async def test_uses_after_a_position_come_first_and_once(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key, other = await a_key(db, alice, "k"), await a_key(db, alice, "other")
    await service.ingest([a_call(key=key, call_id="known")])
    ((position,),) = await rows(db, "SELECT seq FROM usage_event")
    await service.ingest([a_call(key=key, call_id=f"missed-{n}") for n in range(600)] + [a_call(key=other)])
    watching = Watching(service.uses(alice, key.id, position))
    missed = [await watching.next() for _ in range(600)]
    assert {row.call_id for row in missed} == {f"missed-{n}" for n in range(600)}
    await service.ingest([a_call(key=key, call_id="live")])
    assert (await watching.next()).call_id == "live"
    assert await watching.is_quiet()
    await watching.stop()
    newest = missed[-1].seq
    watching = Watching(service.uses(alice, key.id, newest))
    assert (await watching.next()).call_id == "live"
    assert await watching.is_quiet()
    await watching.stop()


async def test_how_much_may_be_missed(db: Database, service: UsageService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_MISSED", 5)
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    await service.ingest([a_call(key=key, call_id=f"c{n}") for n in range(6)])
    first, *_ = await rows(db, "SELECT seq FROM usage_event ORDER BY seq")
    async with aclosing(service.uses(alice, key.id, first.seq)) as uses:
        assert len({(await take(uses)).call_id for _ in range(5)}) == 5
    with pytest.raises(TooFarBehind) as refused:
        await take(service.uses(alice, key.id, 0))
    assert refused.value.limit == 5
    with pytest.raises(InvalidInput) as invalid:
        await take(service.uses(alice, key.id, -1))
    assert invalid.value.field == "after"


async def test_what_was_missed_of_a_revoked_key_is_told_before_the_end(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    await service.ingest([a_call(key=key, call_id="missed")])
    async with db.write() as session:
        await session.execute(text("UPDATE api_key SET status = 'REVOKED'"))
    assert [row.call_id async for row in service.uses(alice, key.id, 0)] == ["missed"]


async def test_more_uses_than_one_read_holds(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    watching = Watching(service.uses(alice, key.id))
    await asyncio.sleep(NEVER)
    await service.ingest([a_call(key=key, call_id=f"c{n}") for n in range(1_234)])
    assert len({(await watching.next()).call_id for _ in range(1_234)}) == 1_234
    assert await watching.is_quiet()
    await watching.stop()


async def test_a_key_of_somebody_else_is_not_there(db: Database, service: UsageService) -> None:
    key = await a_key(db, await a_person(db, "alice"), "k")
    bob = await a_person(db, "bob")
    for key_id in (key.id, uuid4()):
        with pytest.raises(NotFound):
            await take(service.uses(bob, key_id))


async def test_the_uses_of_a_revoked_key_end(db: Database, service: UsageService) -> None:
    """At once when that is published, else after the next event, which is still told."""
    alice = await a_person(db, "alice")
    published, silent = await a_key(db, alice, "published"), await a_key(db, alice, "silent")
    told, untold = Watching(service.uses(alice, published.id)), Watching(service.uses(alice, silent.id))
    await asyncio.sleep(NEVER)
    async with db.write() as session:
        await session.execute(text("UPDATE api_key SET status = 'REVOKED'"))
        await publish(session, [f"api_key:{published.id}"])
    await asyncio.wait_for(told.task, SOON)
    assert told.seen.empty()
    assert not untold.task.done()
    await service.ingest([a_call(key=silent, call_id="last")])
    await asyncio.wait_for(untold.task, SOON)
    assert (await untold.next()).call_id == "last"
    gone = await a_key(db, alice, "gone", status=ApiKeyStatus.REVOKED)
    with pytest.raises(StopAsyncIteration):
        await take(service.uses(alice, gone.id))
