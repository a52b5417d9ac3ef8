"""The verbs of signing in and out."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import delete, func, update
from sqlalchemy.exc import SQLAlchemyError

from gateway import events
from gateway.actor import Actor, Role
from gateway.auth import policy
from gateway.auth.errors import AccountDisabled, SignInNotStarted, SignInRefused
from gateway.auth.providers import Challenge, IdentityProvider, provider_of
from gateway.auth.tables import LoginSession
from gateway.db import Database, table_of, utc_now
from gateway.errors import InvalidInput, NotAvailable
from gateway.settings import Settings
from gateway.users import Identity, UserService, rights_topic

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
SIGN_IN_LASTS = timedelta(minutes=10)
_SEEN_EVERY = timedelta(minutes=1)  # one write a minute is enough to tell who is idle
_TOKEN_LENGTH = 43  # 256 bits in base64url

RECHECK = 60.0  # seconds
RECHECK_PAUSE = 0.5

log = structlog.get_logger(__name__)

_session = table_of(LoginSession)


def token_hash(token: str) -> str:
    """SHA-256 in hex: what the database keeps of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


# Asked on every request, and so in asyncpg's own words. $2 and $3 are the idle time allowed and the time between writes.
_LIVING = """
SELECT s.id AS session_id, u.id AS user_id, u.username, u.role, s.last_seen_at < now() - $3::interval AS seen_long_ago
FROM login_session s JOIN app_user u ON u.id = s.user_id
WHERE s.expires_at > now() AND s.last_seen_at > now() - $2::interval AND u.disabled_at IS NULL
"""
_BY_TOKEN = f"{_LIVING} AND s.token_hash = $1"
_BY_ID = f"{_LIVING} AND s.id = $1"


@dataclass(frozen=True)
class Departure:
    """A browser leaves for the issuer at `url` and keeps `sealed` in a cookie until it returns."""

    url: str
    sealed: str


@dataclass(frozen=True)
class Arrival:
    """A browser is signed in with `token` and goes on to `next`, a path of this site."""

    token: str
    next: str


class AuthService:
    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._users = UserService(db)
        self._provider = provider_of(settings.auth)
        self._redirect_uri = f"{settings.web.public_url}/auth/callback"
        self._seal = URLSafeTimedSerializer(settings.web.session_secret.get_secret_value(), salt="sign-in")

    async def begin_sign_in(self, next_path: str | None) -> Departure:
        """Raises NotAvailable in the sandbox, IssuerUnavailable."""
        provider = self._issuer()
        challenge = Challenge()
        url = await provider.start(challenge, self._redirect_uri)
        sealed = self._seal.dumps({**asdict(challenge), "next": policy.safe_next(next_path)})
        return Departure(url, str(sealed))

    async def finish_sign_in(self, sealed: str | None, answer: Mapping[str, str]) -> Arrival:
        """`answer` is the query of the issuer's redirect. Raises SignInFailed and its kin; then no session exists."""
        provider = self._issuer()
        try:
            kept = self._seal.loads(sealed or "", max_age=int(SIGN_IN_LASTS.total_seconds()))
        except BadData as error:
            raise SignInNotStarted from error
        next_path = kept.pop("next")
        challenge = Challenge(**kept)
        if not hmac.compare_digest(challenge.state.encode(), answer.get("state", "").encode()):
            raise SignInNotStarted
        if "code" not in answer:
            raise SignInRefused
        profile = await provider.finish(challenge, self._redirect_uri, answer["code"])
        role = policy.role_of(profile.username, profile.groups, self._settings.auth)
        person = Identity(profile.issuer, profile.subject, profile.username, profile.display_name, profile.email, role)
        return Arrival(await self.open_session(person), policy.safe_next(next_path))

    async def sign_in_by_name(self, username: str) -> str:
        """The sandbox's sign-in. Raises NotAvailable everywhere else, InvalidInput for a name that nobody has."""
        if self._settings.auth.provider != "sandbox":
            raise NotAvailable("Signing in by name")
        people = {person.username: person for person in self._settings.sandbox_people}
        if username not in people:
            raise InvalidInput("username", f"must be one of {', '.join(people)}")
        person = people[username]
        return await self.open_session(
            Identity("sandbox", username, username, person.display_name, person.email, person.role)
        )

    async def open_session(self, identity: Identity) -> str:
        """The token of a new session for this person. Raises AccountDisabled."""
        person = await self._users.sign_in(identity)
        if person.disabled_at is not None:
            raise AccountDisabled
        token = secrets.token_urlsafe(32)
        async with self._db.write() as session:
            session.add(LoginSession(user_id=person.id, token_hash=token_hash(token), expires_at=utc_now() + ABSOLUTE))
        return token

    async def close_session(self, token: str) -> None:
        """Whoever holds `token` is nobody from now on. Closing what is not open does nothing."""
        async with self._db.write() as session:
            closed = delete(_session).where(_session.c.token_hash == token_hash(token)).returning(_session.c.user_id)
            if user_id := await session.scalar(closed):
                await events.publish(session, [rights_topic(user_id)])

    async def actor(self, token: str) -> Actor | None:
        """Who holds `token`; None if it is no token, or its session has ended, or the person was disabled."""
        if len(token) != _TOKEN_LENGTH:
            return None
        return await self._living(_BY_TOKEN, token_hash(token))

    async def recheck(self, actor: Actor) -> Actor | None:
        """The same person as they are now, for connections that outlive a request; None once the session has ended."""
        return await self._living(_BY_ID, actor.session_id)

    async def until_changed(self, bus: events.Bus, actor: Actor) -> Actor | None:
        """Waits until the person is not who they were, and gives who they are; None once the session has ended.

        Within a second of the commit that publishes `rights_topic`, and within a minute of everything else, such as the
        session's end by the clock.
        """
        async with bus.subscribe({rights_topic(actor.user_id)}, interval=RECHECK_PAUSE) as wakes:
            while True:
                try:
                    present = await self.recheck(actor)
                    if present != actor:
                        return present
                except (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError):
                    log.warning("session_not_checked", exc_info=True)  # the database is away: ask again
                with suppress(TimeoutError):
                    async with asyncio.timeout(RECHECK):
                        if await anext(wakes, "stopped"):  # a wake is None: the bus has stopped, the clock has not
                            await asyncio.sleep(RECHECK)

    async def _living(self, query: str, key: str | UUID | None) -> Actor | None:
        for row in await self._db.fetch(query, key, IDLE, _SEEN_EVERY):
            if row["seen_long_ago"]:
                await self._see(row["session_id"])
            return Actor(row["user_id"], row["username"], Role(row["role"]), row["session_id"])
        return None

    async def _see(self, session_id: UUID) -> None:
        async with self._db.write() as session:
            await session.execute(update(_session).where(_session.c.id == session_id).values(last_seen_at=func.now()))

    async def forget_ended_sessions(self) -> int:
        """Delete the rows of sessions that can't come back; how many there were."""
        ended = (_session.c.expires_at <= func.now()) | (_session.c.last_seen_at <= func.now() - IDLE)
        async with self._db.write() as session:
            return len((await session.execute(delete(_session).where(ended).returning(_session.c.id))).all())

    def _issuer(self) -> IdentityProvider:
        if self._provider is None:
            raise NotAvailable("Signing in at an identity provider")
        return self._provider
