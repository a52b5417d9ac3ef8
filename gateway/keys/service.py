"""The verbs of keys: reading here, the others by what they do."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from gateway.actor import Actor
from gateway.errors import NotPermitted
from gateway.keys import policy, queries, settlement
from gateway.keys.changes import Changing
from gateway.keys.creation import Creating
from gateway.keys.drift import Drifting
from gateway.keys.rotation import Rotating
from gateway.keys.rules import Ruling
from gateway.keys.tables import ApiKeyStatus, api_key, api_key_model
from gateway.paging import Page, fetch_page


class KeyService(Creating, Changing, Rotating, Ruling, Drifting):
    """Reads are here, and LiteLLM is asked nothing for them."""

    async def page(
        self, actor: Actor, first: int, after: str | None = None, status: Sequence[ApiKeyStatus] | None = None
    ) -> Page[Row[Any]]:
        """The caller's own keys, newest first."""
        async with self._db.read() as session:
            query = queries.listed(actor, status, own=True)
            return await fetch_page(self._db, session, query, queries.NEWEST_FIRST, first, after)

    async def page_of_all(
        self, actor: Actor, first: int, after: str | None = None, status: Sequence[ApiKeyStatus] | None = None
    ) -> Page[Row[Any]]:
        """Everybody's keys, newest first. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            query = queries.listed(actor, status, own=False)
            return await fetch_page(self._db, session, query, queries.NEWEST_FIRST, first, after)

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        async with self._db.read() as session:
            return {row.id: row for row in await session.execute(queries.by_ids(actor, ids))}

    async def models_by_key(self, key_ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
        """The models of each key. For keys that the caller was shown."""
        models: dict[UUID, list[Row[Any]]] = defaultdict(list)
        async with self._db.read() as session:
            for row in await session.execute(queries.models_of(key_ids)):
                models[row.api_key_id].append(row)
        return models

    async def count_holding(self, actor: Actor, model_id: UUID) -> int:
        """How many keys that are not over hold this model, among those that the actor may see."""
        holding = (
            select(func.count())
            .select_from(api_key_model.join(api_key))
            .where(
                queries.visible_to(actor),
                api_key_model.c.model_id == model_id,
                api_key.c.status.not_in(policy.GONE),
            )
        )
        async with self._db.read() as session:
            return int((await session.execute(holding)).scalar_one())

    async def settle(self) -> int:
        """Bring LiteLLM to our rows where that is due. Returns how many generations were settled."""
        return await settlement.settle_due(self._db, self._litellm)
