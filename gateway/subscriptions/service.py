"""Reading subscriptions, and all their verbs as one."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from gateway.actor import Actor
from gateway.db import Database
from gateway.errors import NotPermitted
from gateway.events import Bus
from gateway.paging import Page, fetch_page
from gateway.subscriptions import changes, queries
from gateway.subscriptions.model_changes import ModelChanges
from gateway.subscriptions.queries import SubscriptionFilter, SubscriptionOrder
from gateway.subscriptions.requests import Requests
from gateway.subscriptions.reviews import Reviews
from gateway.subscriptions.rules import Ruling

EVERYTHING = SubscriptionFilter()
CHANGED_LAST = 20


class SubscriptionService(Requests, Reviews, ModelChanges, Ruling):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(
        self,
        actor: Actor,
        first: int,
        after: str | None = None,
        wanted: SubscriptionFilter = EVERYTHING,
        order: SubscriptionOrder | None = None,
    ) -> Page[Row[Any]]:
        """The caller's own, newest first unless `order` says otherwise."""
        query = queries.listed(actor, wanted, own=True)
        return await fetch_page(self._db, query, queries.order_of(order), first, after)

    async def page_of_all(
        self,
        actor: Actor,
        first: int,
        after: str | None = None,
        wanted: SubscriptionFilter = EVERYTHING,
        order: SubscriptionOrder | None = None,
    ) -> Page[Row[Any]]:
        """Everybody's, newest first unless `order` says otherwise. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        query = queries.listed(actor, wanted, own=False)
        return await fetch_page(self._db, query, queries.order_of(order), first, after)

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        return {row.id: row for row in await self._db.rows(queries.by_ids(actor, ids))}

    async def latest_by_model(self, actor: Actor, model_ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        """The caller's newest subscription to each of the models, by model."""
        return {row.model_id: row for row in await self._db.rows(queries.latest_of(actor, model_ids))}

    async def history_by_subscription(
        self, actor: Actor, subscription_ids: Sequence[UUID]
    ) -> dict[UUID, list[Row[Any]]]:
        """Every change of each subscription, oldest first."""
        found: dict[UUID, list[Row[Any]]] = defaultdict(list)
        for row in await self._db.rows(queries.history_of(actor, subscription_ids)):
            found[row.subscription_id].append(row)
        return found

    async def open_quota_change_by_subscription(
        self, actor: Actor, subscription_ids: Sequence[UUID]
    ) -> dict[UUID, Row[Any]]:
        """The request for other limits that waits for a decision, for each subscription that has one."""
        rows = await self._db.rows(queries.open_quota_changes(actor, subscription_ids))
        return {row.subscription_id: row for row in rows}

    async def quota_changes_by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        return {row.id: row for row in await self._db.rows(queries.quota_changes(actor, ids))}

    async def open_by_user(self, user_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many open subscriptions each person has, without those who have none. For people already shown to the caller."""
        return {row[0]: row[1] for row in await self._db.rows(queries.open_by_user(user_ids))}

    async def awaiting_count(self, actor: Actor) -> int:
        """How many requests wait for an admin's decision. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        return int(await self._db.value(queries.awaiting_count()))

    async def awaiting_counts(self, bus: Bus, actor: Actor) -> AsyncGenerator[int, None]:
        """`awaiting_count` at once, and again after each change. Raises NotPermitted at the first step."""
        if not actor.reads_all:
            raise NotPermitted
        async with bus.subscribe({changes.AWAITING}) as wakes:
            yield await self.awaiting_count(actor)
            async for _ in wakes:
                yield await self.awaiting_count(actor)

    async def own_changes(self, bus: Bus, actor: Actor) -> AsyncGenerator[list[Row[Any]], None]:
        """The caller's own subscriptions that were changed last, newest change first, at most CHANGED_LAST; again after each change."""
        async with bus.subscribe({f"subscriptions:user:{actor.user_id}"}) as wakes:
            yield await self._changed_last(actor)
            async for _ in wakes:
                yield await self._changed_last(actor)

    async def _changed_last(self, actor: Actor) -> list[Row[Any]]:
        return await self._db.rows(queries.changed_last(actor, CHANGED_LAST))
