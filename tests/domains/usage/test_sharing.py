"""Who asks the same at the same time: one reading, and never one that began before the question."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.errors import NotPermitted
from gateway.usage import Scope, Sums, TimeRange, UsageService, View
from gateway.usage.sharing import Sharing
from tests.builders import a_person
from tests.domains.usage.ledger import NOON, a_call, a_key, totals_of


class Readings:
    """Each waits until it is let go; answers with its number."""

    def __init__(self) -> None:
        self.begun = 0
        self.next: asyncio.Queue[int] = asyncio.Queue()
        self._gates: list[asyncio.Event] = []
        self.error: Exception | None = None

    async def read(self) -> int:
        gate = asyncio.Event()
        self._gates.append(gate)
        self.begun += 1
        number = self.begun
        self.next.put_nowait(number)
        await gate.wait()
        if self.error:
            raise self.error
        return number

    def finish(self, number: int) -> None:
        self._gates[number - 1].set()


async def settled() -> None:
    """All tasks have come as far as they can without the readings."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_comes_while_it_is_read_shares_the_next() -> None:
    sharing, readings = Sharing[int](), Readings()
    first = [asyncio.create_task(sharing.ask("q", readings.read)) for _ in range(3)]
    assert await readings.next.get() == 1
    later = [asyncio.create_task(sharing.ask("q", readings.read)) for _ in range(3)]
    other = asyncio.create_task(sharing.ask("another", readings.read))
    assert await readings.next.get() == 2
    await settled()
    assert readings.begun == 2  # the second is of the other question
    readings.finish(1)
    assert await asyncio.gather(*first) == [1, 1, 1]
    assert await readings.next.get() == 3
    readings.finish(3)
    readings.finish(2)
    assert await asyncio.gather(*later, other) == [3, 3, 3, 2]
    again = asyncio.create_task(sharing.ask("q", readings.read))
    assert await readings.next.get() == 4
    readings.finish(4)
    assert await again == 4


async def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    sharing, readings = Sharing[int](), Readings()
    leaver, stayer = [asyncio.create_task(sharing.ask("q", readings.read)) for _ in range(2)]
    assert await readings.next.get() == 1
    leaver.cancel()
    readings.finish(1)
    assert await stayer == 1
    assert leaver.cancelled()


async def test_an_error_is_everybodys_and_over_with_the_next() -> None:
    sharing, readings = Sharing[int](), Readings()
    readings.error = OSError("gone")
    asked = [asyncio.create_task(sharing.ask("q", readings.read)) for _ in range(2)]
    assert await readings.next.get() == 1
    later = asyncio.create_task(sharing.ask("q", readings.read))
    await settled()
    readings.finish(1)
    for task in asked:
        with pytest.raises(OSError, match="gone"):
            await task
    assert await readings.next.get() == 2
    readings.error = None
    readings.finish(2)
    assert await later == 2


async def test_everybodys_usage_is_read_once_for_all_who_ask(
    db: Database, service: UsageService, ada: Actor, alice: Actor
) -> None:
    eve, bob = await a_person(db, "eve", Role.AUDITOR), await a_person(db, "bob")
    calls = [a_call(key=await a_key(db, alice, "k")), a_call()]
    await service.ingest(calls)
    during = TimeRange(NOON - timedelta(hours=3), NOON + timedelta(hours=3))
    statements: list[str] = []

    def note(*facts: object) -> None:
        statements.append(str(facts[2]))

    engine = db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        asked = [(View(during, scope=Scope.ALL), Sums())]
        await service.answer(ada, asked)
        alone = len(statements)
        statements.clear()
        answers = await asyncio.gather(*(service.answer(actor, asked) for actor in [ada, eve] * 8))
        assert len(statements) == alone
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert [list(answer.values()) for answer in answers] == [[totals_of(calls)]] * 16
    # One's own stays one's own, and who may not see all is refused beside those who may.
    own = [(View(during), Sums())]
    shown = await asyncio.gather(*(service.answer(actor, own) for actor in (alice, bob)))
    assert [answer[own[0]] for answer in shown] == [totals_of(calls[:1]), totals_of([])]
    refused, told = await asyncio.gather(service.answer(bob, asked), service.answer(ada, asked))
    assert isinstance(refused[asked[0]], NotPermitted)
    assert told[asked[0]] == totals_of(calls)
