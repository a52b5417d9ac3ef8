"""The verbs of the catalogue."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Row, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor
from gateway.catalog import policy, queries
from gateway.catalog.queries import Facets, ModelFilter, ModelOrder
from gateway.catalog.tables import ModelLifecycle
from gateway.db import Database, one_of, utc_now
from gateway.litellm import LiteLLM, ModelInfo
from gateway.paging import Page, fetch_page

log = structlog.get_logger()

_model = queries.model


class CatalogService:
    def __init__(self, db: Database, litellm: LiteLLM) -> None:
        self._db = db
        self._litellm = litellm

    async def page(
        self,
        actor: Actor,
        first: int,
        after: str | None = None,
        wanted: ModelFilter | None = None,
        order: ModelOrder | None = None,
    ) -> Page[Row[Any]]:
        """Models that `actor` can choose from. Raises InvalidInput naming `first` or `after`."""
        query = queries.listed(actor, wanted)
        return await fetch_page(self._db, query, queries.order_of(order), first, after)

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        """Those of the models that exist and that `actor` may see; retired ones too."""
        return {row.id: row for row in await self._db.rows(queries.by_ids(actor, ids))}

    async def known(self, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        """The models, hidden and retired ones too: for what was subscribed to while it could be seen."""
        return {row.id: row for row in await self._db.rows(select(_model).where(one_of(_model.c.id, ids)))}

    async def facets(self, actor: Actor) -> Facets:
        counted = [
            [(str(value), int(count)) for value, count in await self._db.rows(query)] for query in queries.facets(actor)
        ]
        return Facets(*counted)

    async def sync(self) -> None:
        """Bring our rows to what LiteLLM lists. An empty list is taken for a fault of LiteLLM's and changes nothing."""
        models = await self._litellm.models()
        if not models:
            log.warning("litellm_lists_no_models")
            return
        async with self._db.write() as session:
            await self._copy(session, models)
            await session.execute(queries.NOTE_PRICES, {"now": utc_now()})
            await self._retire(session, [info.name for info in models])

    async def _copy(self, session: AsyncSession, models: Sequence[ModelInfo]) -> None:
        now = utc_now()
        rows = [
            {
                "id": uuid4(),
                "name": info.name,
                "lifecycle": ModelLifecycle.AVAILABLE,
                "access": policy.access_of(info),
                "created_at": now,
                "updated_at": now,
                **policy.described(info),
            }
            for info in sorted(models, key=lambda info: info.name)
        ]
        offered = insert(_model).values(rows)
        retired = _model.c.lifecycle == ModelLifecycle.RETIRED
        lifecycle = case((retired, ModelLifecycle.AVAILABLE), else_=_model.c.lifecycle)
        copied = {column: offered.excluded[column] for column in (*policy.COPIED, "updated_at")}
        differs = or_(
            retired, *(_model.c[column].is_distinct_from(offered.excluded[column]) for column in policy.COPIED)
        )
        await session.execute(
            offered.on_conflict_do_update(
                index_elements=["name"], set_={**copied, "lifecycle": lifecycle}, where=differs
            )
        )

    async def _retire(self, session: AsyncSession, listed: Sequence[str]) -> None:
        gone = (
            update(_model)
            .where(_model.c.name.not_in(listed), _model.c.lifecycle != ModelLifecycle.RETIRED)
            .values(lifecycle=ModelLifecycle.RETIRED, updated_at=utc_now())
            .returning(_model.c.id, _model.c.name)
        )
        for model_id, name in await session.execute(gone):
            audit.record(session, "catalog-sync", "model.retired", "model", model_id, name=name)
