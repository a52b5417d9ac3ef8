"""SELECTs on keys. Each starts from `visible_to(actor)`.

A key is read together with its newest generation: `prefix`, `last_four` and `in_sync` come from there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select, true

from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import table_of
from gateway.keys import desired
from gateway.keys.tables import ApiKeyStatus, api_key, api_key_model, generation
from gateway.paging import Order

_model = table_of(Model)

NEWEST_FIRST = Order("keys", ((api_key.c.created_at, datetime), (api_key.c.id, UUID)), descending=True)


def visible_to(actor: Actor) -> Any:
    return true() if actor.reads_all else api_key.c.user_id == actor.user_id


def readable() -> Select[Any]:
    """Keys as they are shown. For callers who narrow it down to what may be seen."""
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


def listed(actor: Actor, status: Sequence[ApiKeyStatus] | None, *, own: bool) -> Select[Any]:
    query = readable().where(visible_to(actor))
    if own:
        query = query.where(api_key.c.user_id == actor.user_id)
    return query if status is None else query.where(api_key.c.status.in_(status))


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return readable().where(visible_to(actor), api_key.c.id.in_(ids))


def models_of(key_ids: Sequence[UUID]) -> Select[Any]:
    """(api_key_id, the model's columns), by name. A model that was hidden since is still on the key, and shown there."""
    return (
        select(api_key_model.c.api_key_id, _model)
        .join(_model, _model.c.id == api_key_model.c.model_id)
        .where(api_key_model.c.api_key_id.in_(key_ids))
        .order_by(_model.c.name)
    )
