"""The verbs of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert

from gateway import audit, events
from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.errors import NotFound, NotPermitted
from gateway.paging import Page, fetch_page
from gateway.users import queries

_MAX_TEXT = 255

_user = queries.user


@dataclass(frozen=True)
class Identity:
    """What a sign-in says about a person. Text loses what can't be printed and what is beyond 255 characters."""

    issuer: str
    subject: str
    username: str
    display_name: str
    email: str | None = None
    role: Role = Role.USER

    def __post_init__(self) -> None:
        object.__setattr__(self, "username", _printable(self.username) or self.subject)
        object.__setattr__(self, "display_name", _printable(self.display_name) or self.username)
        object.__setattr__(self, "email", _printable(self.email or "") or None)


def rights_topic(user_id: UUID) -> str:
    """Published when this person's rights change, or a session or token of theirs ends: open sockets ask again who they serve."""
    return f"sessions:user:{user_id}"


class UserService:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def sign_in(self, identity: Identity) -> Row[Any]:
        """The person's row, made at the first sign-in and brought up to date at each. Changes of role are audited."""
        told = {
            "username": identity.username,
            "display_name": identity.display_name,
            "email": identity.email,
            "role": identity.role,
            "last_login_at": func.now(),
        }
        known = select(_user.c.role).where(_user.c.issuer == identity.issuer, _user.c.subject == identity.subject)
        upsert = (
            insert(_user)
            .values(id=uuid4(), issuer=identity.issuer, subject=identity.subject, created_at=func.now(), **told)
            .on_conflict_do_update(index_elements=["issuer", "subject"], set_=told)
            .returning(_user)
        )
        async with self._db.write() as session:
            before = (await session.execute(known.with_for_update())).scalar_one_or_none()
            person: Row[Any] = (await session.execute(upsert)).one()
            if before is not person.role:
                actor = Actor(user_id=person.id, username=person.username, role=person.role)
                action = "user.role_changed" if before else "user.first_signed_in"
                audit.record(session, actor, action, "user", person.id, before=before, after=person.role)
                await events.publish(session, [rights_topic(person.id)])
        return person

    async def get(self, actor: Actor, user_id: UUID) -> Row[Any]:
        """One person. Raises NotFound, also for whom `actor` may not see."""
        people = await self.by_ids(actor, [user_id])
        if user_id not in people:
            raise NotFound("user")
        return people[user_id]

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        """Those of the people that exist and that `actor` may see."""
        async with self._db.read() as session:
            return {row.id: row for row in await session.execute(queries.by_ids(actor, ids))}

    async def page(
        self, actor: Actor, first: int, after: str | None = None, search: str | None = None
    ) -> Page[Row[Any]]:
        """People by username, for auditors and admins.

        Raises NotPermitted for others, InvalidInput naming `first`, `after` or `search`.
        """
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            return await fetch_page(self._db, session, queries.listed(actor, search), queries.BY_NAME, first, after)


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:_MAX_TEXT]
