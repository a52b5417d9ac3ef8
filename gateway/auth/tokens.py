"""Access tokens: how a person's own programs ask, with less than all of the person's rights and until a fixed end.

A token is `lmt_`, 40 random characters and 6 of a checksum, so that scanners of leaked secrets can tell it from a word without asking us.
"""

import re
import secrets
import string
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, case, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, events
from gateway.actor import Actor, Kind, Role, TokenScope
from gateway.auth.sessions import token_hash
from gateway.auth.tables import access_token
from gateway.db import Database, table_of, utc_now
from gateway.errors import DomainError, InvalidInput, NotFound, NotPermitted
from gateway.paging import Order, Page, fetch_page
from gateway.settings import Settings
from gateway.users import User, rights_topic

PREFIX = "lmt_"
MAX_NAME = 100
MAX_LIFE = timedelta(days=366)
MAX_TOKENS = 50

_RANDOM, _CHECKSUM = 40, 6
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}")
_CHANGES = {TokenScope.KEYS_WRITE, TokenScope.SUBSCRIPTIONS_WRITE}
_USED_EVERY = timedelta(minutes=1)

_user = table_of(User)
_NEWEST_FIRST = Order("tokens", ((access_token.c.created_at, datetime), (access_token.c.id, UUID)), descending=True)

# Asked on every request of a program: see `sessions`. $2 is the time between writes.
_WORKING = """
SELECT t.id, t.scopes, u.id AS user_id, u.username, u.role,
  coalesce(t.last_used_at < now() - $2::interval, true) AS used_long_ago
FROM access_token t JOIN app_user u ON u.id = t.user_id
WHERE t.revoked_at IS NULL AND t.expires_at > now() AND u.disabled_at IS NULL
"""
_BY_HASH = f"{_WORKING} AND t.token_hash = $1"
_BY_ID = f"{_WORKING} AND t.id = $1"


class TokenStatus(StrEnum):
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@dataclass(eq=False)
class TooManyTokens(DomainError):
    limit: int
    code = "TOO_MANY_TOKENS"
    sentence = "You have {limit} access tokens that work, which is the most; revoke one first."


@dataclass(frozen=True)
class CreatedToken:
    row: Row[Any]
    secret: str = field(repr=False)


def new_secret() -> str:
    random = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return f"{PREFIX}{random}{checksum(random)}"


