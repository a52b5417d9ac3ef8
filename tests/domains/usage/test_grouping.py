"""Deliveries that are booked together do not share each other's fate."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.usage.grouping import MAX_ITEMS, Grouping


class Ledger:
    """Counts what is new; takes its time, refuses what is negative, and remembers in which groups things came."""

    def __init__(self) -> None:
        self.known: set[int] = set()
        self.groups: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, parcels: Sequence[Sequence[int]]) -> list[int]:
        self.groups.append(len(parcels))
        await self.open.wait()
        if any(item < 0 for parcel in parcels for item in parcel):
            raise ValueError("negative")
        found = [len(set(parcel) - self.known) for parcel in parcels]
        for parcel in parcels:
            self.known.update(parcel)
        return found


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def test_what_comes_at_the_same_time_is_one_group(ledger: Ledger) -> None:
    grouping = Grouping(ledger.write)
    assert await asyncio.gather(*(grouping.add([n, n + 100]) for n in range(8))) == [2] * 8
    assert ledger.groups == [8]
    assert await grouping.add([1, 2, 3]) == 0


async def test_what_comes_during_a_booking_is_the_next_group(ledger: Ledger) -> None:
    grouping = Grouping(ledger.write)
    ledger.open.clear()
    first = asyncio.ensure_future(grouping.add([1]))
    await asyncio.sleep(0.01)
    others = [asyncio.ensure_future(grouping.add([n])) for n in range(2, 6)]
    await asyncio.sleep(0.01)
    ledger.open.set()
    assert await asyncio.gather(first, *others) == [1] * 5
    assert ledger.groups == [1, 4]


async def test_a_group_has_its_bound(ledger: Ledger) -> None:
    grouping = Grouping(ledger.write)
    size = MAX_ITEMS // 2
    parcels = [list(range(n * size, (n + 1) * size)) for n in range(3)]
    assert await asyncio.gather(*map(grouping.add, parcels)) == [size] * 3
    assert ledger.groups == [2, 1]


async def test_one_that_fails_is_no_harm_to_the_others(ledger: Ledger) -> None:
    grouping = Grouping(ledger.write)
    answers = await asyncio.gather(*(grouping.add([n]) for n in (1, -1, 2)), return_exceptions=True)
    assert (answers[0], answers[2]) == (1, 1)
    assert isinstance(answers[1], ValueError)
    assert ledger.known == {1, 2}


async def test_one_that_is_cancelled_while_it_writes_is_no_harm_to_the_others(ledger: Ledger) -> None:
    grouping = Grouping(ledger.write)
    ledger.open.clear()
    adding = [asyncio.ensure_future(grouping.add([n])) for n in range(4)]
    await asyncio.sleep(0.01)
    adding[0].cancel()
    await asyncio.sleep(0.01)
    ledger.open.set()
    assert await asyncio.gather(*adding[1:]) == [1, 1, 1]
    assert adding[0].cancelled()
    assert ledger.known == {1, 2, 3}
