"""The verbs of notifications."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, TextClause, func, select, update

from gateway import events
from gateway.actor import Actor
from gateway.db import Database, table_of, utc_now
from gateway.events import Bus
from gateway.notifications.events import EVENTS, EXPIRIES
from gateway.notifications.tables import Notification
from gateway.paging import Order, Page, fetch_page

_notification = table_of(Notification)
_NEWEST_FIRST = Order(
    "notifications", ((_notification.c.created_at, datetime), (_notification.c.id, UUID)), descending=True
)

# How far back the job looks each time, and how far now and then: for what happened while nobody looked.
LATELY = timedelta(minutes=15)
LONG_AGO = timedelta(days=7)
# A notification may be committed a little after the moment that it bears.
_LATE = timedelta(minutes=1)
_AT_ONCE = 100


class NotificationService:
    """`role_notice`: how long before its end a role's holder is told."""

    def __init__(self, db: Database, role_notice: timedelta = timedelta(days=1)) -> None:
        self._db, self._role_notice = db, role_notice

    async def page(self, actor: Actor, first: int, after: str | None = None, *, unread: bool = False) -> Page[Row[Any]]:
        """The caller's own, newest first."""
        query = _unread(actor) if unread else _own(actor)
        return await fetch_page(self._db, query, _NEWEST_FIRST, first, after)

    async def mark_read(self, actor: Actor, ids: Sequence[UUID] | None = None) -> int:
        """These, or all of the caller's own. Returns how many were unread; those of others are left alone."""
        mine = update(_notification).where(_notification.c.user_id == actor.user_id, _notification.c.read_at.is_(None))
        if ids is not None:
            mine = mine.where(_notification.c.id.in_(ids))
        async with self._db.write() as session:
            marked = len((await session.execute(mine.values(read_at=utc_now()).returning(_notification.c.id))).all())
            if marked:
                await events.publish(session, {_topic(actor.user_id)})
        return marked

    async def unread_count(self, actor: Actor) -> int:
        counted = select(func.count()).select_from(_unread(actor).subquery())
        return int(await self._db.value(counted))

    async def unread_counts(self, bus: Bus, actor: Actor) -> AsyncGenerator[int, None]:
        """`unread_count` at once, and again after each change."""
        async with bus.subscribe({_topic(actor.user_id)}) as wakes:
            yield await self.unread_count(actor)
            async for _ in wakes:
                yield await self.unread_count(actor)

    async def received(self, bus: Bus, actor: Actor) -> AsyncGenerator[Row[Any], None]:
        """Each of the caller's own that is written from now on, once, oldest first."""
        async with bus.subscribe({_topic(actor.user_id)}) as wakes:
            since = utc_now() - _LATE
            seen = {row.id for row in await self._newest(actor, since)}
            async for _ in wakes:
                rows = await self._newest(actor, since)
                for row in reversed(rows):
                    if row.id not in seen:
                        yield row
                if rows:
                    since = max(since, rows[0].created_at - _LATE)
                    seen = {row.id for row in rows}

    async def _newest(self, actor: Actor, since: datetime) -> Sequence[Row[Any]]:
        query = _own(actor).where(_notification.c.created_at >= since)
        order = (_notification.c.created_at.desc(), _notification.c.id.desc())
        rows: Sequence[Row[Any]] = await self._db.rows(query.order_by(*order).limit(_AT_ONCE))
        return rows

    async def announce_events(self, lately: timedelta = LATELY) -> int:
        """A notice of each thing that happened of late and that its person did not do: how many are new."""
        now = utc_now()
        return await self._announce(EVENTS, {"now": now, "since": now - lately})

    async def announce_missed_events(self) -> int:
        """The same for what happened while nobody looked."""
        return await self.announce_events(LONG_AGO)

    async def announce_expiries(self, now: datetime | None = None) -> int:
        """A notice for each key that has come within 30, 14, 7 or 1 days of its expiry, and each role that ends soon: how many are new."""
        now = now or utc_now()
        return await self._announce(EXPIRIES, {"now": now, "soon": now + self._role_notice})

    async def _announce(self, statements: Sequence[TextClause], values: dict[str, Any]) -> int:
        async with self._db.write() as session:
            told: list[UUID] = []
            for statement in statements:
                told += (await session.scalars(statement, values)).all()
            await events.publish(session, {_topic(user_id) for user_id in told})
        return len(told)


def _own(actor: Actor) -> Select[Any]:
    return select(_notification).where(_notification.c.user_id == actor.user_id)


def _unread(actor: Actor) -> Select[Any]:
    return _own(actor).where(_notification.c.read_at.is_(None))


def _topic(user_id: UUID) -> str:
    return f"notifications:user:{user_id}"
