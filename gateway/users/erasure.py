"""What becomes of a person's row when the person asks to be forgotten. All of it in transactions of the caller's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Role
from gateway.errors import NotFound
from gateway.users import queries

_user = queries.user
_NOBODY = "erased"


def pseudonym_of(user_id: UUID) -> str:
    """The triggers of the audit record let a name become this and nothing else."""
    return f"{_NOBODY}-{user_id.hex[:12]}"


async def locked_for_erasure(session: AsyncSession, user_id: UUID) -> Row[Any]:
    """The person's row and those of all admins, one eraser at a time. Raises NotFound."""
    rows = select(_user).where((_user.c.id == user_id) | (_user.c.role == Role.ADMIN)).order_by(_user.c.id)
    for row in (await session.execute(rows.with_for_update())).all():
        if row.id == user_id:
            return row
    raise NotFound("user")


async def is_last_admin(session: AsyncSession, user_id: UUID) -> bool:
    """Whether nobody else may act as admin."""
    admins = select(_user.c.id).where(_user.c.role == Role.ADMIN, _user.c.disabled_at.is_(None))
    return set((await session.execute(admins)).scalars()) == {user_id}


async def erase(session: AsyncSession, user_id: UUID) -> Row[Any]:
    """The row, with a pseudonym for all that says who it was. No sign-in leads to it any more."""
    pseudonym = pseudonym_of(user_id)
    values = {
        "issuer": _NOBODY,
        "subject": pseudonym,
        "username": pseudonym,
        "display_name": pseudonym,
        "email": None,
        "role": Role.USER,
        "role_until": None,
        "disabled_at": func.coalesce(_user.c.disabled_at, func.now()),
        "erased_at": func.coalesce(_user.c.erased_at, func.now()),
    }
    row: Row[Any] = (
        await session.execute(update(_user).where(_user.c.id == user_id).values(values).returning(_user))
    ).one()
    return row


async def erased_since(session: AsyncSession, moment: datetime) -> Sequence[UUID]:
    found: Sequence[UUID] = (await session.scalars(select(_user.c.id).where(_user.c.erased_at >= moment))).all()
    return found
