"""Buckets, and those in memory."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket holds `capacity` points when it is full, and gains `per_second` until it is."""

    capacity: int
    per_second: float

    @property
    def window(self) -> float:
        """Seconds from empty to full."""
        return self.capacity / self.per_second


class Draw(NamedTuple):
    """`points` from the caller's bucket of this name; negative ones are put back."""

    bucket: str
    points: float
    rate: Rate


class Taken(NamedTuple):
    """`wait` is 0 if the points were taken; else nothing was, and so many seconds later there would be enough."""

    wait: float
    left: tuple[float, ...]
    """What each bucket holds now, in the order of the draws."""


class Buckets(Protocol):
    @property
    def shared(self) -> bool:
        """Whether all replicas count together at present."""

    async def take(self, caller: str, draws: Sequence[Draw]) -> Taken:
        """Draw from all of these buckets, or from none if one of them holds too little."""

    async def close(self) -> None:
        """Let go of connections."""


class MemoryBuckets:
    """The buckets of one process. Of more than `most` the least recently used are forgotten, which makes them full."""

    def __init__(self, *, most: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()  # (points, when)

    shared = False

    def __len__(self) -> int:
        return len(self._kept)

    async def take(self, caller: str, draws: Sequence[Draw]) -> Taken:
        return self.take_now(caller, draws)

    def take_now(self, caller: str, draws: Sequence[Draw]) -> Taken:
        now = self._clock()
        left = [self._level(caller, draw, now) for draw in draws]
        wait = max([0.0, *((draw.points - has) / draw.rate.per_second for draw, has in zip(draws, left, strict=True))])
        if wait == 0:
            for index, draw in enumerate(draws):
                left[index] = min(draw.rate.capacity, left[index] - draw.points)
                key = (caller, draw.bucket)
                self._kept[key] = (left[index], now)
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return Taken(wait, tuple(left))

    async def close(self) -> None:
        self._kept.clear()

    def _level(self, caller: str, draw: Draw, now: float) -> float:
        points, at = self._kept.get((caller, draw.bucket), (draw.rate.capacity, now))
        return min(draw.rate.capacity, points + (now - at) * draw.rate.per_second)
