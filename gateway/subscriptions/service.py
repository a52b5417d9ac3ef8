"""The verbs of subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor, Role
from gateway.catalog import Model, ModelLifecycle
from gateway.catalog import visible_to as model_visible_to
from gateway.db import Database, utc_now
from gateway.errors import DomainError, InvalidInput, NotFound, NotPermitted
from gateway.paging import Page, fetch_page
from gateway.subscriptions import policy, queries
from gateway.subscriptions.tables import SubscriptionStatus

_subscription = queries.subscription
_model = Model.__table__  # type: ignore[attr-defined]


@dataclass(eq=False)
class AlreadySubscribed(DomainError):
    subscription: Row[Any]
    code = "ALREADY_SUBSCRIBED"
    sentence = "You already have a subscription to this model, or asked for one."


@dataclass(eq=False)
class ModelUnavailable(DomainError):
    model: Row[Any]
    code = "MODEL_UNAVAILABLE"
    sentence = "This model can no longer be subscribed to."


class SubscriptionService:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(
        self, actor: Actor, first: int, after: str | None = None, status: Sequence[SubscriptionStatus] | None = None
    ) -> Page[Row[Any]]:
        """The caller's own, newest first."""
        async with self._db.read() as session:
            query = queries.listed(actor, status, own=True)
            return await fetch_page(self._db, session, query, queries.NEWEST_FIRST, first, after)

    async def page_of_all(
        self, actor: Actor, first: int, after: str | None = None, status: Sequence[SubscriptionStatus] | None = None
    ) -> Page[Row[Any]]:
        """Everybody's, newest first. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            query = queries.listed(actor, status, own=False)
            return await fetch_page(self._db, session, query, queries.NEWEST_FIRST, first, after)

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        async with self._db.read() as session:
            return {row.id: row for row in await session.execute(queries.by_ids(actor, ids))}

    async def latest_by_model(self, actor: Actor, model_ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        """The caller's newest subscription to each of the models, by model."""
        async with self._db.read() as session:
            return {row.model_id: row for row in await session.execute(queries.latest_of(actor, model_ids))}

    async def request(self, actor: Actor, model_id: UUID, justification: str | None = None) -> Row[Any]:
        """Ask for a model: ACTIVE at once when it is open, PENDING when it is restricted.

        Raises NotFound, ModelUnavailable (retired), AlreadySubscribed, InvalidInput (`justification`) or NotPermitted (auditors).
        """
        if actor.role is Role.AUDITOR:
            raise NotPermitted
        why = policy.check_text("justification", justification)
        async with self._db.write() as session:
            found = select(_model).where(model_visible_to(actor), _model.c.id == model_id).with_for_update(read=True)
            model = (await session.execute(found)).one_or_none()
            if model is None:
                raise NotFound("model")
            if model.lifecycle is ModelLifecycle.RETIRED:
                raise ModelUnavailable(model)
            new = {
                "id": uuid4(),
                "user_id": actor.user_id,
                "model_id": model_id,
                "status": policy.first_status(model.access, why),
                "justification": why,
                "created_at": utc_now(),
                "updated_at": utc_now(),
            }
            # Two requests at once: the second waits here for the first, finds its row in the index and stores nothing.
            stored = insert(_subscription).values(new).on_conflict_do_nothing().returning(_subscription)
            row: Row[Any] | None = (await session.execute(stored)).one_or_none()
            if row is None:
                raise AlreadySubscribed(await self._open(session, actor.user_id, model_id))
            audit.record(session, actor, "subscription.requested", "subscription", row.id, model=model.name)
            return row

    async def approve(self, actor: Actor, subscription_id: UUID, reason: str | None = None) -> Row[Any]:
        """PENDING to ACTIVE. Raises NotPermitted (no admin, or one's own), NotFound, InvalidTransition or InvalidInput (`reason`)."""
        return await self._decide(actor, subscription_id, SubscriptionStatus.ACTIVE, reason)

    async def deny(self, actor: Actor, subscription_id: UUID, reason: str) -> Row[Any]:
        """PENDING to DENIED, with the reason that the requester will read. Raises as `approve` does."""
        if not reason.strip():
            raise InvalidInput("reason", "must say why, for the requester to read")
        return await self._decide(actor, subscription_id, SubscriptionStatus.DENIED, reason)

    async def _decide(
        self, actor: Actor, subscription_id: UUID, wanted: SubscriptionStatus, reason: str | None
    ) -> Row[Any]:
        if not actor.is_admin:
            raise NotPermitted
        why = policy.check_text("reason", reason)
        async with self._db.write() as session:
            found = queries.by_ids(actor, [subscription_id]).with_for_update()
            row = (await session.execute(found)).one_or_none()
            if row is None:
                raise NotFound("subscription")
            if row.user_id == actor.user_id:
                raise NotPermitted
            # A decision is taken once, and only on a request that waits for one.
            if row.status is not SubscriptionStatus.PENDING:
                raise policy.InvalidTransition("subscription", row.status)
            policy.check_transition(row.status, wanted)
            changed = (
                update(_subscription)
                .where(_subscription.c.id == subscription_id)
                .values(status=wanted, reason=why, updated_at=utc_now())
                .returning(_subscription)
            )
            audit.record(
                session,
                actor,
                "subscription.decided",
                "subscription",
                row.id,
                before=row.status,
                after=wanted,
                reason=why,
            )
            decided: Row[Any] = (await session.execute(changed)).one()
            return decided

    async def _open(self, session: AsyncSession, user_id: UUID, model_id: UUID) -> Row[Any]:
        query = select(_subscription).where(
            _subscription.c.user_id == user_id,
            _subscription.c.model_id == model_id,
            _subscription.c.status.in_(policy.OPEN),
        )
        return (await session.execute(query)).one()
