"""A key that asks for itself: who holds its secret learns of that key and of nothing else."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from gateway.actor import Actor, Kind, Role
from gateway.catalog import Model, ModelLifecycle
from gateway.db import one_of, table_of
from gateway.keys import queries
from gateway.keys.base import Verbs
from gateway.keys.tables import api_key, api_key_model
from gateway.subscriptions import ModelSubscription, usable

_MAX_SECRET = 200

_model = table_of(Model)
_subscription = table_of(ModelSubscription)

# Asked on every request with a key, and so in asyncpg's own words. A key on hold may still read why its calls are refused.
_SPEAKING = """
SELECT g.id, g.api_key_id, g.prefix, g.last_four, k.user_id
FROM api_key_generation g JOIN api_key k ON k.id = g.api_key_id JOIN app_user u ON u.id = k.user_id
WHERE k.status IN ('ACTIVE', 'ROTATING', 'BLOCKED') AND (k.expires_at IS NULL OR k.expires_at > now())
  AND g.told IS NOT NULL AND g.ended_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > now()) AND u.disabled_at IS NULL
"""
_BY_HASH = f"{_SPEAKING} AND g.token_hash = $1"
_BY_ID = f"{_SPEAKING} AND g.id = $1"


class Asking(Verbs):
    async def key_actor(self, secret: str) -> Actor | None:
        """The key with this secret; None if it is no secret of ours or has ended, or the key is over, or its owner is disabled."""
        if len(secret) > _MAX_SECRET:
            return None
        return await self._speaking(_BY_HASH, hashlib.sha256(secret.encode()).hexdigest())

    async def key_again(self, actor: Actor) -> Actor | None:
        """The same key as it is now, for connections that outlive a request."""
        return await self._speaking(_BY_ID, actor.credential_id)

    async def callable_models(self, actor: Actor) -> Sequence[Row[Any]]:
        """Rows of the catalogue that the caller can call now, by name: a key those that it holds, a person those with a subscription.

        Only where the subscription is active, not over and not used up.
        """
        owner = _subscription.c.user_id
        query = select(_model).join(_subscription, _subscription.c.model_id == _model.c.id).where(usable())
        if actor.api_key_id is None:
            query = query.where(owner == actor.user_id)
        else:
            query = (
                query.join(api_key_model, api_key_model.c.model_id == _model.c.id)
                .join(api_key, api_key.c.id == api_key_model.c.api_key_id)
                .where(queries.visible_to(actor), owner == api_key.c.user_id)
            )
        query = query.where(_model.c.lifecycle != ModelLifecycle.RETIRED).order_by(_model.c.name)
        return await self._db.rows(query)

    async def held_models(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        """Those of the models that are on the key which asks."""
        held = (
            select(_model)
            .join(api_key_model, api_key_model.c.model_id == _model.c.id)
            .where(api_key_model.c.api_key_id == actor.api_key_id, one_of(_model.c.id, ids))
        )
        return {row.id: row for row in await self._db.rows(held)}

    async def _speaking(self, query: str, key: str | UUID | None) -> Actor | None:
        for row in await self._db.fetch(query, key):
            name = f"key {row['prefix']}…{row['last_four']}"
            key_id, owner_id = row["api_key_id"], row["user_id"]
            return Actor(
                key_id, name, Role.USER, Kind.KEY, row["id"], frozenset(), api_key_id=key_id, owner_id=owner_id
            )
        return None
