"""Signing in, and all verbs of who is asking as one."""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from gateway.actor import Role
from gateway.auth import policy
from gateway.auth.errors import SignInFailed, SignInNotStarted, SignInRefused
from gateway.auth.people import People
from gateway.auth.providers import Challenge, IdentityProvider, provider_of
from gateway.auth.sessions import UNKNOWN_DEVICE, Device, Sessions
from gateway.auth.tokens import Tokens
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotAvailable
from gateway.settings import Settings
from gateway.users import Identity, UserService

SIGN_IN_LASTS = timedelta(minutes=10)
ROLE_JOB = "role-refresh"
LAPSE_JOB = "role-lapse"


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


class AuthService(Sessions, Tokens, People):
    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._users = UserService(db)
        self._provider = provider_of(settings.auth)
        self._redirect_uri = f"{settings.web.public_url}/auth/callback"
        self._seal = URLSafeTimedSerializer(settings.web.session_secret.get_secret_value(), salt="sign-in")

    async def begin_sign_in(self, next_path: str | None) -> Departure:
        """Raises NotAvailable in the sandbox, IssuerUnavailable, NoOAuthServer."""
        provider = self._issuer()
        challenge = Challenge()
        url = await provider.start(challenge, self._redirect_uri)
        sealed = self._seal.dumps({**asdict(challenge), "next": policy.safe_next(next_path)})
        return Departure(url, str(sealed))

    async def finish_sign_in(
        self, sealed: str | None, answer: Mapping[str, str], device: Device = UNKNOWN_DEVICE
    ) -> Arrival:
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
        role, until = self._standing(profile.username, profile.groups)
        person = Identity(
            profile.issuer, profile.subject, profile.username, profile.display_name, profile.email, role, until
        )
        token = await self.open_session(person, device, profile.id_token)
        return Arrival(token, policy.safe_next(next_path))

    async def sign_in_by_name(self, username: str, device: Device = UNKNOWN_DEVICE) -> str:
        """The sandbox's sign-in. Raises NotAvailable everywhere else, InvalidInput for a name that nobody has."""
        if self._settings.auth.provider != "sandbox":
            raise NotAvailable("Signing in by name")
        people = {person.username: person for person in self._settings.sandbox_people}
        if username not in people:
            raise InvalidInput("username", f"must be one of {', '.join(people)}")
        person = people[username]
        return await self.open_session(
            Identity("sandbox", username, username, person.display_name, person.email, person.role), device
        )

    async def sign_out(self, token: str) -> str | None:
        """End the session of this browser. Returns where to send it so that the issuer ends its own session too, if the issuer can."""
        id_token = await self.close_session(token)
        if self._provider is None:
            return None
        try:
            return await self._provider.end(f"{self._settings.web.public_url}/sign-in", id_token)
        except SignInFailed:
            return None  # an issuer that does not answer must not keep anybody signed in here

    async def refresh_roles(self) -> int:
        """What the job does: groups are asked for, where the issuer tells them without the person; how many roles changed.

        An issuer that does not answer takes nothing away.
        """
        try:
            found = await self._provider.groups() if self._provider else None
        except SignInFailed:
            return 0
        if found is None:
            return 0
        issuer, members = found

        def standing_of(username: str) -> tuple[Role, datetime | None]:
            return self._standing(username, [group for group, usernames in members.items() if username in usernames])

        return await self._users.refresh_roles(issuer, standing_of, ROLE_JOB)

    async def lapse_roles(self) -> int:
        """What the job does: whose groups were not asked for in time is a plain user until the next sign-in; how many.

        In the sandbox, which has no groups, roles do not lapse.
        """
        if self._provider is None:
            return 0
        auth = self._settings.auth
        return await self._users.lapse_roles(auth.initial_admins, auth.role_lasts, LAPSE_JOB)

    def _standing(self, username: str, groups: Collection[str]) -> tuple[Role, datetime | None]:
        """(role, until when it counts) of somebody who is in these groups now."""
        role = policy.role_of(username, groups, self._settings.auth)
        return role, policy.role_until(username, role, self._settings.auth, utc_now())

    def _issuer(self) -> IdentityProvider:
        if self._provider is None:
            raise NotAvailable("Signing in at an identity provider")
        return self._provider
