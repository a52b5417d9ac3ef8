"""The one place that changes a subscription: the row, its history, the audit entry and the message go into one transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, events
from gateway.actor import Actor
from gateway.db import utc_now
from gateway.errors import NotFound
from gateway.subscriptions import policy, queries
from gateway.subscriptions.policy import Changes
from gateway.subscriptions.tables import QuotaChangeStatus, SubscriptionStatus
from gateway.subscriptions.tables import SubscriptionAction as A

AWAITING = "approvals"
ANY = "subscriptions"

_subscription = queries.subscription
_quota_change = queries.quota_change
_history = queries.history

_ASKED = (A.REQUESTED, A.QUOTA_REQUESTED)
_ANSWERED = (A.APPROVED, A.DENIED, A.CANCELLED, A.EXPIRED, A.QUOTA_APPROVED, A.QUOTA_DENIED, A.QUOTA_CANCELLED)


async def locked(session: AsyncSession, actor: Actor, subscription_id: UUID) -> Row[Any]:
    """The subscription, which nobody else changes until the transaction ends. Raises NotFound for one that the actor can't see."""
    found = queries.by_ids(actor, [subscription_id]).with_for_update()
    row: Row[Any] | None = (await session.execute(found)).one_or_none()
    if row is None:
        raise NotFound("subscription")
    return row


async def created(session: AsyncSession, actor: Actor, row: Row[Any]) -> None:
    """Put down that a subscription was asked for, after its row was inserted."""
    given = policy.limits_of(row) | {"expires_at": row.expires_at}
    limits = policy.differences({}, {column: value for column, value in given.items() if value is not None})
    await session.execute(insert(_history).values(_line(actor, A.REQUESTED, row, None, row.justification, limits)))
    audit.record(session, actor, "subscription.requested", "subscription", row.id, after=row.status)
    await events.publish(session, _topics([row], awaiting=row.awaiting_since is not None))


async def apply(
    session: AsyncSession,
    actor: Actor | str,
    rows: Sequence[Row[Any]],
    action: A,
    *,
    status: SubscriptionStatus | None = None,
    reason: str | None = None,
    changes: Changes | None = None,
) -> list[Row[Any]]:
    """Change all of these locked rows in the same way; gives them as they are now.

    `actor` is a person, or the name of a job. A change of status also replaces the reason that the owner reads.
    Raises InvalidTransition before anything is written.
    """
    if status is not None:
        for row in rows:
            policy.check_transition(row.status, status)
    now = utc_now()
    values: dict[str, Any] = {"updated_at": now, **(changes or {})}
    if status is not None:
        values |= {"status": status, "reason": reason}
    if action in _ASKED:
        values["awaiting_since"] = now
    elif action in _ANSWERED:
        values["awaiting_since"] = None
    before = {row.id: row for row in rows}
    changed = update(_subscription).where(_subscription.c.id.in_(list(before))).values(values).returning(_subscription)
    after: list[Row[Any]] = list(await session.execute(changed))
    if status in (SubscriptionStatus.CANCELLED, SubscriptionStatus.EXPIRED):
        await _close_quota_changes(session, list(before))
    lines = []
    for row in after:
        was = before[row.id]
        limits = policy.differences(was._asdict(), changes or {})
        lines.append(_line(actor, action, row, was.status, reason, limits))
        # What owners write stands in the history only, where it can be forgotten.
        is_owner = isinstance(actor, Actor) and actor.user_id == row.user_id
        audit.record(
            session,
            actor,
            f"subscription.{action.value.lower()}",
            "subscription",
            row.id,
            before=was.status,
            after=row.status,
            reason=None if is_owner else reason,
            limits=limits,
        )
    if lines:
        await session.execute(insert(_history), lines)
    await events.publish(session, _topics(after, awaiting="awaiting_since" in values))
    return after


async def _close_quota_changes(session: AsyncSession, subscription_ids: Sequence[UUID]) -> None:
    is_open = (
        _quota_change.c.subscription_id.in_(subscription_ids),
        _quota_change.c.status == QuotaChangeStatus.PENDING,
    )
    closed = {"status": QuotaChangeStatus.CANCELLED, "decided_at": utc_now()}
    await session.execute(update(_quota_change).where(*is_open).values(closed))


async def last_line(session: AsyncSession, subscription_id: UUID) -> Row[Any] | None:
    """The newest line of a subscription's history that changed its status."""
    moved = _history.c.from_status.is_distinct_from(_history.c.to_status)
    newest = (
        select(_history).where(_history.c.subscription_id == subscription_id, moved).order_by(_history.c.seq.desc())
    )
    return (await session.execute(newest.limit(1))).one_or_none()


def _line(
    actor: Actor | str,
    action: A,
    row: Row[Any],
    before: SubscriptionStatus | None,
    reason: str | None,
    limits: dict[str, list[str | None]],
) -> dict[str, Any]:
    name, actor_id = (actor, None) if isinstance(actor, str) else (actor.username, actor.user_id)
    return {
        "subscription_id": row.id,
        "at": row.updated_at,
        "actor": name,
        "actor_id": actor_id,
        "action": action,
        "from_status": before,
        "to_status": row.status,
        "reason": reason,
        "limits": limits,
    }


def _topics(rows: Sequence[Row[Any]], *, awaiting: bool) -> set[str]:
    topics = {f"subscriptions:user:{row.user_id}" for row in rows}
    if rows:
        topics.add(ANY)
    return topics | {AWAITING} if rows and awaiting else topics
