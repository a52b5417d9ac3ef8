"""The bus on real PostgreSQL: a wake for each change, few wakes for many, none for what was rolled back, none lost."""

import asyncio
import time
from contextlib import suppress

import asyncpg
import pytest

from gateway.db import Database, asyncpg_dsn
from gateway.events import Bus, Wakes, publish

SOON = 3.0
"""Longer than any wake takes on a busy machine; a test that waits this long has failed."""
NEVER = 0.4


async def tell(db: Database, *topics: str) -> None:
    async with db.write() as session:
        await publish(session, topics)


async def wake(wakes: Wakes) -> float:
    await asyncio.wait_for(anext(wakes), SOON)
    return time.monotonic()


async def is_quiet(wakes: Wakes) -> bool:
    try:
        await asyncio.wait_for(anext(wakes), NEVER)
    except TimeoutError:
        return True
    return False


async def cut(database_url: str) -> int:
    """End the bus's connection, as a restart of the server would; how many were ended."""
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    try:
        return int(
            await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'litemaas bus'"
            )
        )
    finally:
        await connection.close()


async def test_wakes_for_its_topics_only(db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a", "b"]) as wakes:
        await tell(db, "b", "b", "z")
        await wake(wakes)
        await tell(db, "c", "ab")
        assert await is_quiet(wakes)


async def test_one_message_for_many_topics_is_one_wake(db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a", "b"]) as wakes:
        await tell(db, "a", "b")
        await wake(wakes)
        assert await is_quiet(wakes)


async def test_silent_until_commit_and_after_rollback(db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a"]) as wakes:
        with suppress(ZeroDivisionError):
            async with db.write() as session:
                await publish(session, ["a"])
                raise ZeroDivisionError
        assert await is_quiet(wakes)
        async with db.write() as session:
            await publish(session, ["a"])
            assert await is_quiet(wakes)
        await wake(wakes)


async def test_two_at_once_and_the_third_after_the_interval(db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a"], interval=600) as wakes:
        for _ in range(2):
            await tell(db, "a")
            await wake(wakes)
        await tell(db, "a")
        assert await is_quiet(wakes)


async def test_changes_faster_than_the_interval_are_one_wake_each_interval(db: Database, bus: Bus) -> None:
    interval = 0.1
    woken: list[float] = []
    enough = asyncio.Event()

    async def watch(wakes: Wakes) -> None:
        async for _ in wakes:
            woken.append(time.monotonic())
            if len(woken) == 10:
                enough.set()

    async def change() -> None:
        while True:
            await tell(db, "a")

    async with bus.subscribe(["a"], interval=interval) as wakes:
        began = time.monotonic()
        tasks = [asyncio.ensure_future(watch(wakes)), asyncio.ensure_future(change())]
        await asyncio.wait_for(enough.wait(), 10 * SOON)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert all(number <= 2.1 + (at - began) / interval for number, at in enumerate(woken, 1))


async def test_a_change_while_the_subscriber_is_busy_waits_for_it(db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a"], interval=0.01) as wakes, bus.subscribe(["a"], interval=0.01) as witness:
        for _ in range(3):
            await tell(db, "a")
            await wake(witness)
        await wake(wakes)
        assert await is_quiet(wakes)


async def test_a_cancelled_wait_keeps_the_wake(db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a"]) as wakes, bus.subscribe(["a"]) as witness:
        waiting = asyncio.ensure_future(anext(wakes))
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await tell(db, "a")
        await wake(witness)
        await wake(wakes)


async def test_connects_again_and_wakes_everybody(database_url: str, db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a"]) as wakes:
        assert await cut(database_url) == 1
        await wake(wakes)  # something may have been missed
        assert bus.listening
        assert await is_quiet(wakes)
        await tell(db, "a")
        await wake(wakes)


async def test_a_change_while_disconnected_is_found_after_connecting(database_url: str, db: Database, bus: Bus) -> None:
    """Whatever the order of cut, commit and reconnection: who reads at each wake ends with what is true."""
    async with db.write() as session:
        await (await session.connection()).exec_driver_sql("CREATE TABLE counter AS SELECT 0 AS n")

    async def increment() -> None:
        async with db.write() as session:
            await (await session.connection()).exec_driver_sql("UPDATE counter SET n = n + 1")
            await publish(session, ["counter"])

    async def watch(wakes: Wakes) -> None:
        async for _ in wakes:
            async with db.read() as session:
                seen = (await (await session.connection()).exec_driver_sql("SELECT n FROM counter")).scalar_one()
            if seen == 40:
                return

    async with bus.subscribe(["counter"], interval=0.02) as wakes:
        watching = asyncio.ensure_future(watch(wakes))
        for turn in range(40):
            if turn % 10 == 5 or turn == 39:
                await cut(database_url)
            await increment()
            await asyncio.sleep(0.01)
        await asyncio.wait_for(watching, SOON)


async def test_starts_without_a_database_and_stops(db: Database) -> None:
    bus = Bus("postgresql://nobody@127.0.0.1:1/none")
    await asyncio.wait_for(bus.start(), SOON)
    assert not bus.listening
    await asyncio.wait_for(bus.stop(), SOON)


async def test_stopping_ends_the_subscriptions(bus: Bus) -> None:
    async def count(wakes: Wakes) -> int:
        return len([None async for _ in wakes])

    async with bus.subscribe(["a"]) as wakes:
        counting = asyncio.ensure_future(count(wakes))
        await asyncio.sleep(0)
        await bus.stop()
        assert await asyncio.wait_for(counting, SOON) == 0
    async with bus.subscribe(["a"]) as late:
        assert await asyncio.wait_for(count(late), SOON) == 0


async def test_leaving_leaves_nothing(db: Database, bus: Bus) -> None:
    async with bus.subscribe(["a", "b"], interval=5) as wakes:
        await tell(db, "a")
        await wake(wakes)
        await tell(db, "a")
    async with bus.subscribe(["a"]) as other:
        assert set(bus._by_topic) == {"a"}
        await tell(db, "a")
        await wake(other)
    assert not bus._by_topic
    assert not bus._groups


async def test_more_topics_than_one_message_holds(db: Database, bus: Bus) -> None:
    topics = [f"usage:key:{n:050}" for n in range(1_000)]
    async with bus.subscribe(topics[:1]) as first, bus.subscribe(topics[-1:]) as last:
        await tell(db, *topics)
        await wake(first)
        await wake(last)


@pytest.mark.parametrize("topic", ["", "two words", "a\nb", "ü", "a" * 201])
async def test_what_is_not_a_topic_is_refused(db: Database, topic: str) -> None:
    with pytest.raises(ValueError, match="not a topic"):
        await tell(db, topic)


async def test_many_subscribers_are_all_woken(db: Database, bus: Bus) -> None:
    subscribers = [bus.subscribe(["a"]) for _ in range(5_000)]
    for wakes in subscribers:
        await wakes.__aenter__()
    waiting = [asyncio.ensure_future(anext(wakes)) for wakes in subscribers]
    await asyncio.sleep(0)
    await tell(db, "a")
    done, late = await asyncio.wait(waiting, timeout=10)
    assert (len(done), len(late)) == (5_000, 0)
