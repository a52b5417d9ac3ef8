"""SELECTs on subscriptions. Each starts from `visible_to(actor)`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Actor
from gateway.paging import Order
from gateway.subscriptions.tables import ModelSubscription, SubscriptionStatus

subscription: Table = ModelSubscription.__table__  # type: ignore[attr-defined]

NEWEST_FIRST = Order(
    "subscriptions", ((subscription.c.created_at, datetime), (subscription.c.id, UUID)), descending=True
)


def visible_to(actor: Actor) -> Any:
    return true() if actor.reads_all else subscription.c.user_id == actor.user_id


def listed(actor: Actor, status: Sequence[SubscriptionStatus] | None, *, own: bool) -> Select[Any]:
    query = select(subscription).where(visible_to(actor))
    if own:
        query = query.where(subscription.c.user_id == actor.user_id)
    return query if status is None else query.where(subscription.c.status.in_(status))


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return select(subscription).where(visible_to(actor), subscription.c.id.in_(ids))


def latest_of(actor: Actor, model_ids: Sequence[UUID]) -> Select[Any]:
    """The caller's own newest subscription to each of the models: an open one is always the newest."""
    return (
        select(subscription)
        .ext(distinct_on(subscription.c.model_id))
        .where(subscription.c.user_id == actor.user_id, subscription.c.model_id.in_(model_ids))
        .order_by(subscription.c.model_id, subscription.c.created_at.desc())
    )


def usable(now: Any = None) -> ColumnElement[bool]:
    """The condition under which a subscription gives its owner's keys the model: active, not over, and no quota used up.

    `now` is a moment or an SQL expression; the database's clock if left out. Once its window has ended, an exhausted quota counts
    no more without anybody having written it.
    """
    now = func.now() if now is None else now
    return and_(
        subscription.c.status == SubscriptionStatus.ACTIVE,
        or_(subscription.c.expires_at.is_(None), subscription.c.expires_at > now),
        or_(subscription.c.exhausted_until.is_(None), subscription.c.exhausted_until <= now),
    )


async def usable_models(session: AsyncSession, user_id: UUID, model_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the models to which the person has an active subscription, which stays so until the transaction ends."""
    active = (
        select(subscription.c.model_id)
        .where(
            subscription.c.user_id == user_id,
            subscription.c.model_id.in_(model_ids),
            subscription.c.status == SubscriptionStatus.ACTIVE,
            or_(subscription.c.expires_at.is_(None), subscription.c.expires_at > func.now()),
        )
        .with_for_update(read=True)
    )
    return set((await session.execute(active)).scalars())
