"""Sessions of browsers: opened by a sign-in, looked up on every request, listed and ended by their owner."""

import base64
import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, events
from gateway.actor import Actor, Role
from gateway.auth.errors import AccountDisabled
from gateway.auth.tables import login_session
from gateway.db import Database, table_of, utc_now
from gateway.errors import NotFound
from gateway.paging import Order, Page, fetch_page
from gateway.settings import Settings
from gateway.users import Identity, User, UserService, rights_topic

_SEEN_EVERY = timedelta(minutes=1)  # one write a minute is enough to tell who is idle
_TOKEN_LENGTH = 43  # 256 bits in base64url
_MAX_USER_AGENT = 200
_MAX_ID_TOKEN = 8_000  # characters; beyond that a sign-out does without

_user = table_of(User)
_NEWEST_FIRST = Order(
    "sessions", ((login_session.c.last_seen_at, datetime), (login_session.c.id, UUID)), descending=True
)

# Asked on every request, and so in asyncpg's own words. $2 and $3 are the idle time allowed and the time between writes.
_LIVING = """
SELECT s.id, u.id AS user_id, u.username, u.role, s.last_seen_at < now() - $3::interval AS seen_long_ago
FROM login_session s JOIN app_user u ON u.id = s.user_id
WHERE s.expires_at > now() AND s.last_seen_at > now() - $2::interval AND u.disabled_at IS NULL
"""
_BY_TOKEN = f"{_LIVING} AND s.token_hash = $1"
_BY_ID = f"{_LIVING} AND s.id = $1"


def address_of(host: str | None) -> str | None:
    """The address as it is usually written; None for what is no address: a forwarded header may hold anything."""
    try:
        return str(ipaddress.ip_address(host or ""))
    except ValueError:
        return None


@dataclass(frozen=True)
class Device:
    """Where a request comes from: the client's address, if it is one, and what its browser calls itself, without what can't be printed."""

    address: str | None = None
    user_agent: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", address_of(self.address))
        printable = "".join(character for character in self.user_agent or "" if character.isprintable())
        object.__setattr__(self, "user_agent", printable.strip()[:_MAX_USER_AGENT] or None)


UNKNOWN_DEVICE = Device()


