"""The bus: NOTIFY on one side, one LISTEN connection and an in-process fan-out on the other."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.db import asyncpg_dsn

CHANNEL = "litemaas"
MAX_PAYLOAD = 7_900  # bytes; PostgreSQL refuses 8,000
PING_SECONDS = 15.0
CONNECT_SECONDS = 5.0
FIRST_BACK_OFF, MAX_BACK_OFF = 0.1, 5.0  # seconds

log = structlog.get_logger(__name__)

NOTIFY = text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")


async def publish(session: AsyncSession, topics: Iterable[str]) -> None:
    """Wake the subscribers of `topics`, here and in every other replica, when the session's transaction commits.

    Any number of topics, each of printable ASCII without spaces and at most 200 characters; ValueError otherwise.
    """
    payloads = list(_payloads(sorted(set(topics))))
    if payloads:
        await session.execute(NOTIFY, {"channel": CHANNEL, "payloads": payloads})


def _payloads(topics: Iterable[str]) -> Iterator[str]:
    chunk: list[str] = []
    size = 0
    for topic in topics:
        if not (0 < len(topic) <= 200 and topic.isascii() and topic.isprintable() and " " not in topic):
            raise ValueError(f"not a topic: {topic!r}")
        if size + len(topic) + 1 > MAX_PAYLOAD:
            yield " ".join(chunk)
            chunk, size = [], 0
        chunk.append(topic)
        size += len(topic) + 1
    if chunk:
        yield " ".join(chunk)


class Wakes:
    """One subscriber: `async with bus.subscribe(…) as wakes: async for _ in wakes: …`.

    Counts from the moment of entering, so read what you show after that. What happens while you are busy is one wake,
    afterwards. The iteration ends when the bus stops.
    """

    def __init__(self, bus: "Bus", topics: frozenset[str], interval: float) -> None:
        self._bus, self._topics, self._interval = bus, topics, interval
        self._pending = self._closed = False
        self._waiter: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._bus._join(self, self._topics, self._interval)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bus._leave(self, self._topics, self._interval)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> None:
        if not self._pending and not self._closed:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._closed:
            raise StopAsyncIteration
        self._pending = False

    def _wake(self) -> None:
        self._pending = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _close(self) -> None:
        self._closed = True
        self._wake()


class _Group:
    """The subscribers of the same topics at the same pace. They share one timer: many cost little more than one."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.members: set[Wakes] = set()
        self._quiet_until = 0.0
        self._due: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """At once after a quiet interval, and once more; else when another may follow: one each interval, on average."""
        loop = asyncio.get_running_loop()
        if self._due is None:
            if loop.time() >= self._quiet_until:
                self._fire()
            else:
                self._due = loop.call_at(self._quiet_until, self._fire)

    def _fire(self) -> None:
        self._due = None
        # Not an interval from now: then one change that came late, among changes that come as fast as wakes may, would delay all
        # after it as much.
        self._quiet_until = max(self._quiet_until + self.interval, asyncio.get_running_loop().time())
        for member in self.members:
            member._wake()

    def cancel(self) -> None:
        if self._due is not None:
            self._due.cancel()


class Bus:
    """Listens on one connection of its own to `database_url`; connects again by itself, and then wakes everybody.

    `start()` returns when it listens or when the first try failed: it goes on trying. `stop()` ends all subscriptions.
    """

    def __init__(self, database_url: str) -> None:
        self._dsn = asyncpg_dsn(database_url)
        self._groups: dict[tuple[frozenset[str], float], _Group] = {}
        self._by_topic: dict[str, set[_Group]] = {}
        self._task: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._stopped = False
        self._back_off = FIRST_BACK_OFF
        self.listening = False
        """Whether messages of other replicas arrive at present."""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="bus")
        await self._tried.wait()

    async def stop(self) -> None:
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for group in list(self._groups.values()):
            group.cancel()
            for member in group.members:
                member._close()

    def subscribe(self, topics: Iterable[str], *, interval: float = 0.1) -> Wakes:
        """Wakes for any of `topics`: two at once after a pause, then one each `interval` seconds at most; none is lost."""
        return Wakes(self, frozenset(topics), interval)

    def _join(self, member: Wakes, topics: frozenset[str], interval: float) -> None:
        if self._stopped:
            member._close()
            return
        group = self._groups.get((topics, interval))
        if group is None:
            group = self._groups[topics, interval] = _Group(interval)
            for topic in topics:
                self._by_topic.setdefault(topic, set()).add(group)
        group.members.add(member)

    def _leave(self, member: Wakes, topics: frozenset[str], interval: float) -> None:
        group = self._groups.get((topics, interval))
        if group is None:
            return
        group.members.discard(member)
        if not group.members:
            group.cancel()
            del self._groups[topics, interval]
            for topic in topics:
                self._by_topic[topic].discard(group)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        affected: set[_Group] = set()
        for topic in str(payload).split(" "):
            affected |= self._by_topic.get(topic, set())
        for group in affected:
            group.wake()

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:  # whatever it is: a bus that gives up freezes every live page
                log.warning("bus.disconnected", error=type(error).__name__)
            self._tried.set()
            await asyncio.sleep(self._back_off)
            self._back_off = min(self._back_off * 2, MAX_BACK_OFF)

    async def _listen(self) -> None:
        """Until the connection is lost: then returns or raises, whichever way that was noticed."""
        connection = await asyncpg.connect(
            self._dsn, timeout=CONNECT_SECONDS, server_settings={"application_name": "litemaas bus"}
        )
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(CHANNEL, self._heard)
            self.listening = True
            self._back_off = FIRST_BACK_OFF
            self._tried.set()
            for group in self._groups.values():  # whatever was sent while nobody listened
                group.wake()
            while not lost.is_set():
                try:
                    await asyncio.wait_for(lost.wait(), PING_SECONDS)
                except TimeoutError:  # quiet, or cut off without a word
                    await connection.execute("SELECT 1", timeout=CONNECT_SECONDS)
            log.warning("bus.disconnected", error="connection closed")
        finally:
            self.listening = False
            connection.terminate()
