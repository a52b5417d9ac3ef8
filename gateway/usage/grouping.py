"""Deliveries that come at the same time are booked in one transaction: under load that is half the work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_ITEMS = 10_000


class _Parcel(Generic[T]):
    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.answer: int | Exception | None = None


class Grouping(Generic[T]):
    """`write` takes parcels and says of each how many of its items are new; it does all or raises and has done nothing.

    While it runs, what comes waits, and is written next as one.
    """

    def __init__(self, write: Callable[[Sequence[Sequence[T]]], Awaitable[Sequence[int]]]) -> None:
        self._write = write
        self._waiting: list[_Parcel[T]] = []
        self._turn = asyncio.Lock()

    async def add(self, items: Sequence[T]) -> int:
        """How many were new. Raises what `write` raises for these alone: a group that fails is tried again parcel by parcel."""
        parcel = _Parcel(items)
        self._waiting.append(parcel)
        try:
            # What came in the same moment goes along.
            await asyncio.sleep(0)
            while parcel.answer is None:
                async with self._turn:
                    if parcel.answer is None:
                        await self._write_next()
        finally:
            if parcel in self._waiting:
                self._waiting.remove(parcel)
        if isinstance(parcel.answer, Exception):
            raise parcel.answer
        return parcel.answer

    async def _write_next(self) -> None:
        """The oldest parcels. One that is not answered for, since whoever wrote was cancelled, goes on waiting."""
        group, items = self._waiting[:1], len(self._waiting[0].items)
        for parcel in self._waiting[1:]:
            items += len(parcel.items)
            if items > MAX_ITEMS:
                break
            group.append(parcel)
        try:
            answers = await self._write([parcel.items for parcel in group])
        except Exception as error:
            if len(group) == 1:
                self._answer(group[0], error)
                return
        else:
            for parcel, answer in zip(group, answers, strict=True):
                self._answer(parcel, answer)
            return
        for parcel in group:
            try:
                (answer,) = await self._write([parcel.items])
            except Exception as error:
                self._answer(parcel, error)
            else:
                self._answer(parcel, answer)

    def _answer(self, parcel: _Parcel[T], answer: int | Exception) -> None:
        parcel.answer = answer
        if parcel in self._waiting:
            self._waiting.remove(parcel)
