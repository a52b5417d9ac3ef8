"""The verbs of personal data."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, auth, keys, notifications, subscriptions, users
from gateway.actor import Actor, Kind
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.privacy.export import SECTIONS, rows_of

_UNREAD_KEPT = timedelta(days=366)
# What was under way during an erasure has ended by then, and has left its name where it was swept before.
_SWEPT_AGAIN = timedelta(days=1)


@dataclass(frozen=True)
class ErasureImpact:
    """What an erasure would end or remove. `keys` are those that are not over, `subscriptions` those that are open; `audit_entries` are
    those that would name a pseudonym."""

    username: str
    sessions: int
    access_tokens: int
    keys: int
    subscriptions: int
    notifications: int
    audit_entries: int


@dataclass(frozen=True)
class Receipt:
    """What was erased, for whom it was. `keys` were revoked and `subscriptions` given up; `texts` are the rows that lost free text."""

    user_id: UUID
    pseudonym: str
    erased_at: datetime
    sessions: int
    access_tokens: int
    keys: int
    subscriptions: int
    notifications: int
    texts: int
    audit_entries: int


_IMPACT = text("""
SELECT u.username,
  (SELECT count(*) FROM login_session WHERE user_id = u.id) AS sessions,
  (SELECT count(*) FROM access_token WHERE user_id = u.id) AS access_tokens,
  (SELECT count(*) FROM api_key
    WHERE user_id = u.id AND status IN ('PROVISIONING', 'ACTIVE', 'ROTATING', 'BLOCKED')) AS keys,
  (SELECT count(*) FROM model_subscription
    WHERE user_id = u.id AND status IN ('PENDING', 'ACTIVE', 'SUSPENDED')) AS subscriptions,
  (SELECT count(*) FROM notification WHERE user_id = u.id) AS notifications,
  (SELECT count(*) FROM audit_entry WHERE actor_id = u.id) AS audit_entries
FROM app_user u WHERE u.id = :user_id
""")


class PrivacyService:
    """`notifications_keep_days` and `ended_keep_days`: how long what is named in `retain` is kept; None for good."""

    def __init__(
        self, db: Database, *, notifications_keep_days: int | None = None, ended_keep_days: int | None = None
    ) -> None:
        self._db = db
        self._notifications_keep_days, self._ended_keep_days = notifications_keep_days, ended_keep_days

    async def export(self, actor: Actor) -> AsyncGenerator[tuple[str, Sequence[dict[str, Any]]], None]:
        """All that is kept about the caller: (section, some of its rows), each section without rows first. Memory does not grow with it.

        That it was handed out is put down first. Raises NotPermitted for whoever has no session: no program gets this.
        """
        if actor.kind is not Kind.SESSION:
            raise NotPermitted
        async with self._db.write() as session:
            audit.record(session, actor, "user.exported", "user", actor.user_id)
        for section in SECTIONS:
            yield section.name, ()
            async for rows in rows_of(self._db, section, actor.user_id):
                yield section.name, rows

    async def impact(self, actor: Actor, user_id: UUID) -> ErasureImpact:
        """What `erase` would find at present. Raises NotPermitted (neither oneself nor auditor or admin) and NotFound."""
        if not (actor.reads_all or actor.user_id == user_id):
            raise NotPermitted
        async with self._db.read() as session:
            found = (await session.execute(_IMPACT, {"user_id": user_id})).one_or_none()
        if found is None:
            raise NotFound("user")
        return ErasureImpact(**found._asdict())

    async def erase(self, actor: Actor, user_id: UUID, username: str) -> Receipt:
        """Forget a person, all of it or nothing; LiteLLM follows within seconds. `username` is the person's, as a confirmation.

        The same again removes what has come up since. Raises NotPermitted (neither oneself nor an admin), NotFound, and InvalidInput for
        another name or the last admin.
        """
        if not (actor.is_admin or actor.user_id == user_id):
            raise NotPermitted
        pseudonym = users.pseudonym_of(user_id)
        by = replace(actor, username=pseudonym) if actor.user_id == user_id else actor
        async with self._db.write() as session:
            person = await users.locked_for_erasure(session, user_id)
            if username != person.username:
                raise InvalidInput("username", "is not the person's username, as it must be to confirm this")
            if await users.is_last_admin(session, user_id):
                raise InvalidInput("username", "is the last admin's: somebody else has to be one first")
            # Names first, so that nothing that is written from here on quotes them.
            texts, entries = await _forget_words(session, user_id, person.username)
            sessions, tokens = await auth.forget_access_of(session, user_id)
            ended = {
                "sessions": sessions,
                "access_tokens": tokens,
                "keys": await keys.revoke_all_of(session, by, user_id),
                "subscriptions": await subscriptions.cancel_all_of(session, by, user_id, None),
                "notifications": await notifications.forget_all_of(session, user_id),
            }
            erased = await users.erase(session, user_id)
            receipt = Receipt(user_id, pseudonym, erased.erased_at, **ended, texts=texts, audit_entries=entries)
            detail = {name: value for name, value in asdict(receipt).items() if name not in ("user_id", "erased_at")}
            audit.record(session, by, "user.erased", "user", user_id, **detail)
        return receipt

    async def retain(self) -> int:
        """What the job does: how many rows were deleted, or lost their words.

        Notifications go some time after they were read, or a year after they were written. Some time after their end, access tokens go,
        and keys and subscriptions lose names and free texts. Names that requests wrote while their person was erased follow here.
        """
        count = 0
        now = utc_now()
        async with self._db.write() as session:
            if self._notifications_keep_days is not None:
                kept = timedelta(days=self._notifications_keep_days)
                count += await notifications.forget_old(session, now - kept, now - max(kept, _UNREAD_KEPT))
            if self._ended_keep_days is not None:
                before = now - timedelta(days=self._ended_keep_days)
                count += await auth.forget_ended_tokens(session, before)
                count += await keys.forget_ended_names(session, before)
                count += await subscriptions.forget_ended_texts(session, before)
            for user_id in await users.erased_since(session, now - _SWEPT_AGAIN):
                count += sum(await _forget_words(session, user_id, None))
        return count


async def _forget_words(session: AsyncSession, user_id: UUID, username: str | None) -> tuple[int, int]:
    """(rows that lost text, audit entries that lost a name). `username` is what notices of others may have; None once that is gone."""
    pseudonym = users.pseudonym_of(user_id)
    texts = await keys.forget_names_of(session, user_id)
    if username is not None:
        texts += await notifications.forget_actor(session, username, pseudonym)
    texts += await subscriptions.forget_texts_of(session, user_id, pseudonym)
    return texts, await audit.forget_name(session, user_id, pseudonym)
