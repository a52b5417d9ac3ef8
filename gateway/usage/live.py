"""What is told as it happens: subscribe first, then read, so that nothing falls in between."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import NotFound, NotPermitted
from gateway.events import Bus
from gateway.keys import ApiKeyStatus
from gateway.usage import queries
from gateway.usage.policy import Scope, TimeRange, UsageFilter, current_day

ENDED = {ApiKeyStatus.REVOKED, ApiKeyStatus.EXPIRED, ApiKeyStatus.FAILED}
EVENTS_AT_ONCE = 500


@dataclass(frozen=True)
class Tick:
    """Something changed: what is read now has all that was known at `as_of`. `during` is the range to read."""

    as_of: datetime
    during: TimeRange


def topics_of(stored: Sequence[Row[Any]]) -> set[str]:
    """Who has to hear of these (user_id, api_key_id, events)."""
    topics = {"usage"} if stored else set()
    topics |= {f"usage:user:{row.user_id}" for row in stored if row.user_id}
    topics |= {f"usage:key:{row.api_key_id}" for row in stored if row.api_key_id}
    return topics


async def changes(
    db: Database, bus: Bus, actor: Actor, during: TimeRange | None, wanted: UsageFilter, scope: Scope, interval: float
) -> AsyncGenerator[Tick, None]:
    """See `UsageService.changes`."""
    if scope is Scope.ALL and not actor.reads_all:
        raise NotPermitted
    topics = await _watched(db, actor, wanted, scope)
    async with bus.subscribe(topics, interval=interval) as wakes:
        now = utc_now()
        yield Tick(now, during or current_day(now))
        async for _ in wakes:
            now = utc_now()
            yield Tick(now, during or current_day(now))


async def _watched(db: Database, actor: Actor, wanted: UsageFilter, scope: Scope) -> set[str]:
    """The narrowest topics. Never that of a key which the actor may not see: even the moment of its use is not his."""
    if wanted.api_key_ids is not None:
        async with db.read() as session:
            keys = (await session.scalars(queries.visible_keys(actor, scope, wanted.api_key_ids))).all()
        return {f"usage:key:{key}" for key in keys}
    if scope is Scope.OWN:
        return {f"usage:user:{actor.user_id}"}
    return {"usage"} if wanted.user_ids is None else {f"usage:user:{user}" for user in wanted.user_ids}


async def uses(db: Database, bus: Bus, actor: Actor, api_key_id: UUID) -> AsyncGenerator[Row[Any], None]:
    """See `UsageService.uses`."""
    async with bus.subscribe({f"usage:key:{api_key_id}", f"api_key:{api_key_id}"}) as wakes:
        async with db.read() as session:
            status = await session.scalar(queries.visible_key(actor, api_key_id))
            if status is None:
                raise NotFound("key")
            seen = await session.scalar(queries.newest_event(api_key_id)) or 0
        if status in ENDED:
            return
        async for _ in wakes:
            more = True
            while more:
                async with db.read() as session:
                    status = await session.scalar(queries.visible_key(actor, api_key_id))
                    if status is None:
                        return
                    rows = (await session.execute(queries.events_after(api_key_id, seen, EVENTS_AT_ONCE))).all()
                for row in rows:
                    seen = row.seq
                    yield row
                more = len(rows) == EVENTS_AT_ONCE
            if status in ENDED:
                return
