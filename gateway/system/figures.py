"""How much of everything there is, for Prometheus: counted at most every quarter of a minute, whoever asks."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from gateway import keys, subscriptions, users
from gateway.db import Database, table_of, utc_now

KEEP = timedelta(seconds=15)

_user = table_of(users.User)
_key = table_of(keys.ApiKey)
_subscription = table_of(subscriptions.ModelSubscription)
_quota_change = table_of(subscriptions.QuotaChange)


@dataclass(frozen=True)
class Figures:
    """`people` may sign in, `disabled` may not; `limit_requests` are wishes for other limits that an admin is to decide."""

    counted_at: datetime
    people: int
    disabled: int
    api_keys: dict[keys.ApiKeyStatus, int]
    subscriptions: dict[subscriptions.SubscriptionStatus, int]
    limit_requests: int
    backlog: keys.Backlog

    @property
    def pending(self) -> int:
        """Subscriptions that an admin is to decide."""
        return self.subscriptions[subscriptions.SubscriptionStatus.PENDING]


class FiguresService:
    def __init__(self, db: Database, of_keys: keys.KeyService) -> None:
        self._db, self._keys = db, of_keys
        self._counting = asyncio.Lock()
        self._kept: Figures | None = None

    async def figures(self) -> Figures:
        """As of now, or of a quarter of a minute ago at most. For whoever may read the metrics. Raises what the database raises."""
        async with self._counting:
            if self._kept is None or utc_now() - self._kept.counted_at >= KEEP:
                self._kept = await self._count()
            return self._kept

    async def _count(self) -> Figures:
        people = select(_user.c.disabled_at.is_not(None), func.count()).group_by(_user.c.disabled_at.is_not(None))
        by_key_status = select(_key.c.status, func.count()).group_by(_key.c.status)
        by_status = select(_subscription.c.status, func.count()).group_by(_subscription.c.status)
        limit_requests = select(func.count()).where(_quota_change.c.status == subscriptions.QuotaChangeStatus.PENDING)
        async with self._db.read() as session:
            disabled: dict[bool, int] = {row[0]: row[1] for row in await session.execute(people)}
            api_keys = {row[0]: row[1] for row in await session.execute(by_key_status)}
            of_status = {row[0]: row[1] for row in await session.execute(by_status)}
            waiting = (await session.execute(limit_requests)).scalar_one()
        return Figures(
            counted_at=utc_now(),
            people=disabled.get(False, 0),
            disabled=disabled.get(True, 0),
            api_keys={status: api_keys.get(status, 0) for status in keys.ApiKeyStatus},
            subscriptions={status: of_status.get(status, 0) for status in subscriptions.SubscriptionStatus},
            limit_requests=waiting,
            backlog=await self._keys.backlog(),
        )
