"""SELECTs on keys. Each starts from `visible_to(actor)`.

A key is read together with its newest generation: `prefix`, `last_four` and `in_sync` come from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select, true

from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import UtcDateTime, one_of, table_of
from gateway.errors import InvalidInput
from gateway.keys import desired
from gateway.keys.tables import ApiKeyStatus, api_key, api_key_model, generation
from gateway.paging import Order
from gateway.subscriptions import FOREVER
from gateway.users import User

MAX_SEARCH = 200

_model = table_of(Model)
_user = table_of(User)


class KeyOrder(StrEnum):
    """LAST_USED is for the ledger to say: `usage` has it."""

    NEWEST = "NEWEST"
    NAME = "NAME"
    EXPIRES_SOONEST = "EXPIRES_SOONEST"
    LAST_USED = "LAST_USED"


@dataclass(frozen=True)
class KeyFilter:
    """All that is given must hold. `search`: words each of which must occur in the key's name, be the beginning or the end of a secret of
    its as they are shown or, where everybody's are listed, occur in its owner's name. `drifted`: whether somebody has changed it in
    LiteLLM itself. Raises InvalidInput.
    """

    status: Sequence[ApiKeyStatus] | None = None
    search: str | None = None
    user_id: UUID | None = None
    model_id: UUID | None = None
    drifted: bool | None = None

    def __post_init__(self) -> None:
        if self.search and (len(self.search) > MAX_SEARCH or "\x00" in self.search):
            raise InvalidInput("search", f"may have at most {MAX_SEARCH} characters, and no NUL among them")


EVERY_KEY = KeyFilter()

_ID = (api_key.c.id, UUID)
NEWEST_FIRST = Order("keys", ((api_key.c.created_at, datetime), _ID), descending=True)
_ORDERS = {
    KeyOrder.NEWEST: NEWEST_FIRST,
    KeyOrder.NAME: Order("keys:name", ((func.lower(api_key.c.name), str), _ID)),
    KeyOrder.EXPIRES_SOONEST: Order(
        "keys:expiry", ((func.coalesce(api_key.c.expires_at, FOREVER, type_=UtcDateTime()), datetime), _ID)
    ),
}


def order_of(order: KeyOrder | None) -> Order:
    return _ORDERS[order or KeyOrder.NEWEST]


def visible_to(actor: Actor) -> Any:
    if actor.api_key_id is not None:
        return api_key.c.id == actor.api_key_id
    return true() if actor.reads_all else api_key.c.user_id == actor.user_id


@cache
def readable() -> Select[Any]:
    """Keys as they are shown. For callers who narrow it down to what may be seen.

    Made once: the condition of what LiteLLM should have takes longer to put together than the key to be read.
    """
    # The secret to show: one that works before one that does not work yet, and before those that are over.
    current = (
        select(generation.c.prefix, generation.c.last_four, generation.c.told, generation.c.drift)
        .where(generation.c.api_key_id == api_key.c.id)
        .order_by(
            generation.c.ended_at.is_(None).desc(), generation.c.told.is_not(None).desc(), generation.c.number.desc()
        )
        .limit(1)
        .lateral("current")
    )
    unsettled = exists().where(generation.c.api_key_id == api_key.c.id, desired.unsettled()).correlate(api_key)
    return select(api_key, *current.c, (~unsettled).label("in_sync")).join(current, true())


def listed(actor: Actor, wanted: KeyFilter = EVERY_KEY, *, own: bool) -> Select[Any]:
    query = readable().where(visible_to(actor))
    if own:
        query = query.where(api_key.c.user_id == actor.user_id)
    if wanted.status is not None:
        query = query.where(api_key.c.status.in_(wanted.status))
    if wanted.user_id is not None:
        query = query.where(api_key.c.user_id == wanted.user_id)
    if wanted.model_id is not None:
        held = exists().where(api_key_model.c.api_key_id == api_key.c.id, api_key_model.c.model_id == wanted.model_id)
        query = query.where(held.correlate(api_key))
    if wanted.drifted is not None:
        differs = (generation.c.ended_at.is_(None), generation.c.drift.is_not(None))
        drifted = exists().where(generation.c.api_key_id == api_key.c.id, *differs).correlate(api_key)
        query = query.where(drifted if wanted.drifted else ~drifted)
    for word in (wanted.search or "").split():
        query = query.where(or_(*_found(word, own=own)))
    return query


def _found(word: str, *, own: bool) -> list[Any]:
    of_key = generation.c.api_key_id == api_key.c.id
    # As they are shown, since what all secrets begin with is no way to tell them apart.
    ends = or_(generation.c.prefix == word, generation.c.last_four == word)
    found = [api_key.c.name.icontains(word, autoescape=True), exists().where(of_key, ends).correlate(api_key)]
    if not own:
        names = [column.icontains(word, autoescape=True) for column in (_user.c.username, _user.c.display_name)]
        found.append(exists().where(_user.c.id == api_key.c.user_id, or_(*names)).correlate(api_key))
    return found


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return readable().where(visible_to(actor), one_of(api_key.c.id, ids))


def models_of(key_ids: Sequence[UUID]) -> Select[Any]:
    """(api_key_id, the model's columns), by name. A model that was hidden since is still on the key, and shown there."""
    return (
        select(api_key_model.c.api_key_id, _model)
        .join(_model, _model.c.id == api_key_model.c.model_id)
        .where(one_of(api_key_model.c.api_key_id, key_ids))
        .order_by(_model.c.name)
    )