def token_hash(token: str) -> str:
    """SHA-256 in hex: what the database keeps of a secret."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    _db: Database
    _settings: Settings
    _users: UserService

    async def open_session(
        self, identity: Identity, device: Device = UNKNOWN_DEVICE, id_token: str | None = None
    ) -> str:
        """The token of a new session for this person. Raises AccountDisabled."""
        person = await self._users.sign_in(identity)
        who = Actor(person.id, person.username, person.role)
        token = secrets.token_urlsafe(32)
        now = utc_now()
        new = {
            "id": uuid4(),
            "user_id": person.id,
            "token_hash": token_hash(token),
            "created_at": now,
            "last_seen_at": now,
            "expires_at": now + self._settings.auth.session_lasts,
            "address": device.address,
            "user_agent": device.user_agent,
            "sealed_id_token": _seal(token, id_token),
        }
        detail: dict[str, object] = {"address": device.address, "user_agent": device.user_agent}
        async with self._db.write() as session:
            # Locked, so that nobody is disabled between this look and the session's beginning.
            disabled = select(_user.c.disabled_at).where(_user.c.id == person.id).with_for_update(read=True)
            welcome = (await session.execute(disabled)).scalar_one() is None
            if welcome:
                await session.execute(insert(login_session).values(new))
            outcome = audit.Outcome.DONE if welcome else audit.Outcome.REFUSED
            session.add(audit.AuditEntry.of(who, "session.opened", f"user:{person.id}", detail, outcome))
        if not welcome:
            raise AccountDisabled
        return token

    async def close_session(self, token: str) -> str | None:
        """Whoever holds `token` is nobody from now on. Closing what is not open does nothing.

        Returns the id_token that the session began with, where there was one: the issuer wants to see it.
        """
        found = (
            select(login_session, _user.c.username, _user.c.role)
            .join(_user, _user.c.id == login_session.c.user_id)
            .where(login_session.c.token_hash == token_hash(token))
        )
        async with self._db.write() as session:
            ended = (await session.execute(found)).one_or_none()
            if ended is None:
                return None
            await session.execute(delete(login_session).where(login_session.c.id == ended.id))
            await events.publish(session, [rights_topic(ended.user_id)])
            who = Actor(ended.user_id, ended.username, ended.role, credential_id=ended.id)
            audit.record(session, who, "session.ended", "session", ended.id)
        return _unseal(token, ended.sealed_id_token)

    async def actor(self, token: str) -> Actor | None:
        """Who holds `token`; None if it is no token, or its session has ended, or the person was disabled."""
        if len(token) != _TOKEN_LENGTH:
            return None
        return await self._living(_BY_TOKEN, token_hash(token))

    async def session_again(self, actor: Actor) -> Actor | None:
        """The same person as they are now, for connections that outlive a request; None once the session has ended."""
        return await self._living(_BY_ID, actor.credential_id)

    async def sessions(self, actor: Actor, first: int, after: str | None = None) -> Page[Row[Any]]:
        """The caller's own that have not ended, the one that was used last first."""
        query = select(login_session).where(login_session.c.user_id == actor.user_id, ~self._ended())
        return await fetch_page(self._db, query, _NEWEST_FIRST, first, after)

    async def end_session(self, actor: Actor, session_id: UUID) -> None:
        """End one of the caller's own sessions. Raises NotFound, also for another person's."""
        if not await self._end(actor, [login_session.c.id == session_id]):
            raise NotFound("session")

    async def end_other_sessions(self, actor: Actor, *, this_too: bool = False) -> int:
        """End the caller's own sessions but the one that asks, or that one as well. Returns how many."""
        return await self._end(actor, [] if this_too else [login_session.c.id != actor.credential_id])

    async def forget_ended_sessions(self) -> int:
        """Delete the rows of sessions that can't come back; how many there were."""
        async with self._db.write() as session:
            ended = delete(login_session).where(self._ended()).returning(login_session.c.id)
            return len((await session.execute(ended)).all())

    async def _end(self, actor: Actor, conditions: Sequence[Any]) -> int:
        mine = delete(login_session).where(login_session.c.user_id == actor.user_id, ~self._ended(), *conditions)
        async with self._db.write() as session:
            ended = (await session.execute(mine.returning(login_session.c.id))).scalars().all()
            for session_id in ended:
                audit.record(session, actor, "session.ended", "session", session_id)
            if ended:
                await events.publish(session, [rights_topic(actor.user_id)])
        return len(ended)

    def _ended(self) -> Any:
        idle_since = func.now() - self._settings.auth.session_idle
        return (login_session.c.expires_at <= func.now()) | (login_session.c.last_seen_at <= idle_since)

    async def _living(self, query: str, key: str | UUID | None) -> Actor | None:
        for row in await self._db.fetch(query, key, self._settings.auth.session_idle, _SEEN_EVERY):
            if row["seen_long_ago"]:
                await self._see(row["id"])
            return Actor(row["user_id"], row["username"], Role(row["role"]), credential_id=row["id"])
        return None

    async def _see(self, session_id: UUID) -> None:
        async with self._db.write() as session:
            seen = update(login_session).where(login_session.c.id == session_id).values(last_seen_at=func.now())
            await session.execute(seen)


async def end_sessions_of(session: AsyncSession, user_id: UUID) -> int:
    """End all sessions of this person in a transaction of the caller's, and wake the sockets. Returns how many there were."""
    ended = delete(login_session).where(login_session.c.user_id == user_id).returning(login_session.c.id)
    count = len((await session.execute(ended)).all())
    await events.publish(session, [rights_topic(user_id)])
    return count


def _cipher(token: str) -> Fernet:
    # 256 random bits need no stretching; the prefix keeps this apart from the hash that the row has.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"id_token:{token}".encode()).digest()))


def _seal(token: str, id_token: str | None) -> str | None:
    if id_token is None or len(id_token) > _MAX_ID_TOKEN:
        return None
    return _cipher(token).encrypt(id_token.encode()).decode()


def _unseal(token: str, sealed: str | None) -> str | None:
    try:
        return None if sealed is None else _cipher(token).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None  # a sign-out goes on without
