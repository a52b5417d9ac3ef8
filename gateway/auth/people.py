"""Letting people out, and in again. Whoever is disabled has no session, and neither programs nor keys that work."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, events
from gateway.actor import Actor
from gateway.auth.sessions import end_sessions_of
from gateway.auth.tokens import forget_tokens_of
from gateway.db import Database, table_of
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.users import User, rights_topic

_user = table_of(User)
_MAX_REASON = 1_000


class People:
    _db: Database

    async def disable_user(self, actor: Actor, user_id: UUID, reason: str | None = None) -> Row[Any]:
        """Nobody signs in as this person, and what is open is over; LiteLLM refuses their keys within seconds.

        For one who is disabled already nothing changes. Raises NotPermitted (no admin), NotFound, or InvalidInput for oneself.
        """
        async with self._db.write() as session:
            return await disable(session, actor, user_id, reason)

    async def enable_user(self, actor: Actor, user_id: UUID, reason: str | None = None) -> Row[Any]:
        """Undo it: sign-in, access tokens and keys that were neither revoked nor blocked work again. Sessions do not come back.

        Raises NotPermitted (no admin), NotFound, or InvalidInput for who was erased.
        """
        async with self._db.write() as session:
            before = await _changeable(session, actor, user_id, reason)
            if before.erased_at is not None:
                raise InvalidInput("userId", "is of somebody who was erased: no sign-in leads there any more")
            if before.disabled_at is None:
                return before
            audit.record(session, actor, "user.enabled", "user", user_id, reason=reason)
            return await _write(session, user_id, disabled_at=None)


async def disable(session: AsyncSession, actor: Actor, user_id: UUID, reason: str | None) -> Row[Any]:
    """See `People.disable_user`; in a transaction of the caller's."""
    before = await _changeable(session, actor, user_id, reason)
    if user_id == actor.user_id:
        raise InvalidInput("userId", "can't be your own: another admin has to do it")
    if before.disabled_at is not None:
        return before
    sessions = await end_sessions_of(session, user_id)
    audit.record(session, actor, "user.disabled", "user", user_id, reason=reason, sessions=sessions)
    return await _write(session, user_id, disabled_at=func.now())


async def forget_access_of(session: AsyncSession, user_id: UUID) -> tuple[int, int]:
    """End this person's sessions and delete the access tokens, in a transaction of the caller's. How many (sessions, tokens) there were."""
    return await end_sessions_of(session, user_id), await forget_tokens_of(session, user_id)


async def _changeable(session: AsyncSession, actor: Actor, user_id: UUID, reason: str | None) -> Row[Any]:
    if not actor.is_admin:
        raise NotPermitted
    if reason is not None and (len(reason) > _MAX_REASON or "\x00" in reason):
        raise InvalidInput("reason", f"may have at most {_MAX_REASON} characters, and no NUL among them")
    found = select(_user).where(_user.c.id == user_id).with_for_update()
    row: Row[Any] | None = (await session.execute(found)).one_or_none()
    if row is None:
        raise NotFound("user")
    return row


async def _write(session: AsyncSession, user_id: UUID, **values: Any) -> Row[Any]:
    await events.publish(session, [rights_topic(user_id)])
    changed = update(_user).where(_user.c.id == user_id).values(**values).returning(_user)
    row: Row[Any] = (await session.execute(changed)).one()
    return row
