"""The verbs of leaving."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from gateway import audit, auth, keys, subscriptions
from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import NotFound, NotPermitted

_RECENTLY = timedelta(days=7)


class KeysFate(StrEnum):
    """REVOKE ends them for good; BLOCK leaves them as they are, on hold as long as their owner is disabled."""

    REVOKE = "REVOKE"
    BLOCK = "BLOCK"


class SubscriptionsFate(StrEnum):
    CANCEL = "CANCEL"
    KEEP = "KEEP"


@dataclass(frozen=True)
class OffboardingImpact:
    """What there is of a person that a leave-taking would end. `keys_in_use` were called with within the last seven days."""

    sessions: int
    access_tokens: int
    keys: int
    keys_in_use: int
    active_subscriptions: int
    pending_subscriptions: int
    suspended_subscriptions: int


_IMPACT = text("""
SELECT
  (SELECT count(*) FROM login_session s WHERE s.user_id = u.id AND s.expires_at > now()) AS sessions,
  (SELECT count(*) FROM access_token t
    WHERE t.user_id = u.id AND t.revoked_at IS NULL AND t.expires_at > now()) AS access_tokens,
  k.living AS keys,
  k.in_use AS keys_in_use,
  m.active AS active_subscriptions,
  m.pending AS pending_subscriptions,
  m.suspended AS suspended_subscriptions
FROM app_user u
CROSS JOIN LATERAL (
  SELECT count(*) AS living,
    count(*) FILTER (WHERE EXISTS (
      SELECT FROM usage_hourly h WHERE h.api_key_id = k.id AND h.hour >= :since
    )) AS in_use
  FROM api_key k WHERE k.user_id = u.id AND k.status IN ('PROVISIONING', 'ACTIVE', 'ROTATING', 'BLOCKED')
) k
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE status = 'ACTIVE') AS active,
    count(*) FILTER (WHERE status = 'PENDING') AS pending,
    count(*) FILTER (WHERE status = 'SUSPENDED') AS suspended
  FROM model_subscription m WHERE m.user_id = u.id
) m
WHERE u.id = :user_id
""")


class OffboardingService:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def impact(self, actor: Actor, user_id: UUID) -> OffboardingImpact:
        """What `offboard` would find at present. Raises NotPermitted for a plain user, NotFound."""
        if not actor.reads_all:
            raise NotPermitted
        found = await self._db.row(_IMPACT, {"user_id": user_id, "since": utc_now() - _RECENTLY})
        if found is None:
            raise NotFound("user")
        return OffboardingImpact(**found._asdict())

    async def offboard(
        self,
        actor: Actor,
        user_id: UUID,
        keys_fate: KeysFate,
        subscriptions_fate: SubscriptionsFate = SubscriptionsFate.CANCEL,
        reason: str | None = None,
    ) -> Row[Any]:
        """All of it or nothing: the person's row afterwards. The same again ends what has come up since.

        LiteLLM follows within seconds. Raises NotPermitted (no admin), NotFound, or InvalidInput for oneself.
        """
        async with self._db.write() as session:
            person = await auth.disable(session, actor, user_id, reason)
            ended: dict[str, int] = {"access_tokens": await auth.revoke_tokens_of(session, user_id)}
            if keys_fate is KeysFate.REVOKE:
                ended["keys"] = await keys.revoke_all_of(session, actor, user_id)
            if subscriptions_fate is SubscriptionsFate.CANCEL:
                ended["subscriptions"] = await subscriptions.cancel_all_of(session, actor, user_id, reason)
            audit.record(session, actor, "user.offboarded", "user", user_id, reason=reason, ended=ended)
        return person