def checksum(random: str) -> str:
    """CRC32 of the random part, in base 62."""
    number, digits = zlib.crc32(random.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits


def is_token(text: str) -> bool:
    """Whether it has a token's shape and checksum."""
    return bool(_SHAPE.fullmatch(text)) and text[-_CHECKSUM:] == checksum(text[len(PREFIX) : -_CHECKSUM])


class Tokens:
    _db: Database
    _settings: Settings

    async def token_actor(self, token: str, address: str | None = None) -> Actor | None:
        """Whose program holds `token`; None if it is no token, or expired, or revoked, or its owner is disabled."""
        return await self._working(_BY_HASH, token_hash(token), address) if is_token(token) else None

    async def token_again(self, actor: Actor) -> Actor | None:
        """The same program as it is now, for connections that outlive a request."""
        return await self._working(_BY_ID, actor.credential_id, None)

    async def tokens(
        self, actor: Actor, first: int, after: str | None = None, status: Collection[TokenStatus] | None = None
    ) -> Page[Row[Any]]:
        """The caller's own, newest first."""
        return await self._listed([access_token.c.user_id == actor.user_id], first, after, status)

    async def tokens_of_all(
        self,
        actor: Actor,
        first: int,
        after: str | None = None,
        status: Collection[TokenStatus] | None = None,
        user_id: UUID | None = None,
    ) -> Page[Row[Any]]:
        """Everybody's, or one person's, newest first. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        of = [] if user_id is None else [access_token.c.user_id == user_id]
        return await self._listed(of, first, after, status)

    async def _listed(
        self, conditions: list[Any], first: int, after: str | None, status: Collection[TokenStatus] | None
    ) -> Page[Row[Any]]:
        query = _readable().where(*conditions)
        if status is not None:
            query = query.where(_status().in_(status))
        return await fetch_page(self._db, query, _NEWEST_FIRST, first, after)

    async def create_token(
        self, actor: Actor, name: str, scopes: Collection[TokenScope], expires_at: datetime
    ) -> CreatedToken:
        """A token for the caller's own programs; its secret is in the result and nowhere else.

        Who asks with a token gets at most that token's scopes, until at most that token's end. Raises InvalidInput (`name`, `scopes`,
        `expiresAt`), TooManyTokens and NotPermitted.
        """
        if actor.kind is Kind.KEY:
            raise NotPermitted
        wanted = _check(actor, name, scopes, expires_at)
        secret = new_secret()
        new = {
            "id": uuid4(),
            "user_id": actor.user_id,
            "name": name.strip(),
            "token_hash": token_hash(secret),
            "last_four": secret[-4:],
            "scopes": wanted,
            "created_at": utc_now(),
            "expires_at": expires_at,
        }
        mine = select(access_token.c.id, access_token.c.expires_at).where(
            access_token.c.user_id == actor.user_id, _status() == TokenStatus.ACTIVE
        )
        async with self._db.write() as session:
            # One at a time for one person, and none beside the end of that person's rights.
            owner = select(_user.c.disabled_at).where(_user.c.id == actor.user_id).with_for_update()
            if (await session.execute(owner)).scalar_one() is not None:
                raise NotPermitted
            working = {row.id: row.expires_at for row in await session.execute(mine)}
            if len(working) >= MAX_TOKENS:
                raise TooManyTokens(MAX_TOKENS)
            if actor.kind is Kind.TOKEN and expires_at > working.get(actor.credential_id, utc_now()):
                raise InvalidInput("expiresAt", "must not be after the end of the token that asks")
            await session.execute(insert(access_token).values(new))
            row = (await session.execute(_readable().where(access_token.c.id == new["id"]))).one()
            detail = {"name": row.name, "scopes": wanted, "expires_at": expires_at.isoformat()}
            audit.record(session, actor, "access_token.created", "access_token", row.id, **detail)
        return CreatedToken(row, secret)

    async def revoke_token(self, actor: Actor, token_id: UUID) -> Row[Any]:
        """End one of the caller's own or, for an admin, anybody's. Revoking a revoked one changes nothing.

        Raises NotFound, also for one that the caller can't see, and NotPermitted for an auditor and another's.
        """
        visible = [] if actor.reads_all else [access_token.c.user_id == actor.user_id]
        found = _readable().where(access_token.c.id == token_id, *visible)
        async with self._db.write() as session:
            row = (await session.execute(found.with_for_update())).one_or_none()
            if row is None:
                raise NotFound("access token")
            if not (actor.is_admin or row.user_id == actor.user_id):
                raise NotPermitted
            if row.status != TokenStatus.REVOKED:
                of = update(access_token).where(access_token.c.id == token_id).values(revoked_at=func.now())
                await session.execute(of)
                audit.record(session, actor, "access_token.revoked", "access_token", token_id, name=row.name)
                await events.publish(session, [rights_topic(row.user_id)])
            return (await session.execute(found)).one()

    async def _working(self, query: str, key: str | UUID | None, address: str | None) -> Actor | None:
        for row in await self._db.fetch(query, key, _USED_EVERY):
            if row["used_long_ago"]:
                await self._used(row["id"], address)
            scopes = frozenset(TokenScope(scope) for scope in row["scopes"])
            role = Role(row["role"])
            if role is Role.AUDITOR:
                scopes -= _CHANGES  # nor by way of a plain user's role
            if TokenScope.ADMIN not in scopes:
                role = Role.USER
            return Actor(row["user_id"], row["username"], role, Kind.TOKEN, row["id"], scopes)
        return None

    async def _used(self, token_id: UUID, address: str | None) -> None:
        used: dict[str, Any] = {"last_used_at": func.now()}
        if address is not None:
            used["last_used_address"] = address
        async with self._db.write() as session:
            await session.execute(update(access_token).where(access_token.c.id == token_id).values(used))


def _check(actor: Actor, name: str, scopes: Collection[TokenScope], expires_at: datetime) -> list[str]:
    """The scopes in their usual order. Raises InvalidInput."""
    if not (0 < len(name.strip()) <= MAX_NAME and name.isprintable()):
        raise InvalidInput("name", f"must have 1 to {MAX_NAME} printable characters")
    if not scopes:
        raise InvalidInput("scopes", "must name at least one")
    if not set(scopes) <= actor.scopes:
        raise InvalidInput("scopes", "may name only what the token that asks may do itself")
    if TokenScope.ADMIN in scopes and not actor.reads_all:
        raise InvalidInput("scopes", "may name ADMIN only for auditors and admins")
    now = utc_now()
    if expires_at.tzinfo is None or not now < expires_at <= now + MAX_LIFE:
        raise InvalidInput("expiresAt", f"must be in the future, and at most {MAX_LIFE.days} days away")
    return [scope.value for scope in TokenScope if scope in scopes]


def _status() -> Any:
    return case(
        (access_token.c.revoked_at.is_not(None), literal(TokenStatus.REVOKED.value)),
        (access_token.c.expires_at <= func.now(), literal(TokenStatus.EXPIRED.value)),
        else_=literal(TokenStatus.ACTIVE.value),
    )


def _readable() -> Any:
    return select(access_token, _status().label("status"))


async def forget_tokens_of(session: AsyncSession, user_id: UUID) -> int:
    """Delete all tokens of this person in a transaction of the caller's. Returns how many there were."""
    mine = delete(access_token).where(access_token.c.user_id == user_id).returning(access_token.c.id)
    return len((await session.execute(mine)).all())


async def forget_ended_tokens(session: AsyncSession, before: datetime) -> int:
    """Delete the tokens that ended before this moment. Returns how many there were."""
    ended = func.least(access_token.c.revoked_at, access_token.c.expires_at) < before  # a NULL is not the least
    return len((await session.execute(delete(access_token).where(ended).returning(access_token.c.id))).all())


async def revoke_tokens_of(session: AsyncSession, user_id: UUID) -> int:
    """Revoke all tokens of this person that work, in a transaction of the caller's. Returns how many there were."""
    mine = (access_token.c.user_id == user_id, _status() == TokenStatus.ACTIVE)
    of = update(access_token).where(*mine).values(revoked_at=func.now()).returning(access_token.c.id)
    return len((await session.execute(of)).all())
