"""SELECTs on keys. Each starts from `visible_to(actor)`.

A key is read together with its newest generation: `prefix`, `last_four` and `in_sync` come from there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, exists, func, select, true

from gateway.actor import Actor
from gateway.catalog import Model
from gateway.keys.tables import ApiKey, ApiKeyGeneration, ApiKeyModel, ApiKeyStatus
from gateway.paging import Order

api_key: Table = ApiKey.__table__  # type: ignore[attr-defined]
generation: Table = ApiKeyGeneration.__table__  # type: ignore[attr-defined]
api_key_model: Table = ApiKeyModel.__table__  # type: ignore[attr-defined]
_model: Table = Model.__table__  # type: ignore[attr-defined]

NEWEST_FIRST = Order("keys", ((api_key.c.created_at, datetime), (api_key.c.id, UUID)), descending=True)


def visible_to(actor: Actor) -> Any:
    return true() if actor.reads_all else api_key.c.user_id == actor.user_id


def _readable() -> Select[Any]:
    newest = (
        select(func.max(generation.c.number))
        .where(generation.c.api_key_id == api_key.c.id)
        .correlate(api_key)
        .scalar_subquery()
    )
    unsettled = exists().where(generation.c.api_key_id == api_key.c.id, generation.c.settle_due_at.is_not(None))
    return (
        select(api_key, generation.c.prefix, generation.c.last_four, (~unsettled.correlate(api_key)).label("in_sync"))
        .join(generation, generation.c.api_key_id == api_key.c.id)
        .where(generation.c.number == newest)
    )


def listed(actor: Actor, status: Sequence[ApiKeyStatus] | None, *, own: bool) -> Select[Any]:
    query = _readable().where(visible_to(actor))
    if own:
        query = query.where(api_key.c.user_id == actor.user_id)
    return query if status is None else query.where(api_key.c.status.in_(status))


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return _readable().where(visible_to(actor), api_key.c.id.in_(ids))


def models_of(key_ids: Sequence[UUID]) -> Select[Any]:
    """(api_key_id, the model's columns), by name. A model that was hidden since is still on the key, and shown there."""
    return (
        select(api_key_model.c.api_key_id, _model)
        .join(_model, _model.c.id == api_key_model.c.model_id)
        .where(api_key_model.c.api_key_id.in_(key_ids))
        .order_by(_model.c.name)
    )
