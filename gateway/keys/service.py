"""The verbs of keys: reading here, the others by what they do."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from gateway.actor import Actor
from gateway.db import one_of
from gateway.errors import NotPermitted
from gateway.keys import desired, policy, queries, settlement
from gateway.keys.asking import Asking
from gateway.keys.changes import Changing
from gateway.keys.creation import Creating
from gateway.keys.drift import Drifting
from gateway.keys.queries import KeyFilter, KeyOrder
from gateway.keys.rotation import Rotating
from gateway.keys.rules import Ruling
from gateway.keys.tables import api_key, api_key_model, generation
from gateway.paging import Page, fetch_page


@dataclass(frozen=True)
class Backlog:
    """`waiting`: secrets that LiteLLM has not confirmed as they should be; `failing_since`: when the first attempt failed that none has
    made good since. `drifted`: keys that were changed in LiteLLM itself.
    """

    waiting: int
    failing_since: datetime | None
    drifted: int


class KeyService(Asking, Creating, Changing, Rotating, Ruling, Drifting):
    """Reads are here, and LiteLLM is asked nothing for them."""

    async def page(
        self,
        actor: Actor,
        first: int,
        after: str | None = None,
        wanted: KeyFilter = queries.EVERY_KEY,
        order: KeyOrder | None = None,
        *,
        own: bool = True,
    ) -> Page[Row[Any]]:
        """The caller's own keys or everybody's, newest first unless `order` says otherwise.

        Raises NotPermitted for a plain user who asks for everybody's.
        """
        if not (own or actor.reads_all):
            raise NotPermitted
        query = queries.listed(actor, wanted, own=own)
        return await fetch_page(self._db, query, queries.order_of(order), first, after)

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        return {row.id: row for row in await self._db.rows(queries.by_ids(actor, ids))}

    async def models_by_key(self, key_ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
        """The models of each key. For keys that the caller was shown."""
        models: dict[UUID, list[Row[Any]]] = defaultdict(list)
        for row in await self._db.rows(queries.models_of(key_ids)):
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
        return int(await self._db.value(holding))

    async def backlog(self) -> Backlog:
        """What is still to be told to LiteLLM, and what differs there. For callers who may know."""
        waiting = (
            select(func.count(), func.min(generation.c.failing_since))
            .select_from(generation.join(api_key))
            .where(desired.waiting())
        )
        drifted = select(func.count(generation.c.api_key_id.distinct())).where(
            generation.c.drift.is_not(None), generation.c.ended_at.is_(None)
        )
        async with self._db.read() as session:
            count, since = (await session.execute(waiting)).one()
            return Backlog(count, since, (await session.execute(drifted)).scalar_one())

    async def living_by_user(self, user_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many keys that are not over each person has, without those who have none. For people already shown to the caller."""
        counted = (
            select(api_key.c.user_id, func.count())
            .where(one_of(api_key.c.user_id, user_ids), api_key.c.status.not_in(policy.GONE))
            .group_by(api_key.c.user_id)
        )
        return {row[0]: row[1] for row in await self._db.rows(counted)}

    async def settle(self) -> int:
        """Bring LiteLLM to our rows where that is due. Returns how many generations were settled."""
        return await settlement.settle_due(self._db, self._litellm)
