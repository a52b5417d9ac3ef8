"""Many who ask the same at the same time are answered by one reading."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Sharing(Generic[T]):
    """No answer is older than its question: whoever asks while the same is being read gets the next reading, as do all who
    come until that begins."""

    def __init__(self) -> None:
        self._reading: dict[Hashable, asyncio.Task[T]] = {}
        self._waiting: dict[Hashable, asyncio.Task[T]] = {}

    async def ask(self, question: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives, or raises. It goes on for the others when one who asked is cancelled."""
        if question not in self._waiting:
            before = self._reading.get(question)
            self._waiting[question] = asyncio.create_task(self._read(question, read, before), name="shared reading")
        return await asyncio.shield(self._waiting[question])

    async def _read(self, question: Hashable, read: Callable[[], Awaitable[T]], before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        mine = self._reading[question] = self._waiting.pop(question)
        try:
            return await read()
        finally:
            if self._reading[question] is mine:
                del self._reading[question]
