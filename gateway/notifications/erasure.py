"""Notifications, forgotten. All of it in transactions of the caller's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.db import table_of
from gateway.notifications.tables import Notification

_notification = table_of(Notification)


async def forget_all_of(session: AsyncSession, user_id: UUID) -> int:
    """Delete this person's own. Returns how many there were."""
    return await _delete(session, _notification.c.user_id == user_id)


async def forget_old(session: AsyncSession, read_before: datetime, written_before: datetime) -> int:
    """Delete those that were read, or that nobody read and were written, before these moments. What still holds then is told again."""
    is_unread = _notification.c.read_at.is_(None) & (_notification.c.created_at < written_before)
    return await _delete(session, (_notification.c.read_at < read_before) | is_unread)


async def forget_actor(session: AsyncSession, username: str, pseudonym: str) -> int:
    """A pseudonym for whoever of this name did something to others, and nothing of what was said. Returns how many."""
    of = update(_notification).where(_notification.c.actor == username).values(actor=pseudonym, reason=None)
    return len((await session.execute(of.returning(_notification.c.id))).all())


async def _delete(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    deleted = delete(_notification).where(condition).returning(_notification.c.id)
    return len((await session.execute(deleted)).all())
