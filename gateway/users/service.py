"""The verbs of people."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, events
from gateway.actor import Actor, Role
from gateway.db import Database, utc_now
from gateway.errors import NotFound, NotPermitted
from gateway.paging import Page, fetch_page
from gateway.users import queries
from gateway.users.queries import UserFilter, UserOrder

EVERYBODY = UserFilter()
_MAX_TEXT = 255
_CONFIRMED_EVERY = timedelta(minutes=10)  # the end of a role is moved on no oftener

_user = queries.user


@dataclass(frozen=True)
class Identity:
    """What a sign-in says about a person, and what follows from it. Text loses what can't be printed and what is beyond 255 characters."""

    issuer: str
    subject: str
    username: str
    display_name: str
    email: str | None = None
    role: Role = Role.USER
    role_until: datetime | None = None

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
            "role_until": identity.role_until,
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
        return {row.id: row for row in await self._db.rows(queries.by_ids(actor, ids))}

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
        query = queries.listed(actor, wanted)
        return await fetch_page(self._db, query, queries.ORDERS[order], first, after)

    async def refresh_roles(
        self, issuer: str, standing_of: Callable[[str], tuple[Role, datetime | None]], by: str
    ) -> int:
        """Give everybody of this issuer the role that `standing_of` has for their username, until the moment that it has; how many roles
        changed. `by` is the job's name.

        A name may have been given anew: it belongs to who signed in with it last, and whoever had it before is a plain user.
        """
        seen: set[str] = set()
        changed = 0
        async with self._db.write() as session:
            for person in await _locked(session, _user.c.issuer == issuer):
                role, until = (Role.USER, None) if person.username in seen else standing_of(person.username)
                seen.add(person.username)
                changed += await _stand(session, person, role, until, by)
        return changed

    async def lapse_roles(self, by_setting: Collection[str], lasts: timedelta, by: str) -> int:
        """Make plain users of those whose role has ended; how many. `by` is the job's name.

        No role lasts longer than `lasts` from now, be it that it was given under another setting or without an end. Only an admin's
        whose name is in `by_setting` has no end; of two with the same name that is who signed in last.
        """
        now = utc_now()
        changed = 0
        given = set(by_setting)
        async with self._db.write() as session:
            for person in await _locked(session, _user.c.role != Role.USER):
                until = min(person.role_until or now + lasts, now + lasts)
                if person.role is Role.ADMIN and person.username in given:
                    given.remove(person.username)
                    await _stand(session, person, person.role, None, by)
                elif until > now:
                    await _stand(session, person, person.role, until, by)
                else:
                    changed += await _stand(session, person, Role.USER, None, by)
        return changed


async def _locked(session: AsyncSession, condition: ColumnElement[bool]) -> list[Row[*tuple[Any, ...]]]:
    """Who signed in last comes first. Locked in the order of ids, as an erasure locks admins, so that neither waits for the other."""
    columns = (_user.c.id, _user.c.username, _user.c.role, _user.c.role_until, _user.c.last_login_at)
    people = select(*columns).where(condition).order_by(_user.c.id).with_for_update()
    rows = (await session.execute(people)).all()
    return sorted(rows, key=lambda person: person.last_login_at or queries.NEVER, reverse=True)


async def _stand(
    session: AsyncSession, person: Row[*tuple[Any, ...]], role: Role, until: datetime | None, by: str
) -> bool:
    """Write down what somebody may do until when, where that differs. Returns whether the role does."""
    is_other = role is not person.role
    both = until is not None and person.role_until is not None
    is_moved = abs(until - person.role_until) >= _CONFIRMED_EVERY if both else until is not person.role_until
    if is_other or is_moved:
        await session.execute(update(_user).where(_user.c.id == person.id).values(role=role, role_until=until))
    if is_other:
        audit.record(session, by, "user.role_changed", "user", person.id, before=person.role, after=role)
        await events.publish(session, [rights_topic(person.id)])
    return is_other


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:_MAX_TEXT]
