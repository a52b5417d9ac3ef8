"""SELECTs on subscriptions. Each starts from `visible_to(actor)`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import UtcDateTime, one_of, table_of
from gateway.errors import InvalidInput
from gateway.paging import Order
from gateway.subscriptions import policy
from gateway.subscriptions.tables import (
    ModelSubscription,
    QuotaChange,
    QuotaChangeStatus,
    SubscriptionChange,
    SubscriptionStatus,
)
from gateway.users import User

MAX_SEARCH = 200
FOREVER = datetime.fromisoformat("9999-12-31T00:00:00Z")

subscription = table_of(ModelSubscription)
quota_change = table_of(QuotaChange)
history = table_of(SubscriptionChange)
_model = table_of(Model)
_user = table_of(User)


class SubscriptionOrder(StrEnum):
    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    LONGEST_WAITING = "LONGEST_WAITING"
    EXPIRES_SOONEST = "EXPIRES_SOONEST"
    MODEL = "MODEL"


@dataclass(frozen=True)
class SubscriptionFilter:
    """All that is given must hold. `awaiting`: whether an admin's decision is awaited, on the request or on other limits.

    `search`: words that must all occur in the model's name or, where everybody's are listed, the owner's. Raises InvalidInput.
    """

    status: Sequence[SubscriptionStatus] | None = None
    search: str | None = None
    awaiting: bool | None = None
    model_id: UUID | None = None
    user_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.search and (len(self.search) > MAX_SEARCH or "\x00" in self.search):
            raise InvalidInput("search", f"may have at most {MAX_SEARCH} characters, and no NUL among them")


_ID = (subscription.c.id, UUID)
_NEVER_NULL = {"type_": UtcDateTime()}
_ORDERS = {
    SubscriptionOrder.NEWEST: Order("subscriptions", ((subscription.c.created_at, datetime), _ID), descending=True),
    SubscriptionOrder.OLDEST: Order("subscriptions:oldest", ((subscription.c.created_at, datetime), _ID)),
    SubscriptionOrder.LONGEST_WAITING: Order(
        "subscriptions:waiting",
        ((func.coalesce(subscription.c.awaiting_since, FOREVER, **_NEVER_NULL), datetime), _ID),
    ),
    SubscriptionOrder.EXPIRES_SOONEST: Order(
        "subscriptions:expiry", ((func.coalesce(subscription.c.expires_at, FOREVER, **_NEVER_NULL), datetime), _ID)
    ),
    SubscriptionOrder.MODEL: Order("subscriptions:model", ((func.lower(_model.c.name), str), _ID)),
}


def order_of(order: SubscriptionOrder | None) -> Order:
    return _ORDERS[order or SubscriptionOrder.NEWEST]


def visible_to(actor: Actor) -> Any:
    return true() if actor.reads_all else subscription.c.user_id == actor.user_id


def listed(actor: Actor, wanted: SubscriptionFilter, *, own: bool) -> Select[Any]:
    joined = subscription.join(_model, _model.c.id == subscription.c.model_id)
    query = select(subscription).select_from(joined).where(visible_to(actor))
    if own:
        query = query.where(subscription.c.user_id == actor.user_id)
    if wanted.status is not None:
        query = query.where(subscription.c.status.in_(wanted.status))
    if wanted.awaiting is not None:
        is_awaited = subscription.c.awaiting_since.is_not(None)
        query = query.where(is_awaited if wanted.awaiting else ~is_awaited)
    if wanted.model_id is not None:
        query = query.where(subscription.c.model_id == wanted.model_id)
    if wanted.user_id is not None:
        query = query.where(subscription.c.user_id == wanted.user_id)
    words = (wanted.search or "").split()
    if words and not own:
        query = query.join(_user, _user.c.id == subscription.c.user_id)
    searched = [_model.c.name] if own else [_model.c.name, _user.c.username, _user.c.display_name]
    for word in words:
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in searched)))
    return query


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return select(subscription).where(visible_to(actor), one_of(subscription.c.id, ids))


def changed_last(actor: Actor, limit: int) -> Select[Any]:
    """The caller's own, those that were changed last first."""
    own = subscription.c.user_id == actor.user_id
    return select(subscription).where(own).order_by(subscription.c.updated_at.desc(), subscription.c.id).limit(limit)


def latest_of(actor: Actor, model_ids: Sequence[UUID]) -> Select[Any]:
    """The caller's own newest subscription to each of the models: an open one is always the newest."""
    return (
        select(subscription)
        .ext(distinct_on(subscription.c.model_id))
        .where(subscription.c.user_id == actor.user_id, one_of(subscription.c.model_id, model_ids))
        .order_by(subscription.c.model_id, subscription.c.created_at.desc())
    )


def newest_of(user_id: UUID, model_id: UUID) -> Select[Any]:
    """The person's newest subscription to the model."""
    of = (subscription.c.user_id == user_id, subscription.c.model_id == model_id)
    return select(subscription).where(*of).order_by(subscription.c.created_at.desc()).limit(1)


def history_of(actor: Actor, subscription_ids: Sequence[UUID]) -> Select[Any]:
    """Every line, oldest first."""
    return (
        select(history)
        .join(subscription, subscription.c.id == history.c.subscription_id)
        .where(visible_to(actor), one_of(history.c.subscription_id, subscription_ids))
        .order_by(history.c.seq)
    )


def open_quota_changes(actor: Actor, subscription_ids: Sequence[UUID]) -> Select[Any]:
    is_open = quota_change.c.status == QuotaChangeStatus.PENDING
    return _quota_changes(actor).where(is_open, one_of(quota_change.c.subscription_id, subscription_ids))


def quota_changes(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return _quota_changes(actor).where(one_of(quota_change.c.id, ids))


def _quota_changes(actor: Actor) -> Select[Any]:
    of = subscription.c.id == quota_change.c.subscription_id
    return select(quota_change).join(subscription, of).where(visible_to(actor))


def open_by_user(user_ids: Sequence[UUID]) -> Select[Any]:
    """(user_id, how many are pending, active or suspended)."""
    mine = (one_of(subscription.c.user_id, user_ids), subscription.c.status.in_(policy.OPEN))
    return select(subscription.c.user_id, func.count()).where(*mine).group_by(subscription.c.user_id)


def awaiting_count() -> Select[Any]:
    return select(func.count()).select_from(subscription).where(subscription.c.awaiting_since.is_not(None))


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
    """Those of the models to which the person has an active subscription, which stays so until the transaction ends.

    A used-up quota is no reason not to make a key: the model comes to it with the next window.
    """
    active = (
        select(subscription.c.model_id)
        .where(
            subscription.c.user_id == user_id,
            one_of(subscription.c.model_id, model_ids),
            subscription.c.status == SubscriptionStatus.ACTIVE,
            or_(subscription.c.expires_at.is_(None), subscription.c.expires_at > func.now()),
        )
        .with_for_update(read=True)
    )
    return set((await session.execute(active)).scalars())
