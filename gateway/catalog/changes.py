"""What an admin decides about a model. LiteLLM's part of the row is not touched, and a later sync does not undo this."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor
from gateway.catalog import queries
from gateway.catalog.tables import ModelLifecycle
from gateway.db import utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted

_model = queries.model


async def exists(session: AsyncSession, actor: Actor, model_id: UUID) -> bool:
    """Whether there is such a model that `actor` may see, retired or not."""
    return await session.scalar(queries.by_ids(actor, [model_id]).with_only_columns(_model.c.id)) is not None


async def change(
    session: AsyncSession, actor: Actor, model_id: UUID, values: Mapping[str, Any], reason: str | None
) -> Row[Any]:
    """Set `access`, `lifecycle` or `successor_id`, what is left out stays; the row as it is now.

    Whether a model is retired is for LiteLLM to say: it stays so, and can't be made so. Raises NotPermitted (no admin), NotFound or
    InvalidInput (`lifecycle`, `successorId`).
    """
    if not actor.is_admin:
        raise NotPermitted
    before = (await session.execute(queries.by_ids(actor, [model_id]).with_for_update())).one_or_none()
    if before is None:
        raise NotFound("model")
    retired = ModelLifecycle.RETIRED
    if values.get("lifecycle", before.lifecycle) is not before.lifecycle and retired in (
        values["lifecycle"],
        before.lifecycle,
    ):
        raise InvalidInput("lifecycle", "follows from LiteLLM's list of models, as far as RETIRED is concerned")
    if (successor_id := values.get("successor_id")) is not None:
        await _check_successor(session, actor, model_id, successor_id)
    changed = update(_model).where(_model.c.id == model_id).values(updated_at=utc_now(), **values).returning(_model)
    after: Row[Any] = (await session.execute(changed)).one()
    differences = {name: [_text(getattr(before, name)), _text(value)] for name, value in values.items()}
    audit.record(session, actor, "model.changed", "model", model_id, name=after.name, reason=reason, **differences)
    return after


async def _check_successor(session: AsyncSession, actor: Actor, model_id: UUID, successor_id: UUID) -> None:
    if successor_id == model_id:
        raise InvalidInput("successorId", "must be another model")
    found = select(_model.c.lifecycle).where(queries.visible_to(actor), _model.c.id == successor_id)
    lifecycle = await session.scalar(found)
    if lifecycle is None:
        raise NotFound("model")
    if lifecycle is not ModelLifecycle.AVAILABLE:
        raise InvalidInput("successorId", "must be a model that is available")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
