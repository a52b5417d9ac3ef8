"""The verbs of notifications."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update

from gateway.actor import Actor
from gateway.db import Database, table_of, utc_now
from gateway.notifications.tables import Notification
from gateway.paging import Order, Page, fetch_page

_notification = table_of(Notification)
_NEWEST_FIRST = Order(
    "notifications", ((_notification.c.created_at, datetime), (_notification.c.id, UUID)), descending=True
)

# The nearest threshold only, and none that the key had passed already when it was made.
_EXPIRIES = text("""
INSERT INTO notification (id, user_id, kind, api_key_id, days, expires_at, created_at)
SELECT gen_random_uuid(), k.user_id, 'API_KEY_EXPIRES', k.id, t.days, k.expires_at, CAST(:now AS timestamptz)
FROM api_key k
CROSS JOIN LATERAL (
  SELECT min(d) AS days FROM unnest(ARRAY[1, 7, 14, 30]) AS d
  WHERE k.expires_at <= CAST(:now AS timestamptz) + make_interval(days => d)
) t
WHERE k.status IN ('ACTIVE', 'ROTATING', 'BLOCKED') AND k.expires_at > CAST(:now AS timestamptz)
  AND k.created_at < k.expires_at - make_interval(days => t.days)
ON CONFLICT DO NOTHING
RETURNING id
""")


class NotificationService:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, actor: Actor, first: int, after: str | None = None, *, unread: bool = False) -> Page[Row[Any]]:
        """The caller's own, newest first."""
        query = select(_notification).where(_notification.c.user_id == actor.user_id)
        if unread:
            query = query.where(_notification.c.read_at.is_(None))
        async with self._db.read() as session:
            return await fetch_page(self._db, session, query, _NEWEST_FIRST, first, after)

    async def mark_read(self, actor: Actor, ids: Sequence[UUID] | None = None) -> int:
        """These, or all of the caller's own. Returns how many were unread; those of others are left alone."""
        mine = update(_notification).where(_notification.c.user_id == actor.user_id, _notification.c.read_at.is_(None))
        if ids is not None:
            mine = mine.where(_notification.c.id.in_(ids))
        async with self._db.write() as session:
            return len((await session.execute(mine.values(read_at=utc_now()).returning(_notification.c.id))).all())

    async def announce_expiries(self, now: datetime | None = None) -> int:
        """A notice for each key that has come within 30, 14, 7 or 1 days of its expiry. Returns how many are new."""
        async with self._db.write() as session:
            return len((await session.execute(_EXPIRIES, {"now": now or utc_now()})).all())
