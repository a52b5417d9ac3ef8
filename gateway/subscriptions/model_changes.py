"""What becomes of subscriptions when an admin changes who may have a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from gateway import catalog
from gateway.actor import Actor
from gateway.db import Database
from gateway.errors import NotFound, NotPermitted
from gateway.subscriptions import changes, policy, queries
from gateway.subscriptions.tables import SubscriptionAction as A
from gateway.subscriptions.tables import SubscriptionStatus as S

_subscription = queries.subscription


class ExistingSubscriptions(StrEnum):
    """KEEP: who has the model keeps it. SUSPEND: every active subscription is put on hold, and an admin lets people back.
    CANCEL: active and suspended ones end, and requests that wait are denied.
    """

    KEEP = "KEEP"
    SUSPEND = "SUSPEND"
    CANCEL = "CANCEL"


# What is done to subscriptions of which status, and what they become.
_DONE = {
    ExistingSubscriptions.KEEP: (),
    ExistingSubscriptions.SUSPEND: (((S.ACTIVE,), A.SUSPENDED, S.SUSPENDED),),
    ExistingSubscriptions.CANCEL: (
        ((S.ACTIVE, S.SUSPENDED), A.CANCELLED, S.CANCELLED),
        ((S.PENDING,), A.DENIED, S.DENIED),
    ),
}


@dataclass(frozen=True)
class ModelChangeImpact:
    """Subscriptions to the model by status, the people with an active one, and how many the change would suspend, end and deny."""

    active: int
    pending: int
    suspended: int
    people: int
    becoming_suspended: int
    becoming_cancelled: int
    becoming_denied: int


class ModelChanges:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def model_change_impact(
        self, actor: Actor, model_id: UUID, existing: ExistingSubscriptions
    ) -> ModelChangeImpact:
        """What `change_model` would do to subscriptions now; it writes nothing. Raises NotPermitted or NotFound."""
        if not actor.reads_all:
            raise NotPermitted
        by_status = (
            select(_subscription.c.status, func.count(), func.count(_subscription.c.user_id.distinct()))
            .where(_subscription.c.model_id == model_id)
            .group_by(_subscription.c.status)
        )
        async with self._db.read() as session:
            if not await catalog.exists(session, actor, model_id):
                raise NotFound("model")
            found = {row[0]: (row[1], row[2]) for row in await session.execute(by_status)}
        counts = {status: found.get(status, (0, 0))[0] for status in policy.OPEN}
        becoming = {after: sum(counts[each] for each in before) for before, _, after in _DONE[existing]}
        return ModelChangeImpact(
            active=counts[S.ACTIVE],
            pending=counts[S.PENDING],
            suspended=counts[S.SUSPENDED],
            people=found.get(S.ACTIVE, (0, 0))[1],
            becoming_suspended=becoming.get(S.SUSPENDED, 0),
            becoming_cancelled=becoming.get(S.CANCELLED, 0),
            becoming_denied=becoming.get(S.DENIED, 0),
        )

    async def change_model(
        self,
        actor: Actor,
        model_id: UUID,
        values: Mapping[str, Any],
        *,
        existing: ExistingSubscriptions,
        reason: str | None = None,
    ) -> Row[Any]:
        """Say who may have the model and whether it is here to stay, and what becomes of those who have it: the model's row.

        `values` as `catalog.change` takes them. Nothing of LiteLLM's is touched. Unless it is KEEP a reason is needed, for owners to
        read. Raises NotPermitted (no admin), NotFound or InvalidInput.
        """
        if not actor.is_admin:
            raise NotPermitted
        why = (policy.check_reason if _DONE[existing] else policy.check_text)("reason", reason)
        async with self._db.write() as session:
            # Requests lock the model's row too: none of them can still become active after this.
            model = await catalog.change(session, actor, model_id, values, why)
            for before, action, after in _DONE[existing]:
                concerned = (
                    select(_subscription)
                    .where(_subscription.c.model_id == model_id, _subscription.c.status.in_(before))
                    .order_by(_subscription.c.id)
                    .with_for_update()
                )
                rows = (await session.execute(concerned)).all()
                await changes.apply(session, actor, rows, action, status=after, reason=why)
            return model
