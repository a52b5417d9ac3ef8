"""Whose connections are held open: how many each caller may have, and when they must end because the caller's rights did."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from enum import Enum

from schema.tasks import ends_when_cancelled

Leave = Callable[[], None]


class Change(Enum):
    """What became of a caller."""

    GONE = "The session has ended."
    OTHER_RIGHTS = "The caller's rights have changed: connect again."


class TooManyConnections(Exception):
    """The caller has as many as are allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} live connections of this caller are open; more are not allowed.")


class LiveCallers:
    """The connections of this process. At most `limit` for each `person_of(caller)`; None, nobody, is a caller like others.

    `until_changed(caller)` returns when a caller is not what it was. It runs once for each caller, however many connections there are.
    """

    def __init__(
        self,
        until_changed: Callable[[Hashable], Awaitable[Change]],
        person_of: Callable[[Hashable], Hashable] = lambda caller: caller,
        limit: int = 100,
    ) -> None:
        self._until_changed, self._person_of, self._limit = until_changed, person_of, limit
        self._open: Counter[Hashable] = Counter()
        self._watches: dict[Hashable, _Watch] = {}

    def join(self, caller: Hashable | None, changed: Callable[[Change], None]) -> Leave:
        """Count a connection, and call `changed` once if it must end. Gives the function to leave. Raises TooManyConnections."""
        person = None if caller is None else self._person_of(caller)
        if self._open[person] >= self._limit:
            raise TooManyConnections(self._limit)
        self._open[person] += 1
        watch = None if caller is None else self._watch(caller)
        if watch is not None:
            watch.members.add(changed)

        def leave() -> None:
            self._open[person] -= 1
            if not self._open[person]:
                del self._open[person]
            if watch is not None:
                watch.members.discard(changed)
                if not watch.members:
                    watch.task.cancel()
                    self._forget(caller, watch)

        return leave

    def _watch(self, caller: Hashable) -> "_Watch":
        watch = self._watches.get(caller)
        if watch is None:
            watch = self._watches[caller] = _Watch()
            watch.task = asyncio.create_task(self._tell(caller, watch), name="live caller")
        return watch

    @ends_when_cancelled
    async def _tell(self, caller: Hashable, watch: "_Watch") -> None:
        change = await self._until_changed(caller)
        self._forget(caller, watch)
        for changed in tuple(watch.members):
            changed(change)

    def _forget(self, caller: Hashable, watch: "_Watch") -> None:
        if self._watches.get(caller) is watch:
            del self._watches[caller]


class _Watch:
    def __init__(self) -> None:
        self.members: set[Callable[[Change], None]] = set()
        self.task: asyncio.Task[None]
