"""What is told as it happens: subscribe first, then read, so that nothing falls in between."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import DomainError, InvalidInput, NotFound, NotPermitted
from gateway.events import Bus
from gateway.keys import ApiKeyStatus
from gateway.usage import lookups, queries
from gateway.usage.answers import Totals, View
from gateway.usage.ingest import DROPPED_BEFORE, Stored
from gateway.usage.policy import EVERYTHING, HOUR, Scope, TimeRange, UsageFilter, current_day, hour_of

ENDED = {ApiKeyStatus.REVOKED, ApiKeyStatus.EXPIRED, ApiKeyStatus.FAILED}
EVENTS_AT_ONCE = 500
MAX_MISSED = 10_000
AT_ONCE = 25  # people who are told, each on all their pages, before others have their turn
AGAIN_SECONDS = 1.0
BUS_STOPPED = object()

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(eq=False)
class TooFarBehind(DomainError):
    limit: int
    code = "TOO_FAR_BEHIND"
    sentence = "More than {limit} calls were missed. Start without a position."


@dataclass(frozen=True)
class Tick:
    """Something changed: `totals` over `during` are those of `position`, and have all that was known at `as_of`.

    Positions grow, in all replicas alike: a tick with a smaller one is older, whenever it arrives.
    """

    as_of: datetime
    during: TimeRange
    position: int
    totals: Totals


class States:
    """Reads what ticks show. Those who look at their own calls of one day and wake at the same time are read together."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[TimeRange | None, dict[UUID, list[asyncio.Future[Tick]]]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def tick(self, actor: Actor, during: TimeRange | None, wanted: UsageFilter, scope: Scope) -> Tick:
        """The state now; of the present day without a range."""
        short = during is None or _is_short(during)
        if short and actor.api_key_id is None and scope is Scope.OWN and wanted == EVERYTHING:
            return await self._own(actor.user_id, during)
        now = utc_now()
        during = during or current_day(now)
        kept_from = await self._db.value(DROPPED_BEFORE)
        source = queries.Source(actor, View(during, wanted, scope), kept_from)
        (row,) = await self._db.rows(lookups.totals_now(source.shared), source.caller)
        return Tick(now, during, row.position, Totals.of(row))

    async def _own(self, user_id: UUID, during: TimeRange | None) -> Tick:
        answer: asyncio.Future[Tick] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(during, {}).setdefault(user_id, []).append(answer)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="live states")
        return await answer

    async def _read(self) -> None:
        """One statement at a time: whoever comes meanwhile is in the next one, which begins after that."""
        while self._waiting:
            wanted, people = self._waiting.popitem()
            now = utc_now()
            during = wanted or current_day(now)
            try:
                rows = await self._db.rows(lookups.own_states(during), {"user_ids": list(people)})
            except Exception as error:  # whatever it is, it is theirs
                answers = [answer for waiting in people.values() for answer in waiting if not answer.done()]
                for answer in answers:
                    answer.set_exception(error)
                continue
            for number, (user_id, position, *measures) in enumerate(rows, 1):
                tick = Tick(now, during, position, Totals.of_measures(measures))
                for answer in people[user_id]:
                    if not answer.done():  # its subscriber has left
                        answer.set_result(tick)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
        self._reader = None


def _is_short(during: TimeRange) -> bool:
    """At most a day of whole hours: little to add up, so that many people's fit into one statement."""
    whole = hour_of(during.start) == during.start and hour_of(during.end) == during.end
    return whole and during.end - during.start <= 24 * HOUR


def topics_of(stored: Stored) -> set[str]:
    """Who has to hear of it."""
    topics = {"usage"} if stored.owners else set()
    topics |= {f"usage:user:{owner.user_id}" for owner in stored.owners if owner.user_id}
    topics |= {f"usage:key:{owner.api_key_id}" for owner in stored.owners if owner.api_key_id}
    return topics


async def changes(
    db: Database,
    bus: Bus,
    states: States,
    actor: Actor,
    during: TimeRange | None,
    wanted: UsageFilter,
    scope: Scope,
    interval: float,
) -> AsyncGenerator[Tick, None]:
    """See `UsageService.changes`."""
    if scope is Scope.ALL and not actor.reads_all:
        raise NotPermitted
    topics = await _watched(db, actor, wanted, scope)
    async with bus.subscribe(topics, interval=interval) as wakes:
        yield await _patiently(lambda: states.tick(actor, during, wanted, scope))
        async for _ in wakes:
            yield await _patiently(lambda: states.tick(actor, during, wanted, scope))


async def _patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What is read, however long the database is away: live pages outlive its restart."""
    while True:
        try:
            return await read()
        except (DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("usage.live_not_read", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)


async def _watched(db: Database, actor: Actor, wanted: UsageFilter, scope: Scope) -> set[str]:
    """The narrowest topics. Never that of a key which the actor may not see: even the moment of its use is not his."""
    if wanted.api_key_ids is not None:
        keys = await db.rows(lookups.visible_keys(actor, scope, wanted.api_key_ids))
        return {f"usage:key:{key.id}" for key in keys}
    if actor.api_key_id is not None:
        return {f"usage:key:{actor.api_key_id}"}
    if scope is Scope.OWN:
        return {f"usage:user:{actor.user_id}"}
    return {"usage"} if wanted.user_ids is None else {f"usage:user:{user}" for user in wanted.user_ids}


async def uses(
    db: Database, bus: Bus, actor: Actor, api_key_id: UUID, after: int | None
) -> AsyncGenerator[Row[Any], None]:
    """See `UsageService.uses`."""
    if after is not None and after < 0:
        raise InvalidInput("after", "must be the position of a call")
    async with bus.subscribe({f"usage:key:{api_key_id}", f"api_key:{api_key_id}"}) as wakes:
        async with db.read() as session:
            status = await session.scalar(lookups.visible_key(actor, api_key_id))
            if status is None:
                raise NotFound("key")
            if after is None:
                seen = await session.scalar(lookups.newest_event(api_key_id)) or 0
            else:
                seen = after
                missed = await session.scalar(lookups.missed_events(api_key_id, seen, MAX_MISSED + 1)) or 0
                if missed > MAX_MISSED:
                    raise TooFarBehind(MAX_MISSED)
        more = after is not None
        while True:
            while more:
                status, rows = await _patiently(partial(_more_uses, db, actor, api_key_id, seen))
                if status is None:
                    return
                for row in rows:
                    seen = row.seq
                    yield row
                more = len(rows) == EVENTS_AT_ONCE
            if status in ENDED or await anext(wakes, BUS_STOPPED) is BUS_STOPPED:
                return
            more = True


async def _more_uses(
    db: Database, actor: Actor, api_key_id: UUID, seen: int
) -> tuple[ApiKeyStatus | None, Sequence[Row[Any]]]:
    """(the key's status, its next events); no status if the actor may not see it any more."""
    async with db.read() as session:
        status = await session.scalar(lookups.visible_key(actor, api_key_id))
        if status is None:
            return None, []
        return status, (await session.execute(lookups.events_after(api_key_id, seen, EVENTS_AT_ONCE))).all()
