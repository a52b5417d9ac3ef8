"""What admins do with the subscriptions of others, and what time does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Actor
from gateway.catalog import Model, ModelLifecycle
from gateway.db import Database, table_of, utc_now
from gateway.errors import DomainError, InvalidInput, NotPermitted
from gateway.subscriptions import changes, policy, queries, rules
from gateway.subscriptions.policy import Changes, InvalidTransition
from gateway.subscriptions.requests import NO_CHANGES, ModelUnavailable, close_quota_change
from gateway.subscriptions.tables import QuotaChangeStatus, SubscriptionAction, SubscriptionStatus

MAX_DECISIONS = 100
EXPIRED_AT_ONCE = 500
EXPIRY = "subscription-expiry"

_subscription = queries.subscription
_model = table_of(Model)


@dataclass(frozen=True)
class Decision:
    """Yes or no to a pending request or, with `quota_change_id`, to a request for other limits. See `Reviews.approve`."""

    subscription_id: UUID
    approve: bool
    reason: str | None = None
    changes: Changes = field(default_factory=dict)
    quota_change_id: UUID | None = None


class Reviews:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def approve(
        self,
        actor: Actor,
        subscription_id: UUID,
        reason: str | None = None,
        granted: Changes = NO_CHANGES,
        quota_change_id: UUID | None = None,
    ) -> Row[Any]:
        """Say yes: PENDING becomes ACTIVE, or the other limits hold from now on.

        `granted` is for other limits than were asked for, or another expiry than the rules give. Without `quota_change_id` only a
        PENDING subscription is approved, with it only that request: what the admin did not see is never approved.

        Raises NotPermitted (no admin, or one's own), NotFound, InvalidTransition, ModelUnavailable (retired) or InvalidInput.
        """
        return await self._decide(actor, Decision(subscription_id, True, reason, granted, quota_change_id))

    async def deny(
        self, actor: Actor, subscription_id: UUID, reason: str, quota_change_id: UUID | None = None
    ) -> Row[Any]:
        """Say no, with the reason that the requester will read: PENDING becomes DENIED, or the limits stay. Raises as `approve` does."""
        return await self._decide(actor, Decision(subscription_id, False, reason, {}, quota_change_id))

    async def decide(self, actor: Actor, decisions: Sequence[Decision]) -> list[Row[Any] | DomainError]:
        """Each decision for itself, in order: the subscription as it is now, or why that decision was refused.

        Raises NotPermitted (no admin), or InvalidInput for none, for more than 100, or for two on the same.
        """
        if not actor.is_admin:
            raise NotPermitted
        if not 1 <= len(decisions) <= MAX_DECISIONS:
            raise InvalidInput("decisions", f"must have from 1 to {MAX_DECISIONS} items")
        if len({decision.subscription_id for decision in decisions}) < len(decisions):
            raise InvalidInput("decisions", "may have only one decision for each subscription")
        results: list[Row[Any] | DomainError] = []
        for decision in decisions:
            try:
                results.append(await self._decide(actor, decision))
            except DomainError as refusal:
                results.append(refusal)
        return results

    async def _decide(self, actor: Actor, decision: Decision) -> Row[Any]:
        if not actor.is_admin:
            raise NotPermitted
        check = policy.check_text if decision.approve else policy.check_reason
        why = check("reason", decision.reason)
        policy.check_changes(decision.changes, utc_now())
        async with self._db.write() as session:
            row = await _of_another(session, actor, decision.subscription_id)
            if decision.quota_change_id is not None:
                return await self._decide_quota(session, actor, row, decision, why)
            # A decision is taken once, and only on a request that waits for one: a suspended one is not approved by the way.
            if row.status is not SubscriptionStatus.PENDING:
                raise InvalidTransition("subscription", row.status)
            if not decision.approve:
                action, status = SubscriptionAction.DENIED, SubscriptionStatus.DENIED
                return (await changes.apply(session, actor, [row], action, status=status, reason=why))[0]
            model = (await session.execute(select(_model).where(_model.c.id == row.model_id))).one()
            if model.lifecycle is ModelLifecycle.RETIRED:
                raise ModelUnavailable(model)
            action, status = SubscriptionAction.APPROVED, SubscriptionStatus.ACTIVE
            granted = dict(decision.changes)
            if "expires_at" not in granted:
                usual = rules.end(await rules.current(session, row.model_id), utc_now())
                granted |= {} if usual is None else {"expires_at": usual}
            return (await changes.apply(session, actor, [row], action, status=status, reason=why, changes=granted))[0]

    async def _decide_quota(
        self, session: AsyncSession, actor: Actor, row: Row[Any], decision: Decision, why: str | None
    ) -> Row[Any]:
        assert decision.quota_change_id is not None
        status = QuotaChangeStatus.APPROVED if decision.approve else QuotaChangeStatus.DENIED
        asked = await close_quota_change(session, row, decision.quota_change_id, status, why)
        if not decision.approve:
            return (await changes.apply(session, actor, [row], SubscriptionAction.QUOTA_DENIED, reason=why))[0]
        granted = {**policy.limits_of(asked), **decision.changes}
        action = SubscriptionAction.QUOTA_APPROVED
        return (await changes.apply(session, actor, [row], action, reason=why, changes=granted))[0]

    async def change(self, actor: Actor, subscription_id: UUID, wanted: Changes, reason: str | None = None) -> Row[Any]:
        """Other limits or another expiry for an active or suspended subscription, without a request.

        Raises NotPermitted (no admin, or one's own), NotFound, InvalidTransition or InvalidInput.
        """
        why = _admins_reason(actor, reason)
        policy.check_changes(wanted, utc_now())
        async with self._db.write() as session:
            row = await _of_another(session, actor, subscription_id)
            if row.status not in (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED):
                raise InvalidTransition("subscription", row.status)
            if not policy.differences(row._asdict(), wanted):
                raise InvalidInput("input", "changes nothing")
            action = SubscriptionAction.CHANGED
            return (await changes.apply(session, actor, [row], action, reason=why, changes=wanted))[0]

    async def suspend(self, actor: Actor, subscription_id: UUID, reason: str) -> Row[Any]:
        """ACTIVE to SUSPENDED, with the reason that the owner will read. Raises as `change` does; one's own is no exception here."""
        if not actor.is_admin:
            raise NotPermitted
        why = policy.check_reason("reason", reason)
        async with self._db.write() as session:
            row = await changes.locked(session, actor, subscription_id)
            action, status = SubscriptionAction.SUSPENDED, SubscriptionStatus.SUSPENDED
            return (await changes.apply(session, actor, [row], action, status=status, reason=why))[0]

    async def resume(self, actor: Actor, subscription_id: UUID, reason: str | None = None) -> Row[Any]:
        """SUSPENDED to ACTIVE. Raises as `change` does."""
        why = _admins_reason(actor, reason)
        async with self._db.write() as session:
            row = await _of_another(session, actor, subscription_id)
            if row.status is not SubscriptionStatus.SUSPENDED:
                raise InvalidTransition("subscription", row.status)
            action, status = SubscriptionAction.RESUMED, SubscriptionStatus.ACTIVE
            return (await changes.apply(session, actor, [row], action, status=status, reason=why))[0]

    async def expire(self) -> int:
        """What the job does: end what is past its time. Returns how many ended."""
        async with self._db.write() as session:
            over = (
                select(_subscription)
                .where(
                    _subscription.c.status.in_((SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)),
                    _subscription.c.expires_at <= utc_now(),
                )
                .order_by(_subscription.c.expires_at)
                .limit(EXPIRED_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            rows = (await session.execute(over)).all()
            action, status = SubscriptionAction.EXPIRED, SubscriptionStatus.EXPIRED
            return len(await changes.apply(session, EXPIRY, rows, action, status=status)) if rows else 0


async def cancel_all_of(session: AsyncSession, actor: Actor, user_id: UUID, reason: str | None) -> int:
    """Give up every open subscription of this person in a transaction of the caller's. Returns how many there were."""
    mine = (_subscription.c.user_id == user_id, _subscription.c.status.in_(policy.OPEN))
    rows = (
        await session.execute(select(_subscription).where(*mine).order_by(_subscription.c.id).with_for_update())
    ).all()
    action, status = SubscriptionAction.CANCELLED, SubscriptionStatus.CANCELLED
    return len(await changes.apply(session, actor, rows, action, status=status, reason=reason)) if rows else 0


def _admins_reason(actor: Actor, reason: str | None) -> str | None:
    if not actor.is_admin:
        raise NotPermitted
    return policy.check_text("reason", reason)


async def _of_another(session: AsyncSession, actor: Actor, subscription_id: UUID) -> Row[Any]:
    """Nobody decides on what is his own."""
    row = await changes.locked(session, actor, subscription_id)
    if row.user_id == actor.user_id:
        raise NotPermitted
    return row
