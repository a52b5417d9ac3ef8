"""What every group of verbs stands on."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row

from gateway.actor import Actor
from gateway.db import Database
from gateway.keys import queries, settlement
from gateway.litellm import LiteLLM


class Verbs:
    def __init__(self, db: Database, litellm: LiteLLM) -> None:
        self._db = db
        self._litellm = litellm

    async def _settled(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """The key after one attempt to tell LiteLLM."""
        await settlement.settle_key(self._db, self._litellm, key_id)
        (row,) = await self._db.rows(queries.by_ids(actor, [key_id]))
        return cast(Row[Any], row)
