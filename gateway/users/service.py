"""The verbs of people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from gateway import audit, events
from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.errors import NotFound, NotPermitted
from gateway.paging import Page, fetch_page
from gateway.users import queries
from gateway.users.queries import UserFilter, UserOrder

EVERYBODY = UserFilter()
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
        self,
        actor: Actor,
        first: int,
        after: str | None = None,
        wanted: UserFilter = EVERYBODY,
        order: UserOrder = UserOrder.USERNAME,
    ) -> Page[Row[Any]]:
        """People, for auditors and admins.

        Raises NotPermitted for others, InvalidInput naming `first` or `after`.
        """
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            query = queries.listed(actor, wanted)
            return await fetch_page(self._db, session, query, queries.ORDERS[order], first, after)

    async def refresh_roles(self, issuer: str, role_of: Callable[[str], Role], by: str) -> int:
        """Give everybody of this issuer the role that `role_of` has for their username; how many changed. `by` is the job's name.

        A name may have been given anew: it belongs to who signed in with it last, and whoever had it before is a plain user.
        """
        people = select(_user.c.id, _user.c.username, _user.c.role).where(_user.c.issuer == issuer)
        newest_first = people.order_by(_user.c.last_login_at.desc().nulls_last()).with_for_update()
        seen: set[str] = set()
        changed = 0
        async with self._db.write() as session:
            for person in (await session.execute(newest_first)).all():
                role = Role.USER if person.username in seen else role_of(person.username)
                seen.add(person.username)
                if role is person.role:
                    continue
                await session.execute(update(_user).where(_user.c.id == person.id).values(role=role))
                audit.record(session, by, "user.role_changed", "user", person.id, before=person.role, after=role)
                await events.publish(session, [rights_topic(person.id)])
                changed += 1
        return changed


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:_MAX_TEXT]
