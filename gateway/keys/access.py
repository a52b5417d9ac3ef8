"""Who may change which key, and which models a person may put on one. Shared by all verbs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Actor, Role
from gateway.catalog import Model, ModelLifecycle
from gateway.catalog import visible_to as model_visible_to
from gateway.db import table_of
from gateway.errors import DomainError, InvalidInput, NotFound, NotPermitted
from gateway.keys import queries
from gateway.keys.tables import ApiKeyStatus, api_key
from gateway.subscriptions import InvalidTransition, usable_models

_model = table_of(Model)


@dataclass(eq=False)
class NotSubscribed(DomainError):
    """`models` are rows of the catalogue."""

    models: Sequence[Row[Any]]
    field: str = "modelIds"
    code = "NOT_SUBSCRIBED"
    sentence = "A key may hold only models with an active subscription: {names}."

    @property
    def names(self) -> str:
        return ", ".join(model.name for model in self.models)

    @property
    def message(self) -> str:
        return self.sentence.format(names=self.names)


async def changeable(
    session: AsyncSession, actor: Actor, key_id: UUID, statuses: Sequence[ApiKeyStatus] | None = None
) -> Row[Any]:
    """The key's row, locked.

    Raises NotFound for one that the actor can't see, NotPermitted for one that he may only see, InvalidTransition for one that has
    none of the `statuses`.
    """
    found = select(api_key).where(queries.visible_to(actor), api_key.c.id == key_id).with_for_update()
    row = (await session.execute(found)).one_or_none()
    if row is None:
        raise NotFound("key")
    if actor.role is Role.AUDITOR or not (actor.is_admin or row.user_id == actor.user_id):
        raise NotPermitted
    if statuses is not None and row.status not in statuses:
        raise InvalidTransition("key", row.status)
    return row


async def check_models(session: AsyncSession, actor: Actor, owner_id: UUID, model_ids: Sequence[UUID]) -> None:
    """Raises NotFound, InvalidInput (retired ones) or NotSubscribed (the owner is not, or not any more)."""
    known = select(_model).where(model_visible_to(actor), _model.c.id.in_(model_ids))
    models = {row.id: row for row in await session.execute(known)}
    if any(model_id not in models for model_id in model_ids):
        raise NotFound("model")
    retired = [row.name for row in models.values() if row.lifecycle is ModelLifecycle.RETIRED]
    if retired:
        raise InvalidInput("modelIds", f"names models that are no longer there: {', '.join(sorted(retired))}")
    usable = await usable_models(session, owner_id, model_ids)
    if missing := [models[model_id] for model_id in dict.fromkeys(model_ids) if model_id not in usable]:
        raise NotSubscribed(missing)
