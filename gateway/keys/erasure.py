"""Names of keys, forgotten. All of it in transactions of the caller's."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.keys.tables import ApiKeyStatus, api_key

NO_NAME = "erased"
_OVER = (ApiKeyStatus.REVOKED, ApiKeyStatus.EXPIRED, ApiKeyStatus.FAILED)


async def forget_names_of(session: AsyncSession, user_id: UUID) -> int:
    """What this person called the keys. Returns how many were named."""
    return await _forget(session, api_key.c.user_id == user_id)


async def forget_ended_names(session: AsyncSession, before: datetime) -> int:
    """The same for keys that were over before this moment."""
    return await _forget(session, api_key.c.status.in_(_OVER), api_key.c.updated_at < before)


async def _forget(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    named: Any = update(api_key).where(api_key.c.name != NO_NAME, *conditions)
    forgotten = named.values(name=NO_NAME, client_mutation_id=None).returning(api_key.c.id)
    return len((await session.execute(forgotten)).all())
