"""What people do with their own subscriptions: ask, ask for other limits, withdraw, give up."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Actor, Role
from gateway.catalog import Model, ModelLifecycle
from gateway.catalog import visible_to as model_visible_to
from gateway.db import Database, table_of, utc_now
from gateway.errors import DomainError, InvalidInput, NotFound, NotPermitted
from gateway.subscriptions import changes, policy, queries, rules
from gateway.subscriptions.policy import Changes, InvalidTransition
from gateway.subscriptions.tables import QuotaChangeStatus, SubscriptionAction, SubscriptionStatus

_subscription = queries.subscription
_quota_change = queries.quota_change
_model = table_of(Model)

NO_CHANGES: Changes = {}
OTHER_LIMITS = "request for other limits"


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


class Requests:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def request(
        self, actor: Actor, model_id: UUID, justification: str | None = None, limits: Changes = NO_CHANGES
    ) -> Row[Any]:
        """Ask for a model: ACTIVE at once when it is open, PENDING when an admin has to decide.

        An admin decides on restricted models, and on open ones when the last subscription was given up while it was suspended, or
        when more is asked for than it allowed: giving up must not be a way around a decision. Limits that are left out are those of
        that last subscription or, if there was none, what `rules` give to everybody.

        Raises NotFound, ModelUnavailable (retired), AlreadySubscribed, InvalidInput or NotPermitted (auditors).
        """
        if actor.role is Role.AUDITOR:
            raise NotPermitted
        why, now = policy.check_text("justification", justification), utc_now()
        policy.check_changes(limits, now)
        async with self._db.write() as session:
            found = select(_model).where(model_visible_to(actor), _model.c.id == model_id).with_for_update(read=True)
            model = (await session.execute(found)).one_or_none()
            if model is None:
                raise NotFound("model")
            if model.lifecycle is ModelLifecycle.RETIRED:
                raise ModelUnavailable(model)
            usual = await rules.current(session, model_id)
            earlier, suspended = await self._earlier(session, actor.user_id, model_id)
            granted = rules.limits(usual) if earlier is None else earlier
            wanted = {**granted, **limits}
            reviewed = suspended or policy.exceeds(wanted, granted)
            status = policy.first_status(model.access, why, reviewed=reviewed)
            new = {
                "id": uuid4(),
                "user_id": actor.user_id,
                "model_id": model_id,
                "status": status,
                "justification": why,
                "created_at": now,
                "updated_at": now,
                "awaiting_since": now if status is SubscriptionStatus.PENDING else None,
                "expires_at": rules.end(usual, now) if status is SubscriptionStatus.ACTIVE else None,
                **wanted,
            }
            # Two requests at once: the second waits here for the first, finds its row in the index and stores nothing.
            stored = insert(_subscription).values(new).on_conflict_do_nothing().returning(_subscription)
            row: Row[Any] | None = (await session.execute(stored)).one_or_none()
            if row is None:
                raise AlreadySubscribed((await session.execute(queries.newest_of(actor.user_id, model_id))).one())
            await changes.created(session, actor, row)
            return row

    async def _earlier(
        self, session: AsyncSession, user_id: UUID, model_id: UUID
    ) -> tuple[dict[str, Any] | None, bool]:
        """(limits, whether it was suspended) of the last subscription if it was once granted. Raises AlreadySubscribed."""
        last = (await session.execute(queries.newest_of(user_id, model_id).with_for_update())).one_or_none()
        if last is None:
            return None, False
        if last.status in policy.OPEN:
            raise AlreadySubscribed(last)
        end = await changes.last_line(session, last.id)
        if end is None or end.from_status not in (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED):
            return None, False
        return policy.limits_of(last), end.from_status is SubscriptionStatus.SUSPENDED

    async def cancel(self, actor: Actor, subscription_id: UUID) -> Row[Any]:
        """Give up one's own subscription, or withdraw the request. Raises NotFound, NotPermitted or InvalidTransition."""
        async with self._db.write() as session:
            row = await _own(session, actor, subscription_id)
            status = SubscriptionStatus.CANCELLED
            return (await changes.apply(session, actor, [row], SubscriptionAction.CANCELLED, status=status))[0]

    async def request_quota_change(
        self, actor: Actor, subscription_id: UUID, limits: Changes, justification: str | None
    ) -> Row[Any]:
        """Ask for other limits on one's own active subscription: the request's row. What is left out stays as it is.

        Raises NotFound, NotPermitted, InvalidInput, or InvalidTransition when the subscription is not active or a request is open.
        """
        why, now = policy.check_reason("justification", justification), utc_now()
        policy.check_changes(limits, now)
        async with self._db.write() as session:
            row = await _own(session, actor, subscription_id)
            if row.status is not SubscriptionStatus.ACTIVE:
                raise InvalidTransition("subscription", row.status)
            present = policy.limits_of(row)
            differences = policy.differences(present, limits)
            if not differences:
                raise InvalidInput("input", "asks for no other limits than there are")
            new = {
                "id": uuid4(),
                "subscription_id": row.id,
                "status": QuotaChangeStatus.PENDING,
                "justification": why,
                "created_at": now,
                **present,
                **limits,
            }
            stored = insert(_quota_change).values(new).on_conflict_do_nothing().returning(_quota_change)
            asked: Row[Any] | None = (await session.execute(stored)).one_or_none()
            if asked is None:
                raise InvalidTransition(OTHER_LIMITS, QuotaChangeStatus.PENDING)
            await changes.apply(session, actor, [row], SubscriptionAction.QUOTA_REQUESTED, reason=why)
            return asked

    async def cancel_quota_change(self, actor: Actor, quota_change_id: UUID) -> Row[Any]:
        """Withdraw one's own request for other limits. Raises NotFound, NotPermitted or InvalidTransition."""
        async with self._db.write() as session:
            of = select(_quota_change.c.subscription_id).where(_quota_change.c.id == quota_change_id)
            subscription_id = await session.scalar(of)
            if subscription_id is None:
                raise NotFound("request")
            row = await _own(session, actor, subscription_id)
            closed = await close_quota_change(session, row, quota_change_id, QuotaChangeStatus.CANCELLED, None)
            await changes.apply(session, actor, [row], SubscriptionAction.QUOTA_CANCELLED)
            return closed


async def close_quota_change(
    session: AsyncSession, row: Row[Any], quota_change_id: UUID, status: QuotaChangeStatus, reason: str | None
) -> Row[Any]:
    """Answer an open request for other limits of this locked subscription. Raises NotFound or InvalidTransition."""
    of = select(_quota_change).where(_quota_change.c.id == quota_change_id, _quota_change.c.subscription_id == row.id)
    asked = (await session.execute(of)).one_or_none()
    if asked is None:
        raise NotFound("request")
    if asked.status is not QuotaChangeStatus.PENDING:
        raise InvalidTransition(OTHER_LIMITS, asked.status)
    closed = (
        update(_quota_change)
        .where(_quota_change.c.id == quota_change_id)
        .values(status=status, reason=reason, decided_at=utc_now())
        .returning(_quota_change)
    )
    changed: Row[Any] = (await session.execute(closed)).one()
    return changed


async def _own(session: AsyncSession, actor: Actor, subscription_id: UUID) -> Row[Any]:
    row = await changes.locked(session, actor, subscription_id)
    if actor.role is Role.AUDITOR or row.user_id != actor.user_id:
        raise NotPermitted
    return row
