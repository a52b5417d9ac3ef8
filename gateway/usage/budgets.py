"""What a key may spend, by our own ledger, in the window in which LiteLLM counts it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway import keys
from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import NotAvailable
from gateway.subscriptions import windows
from gateway.usage import lookups, queries
from gateway.usage.answers import View
from gateway.usage.ingest import DROPPED_BEFORE
from gateway.usage.policy import TimeRange


@dataclass(frozen=True)
class Budget:
    """US dollars. `remaining` is never below zero; LiteLLM books a call after its end, so a burst may pass the limit."""

    max_budget: Decimal | None
    spend: Decimal
    budget_duration: str | None = None
    resets_at: datetime | None = None

    @property
    def remaining(self) -> Decimal | None:
        return None if self.max_budget is None else max(self.max_budget - self.spend, Decimal(0))


class Budgets:
    _db: Database

    async def budget(self, actor: Actor) -> Budget:
        """Of the key that asks. Raises NotAvailable for a person: the windows of several keys make no sum."""
        if actor.api_key_id is None:
            raise NotAvailable("The budget of a person over all keys")
        (key,) = await self._db.rows(keys.listed(actor, own=False))
        if key.budget_duration is None:
            spent = await self._db.row(lookups.spend_by_key([key.id]))
            return Budget(key.max_budget, spent[1] if spent else Decimal(0))
        window = TimeRange(*windows.window(key.budget_duration, utc_now()))
        kept_from = await self._db.value(DROPPED_BEFORE)
        source = queries.Source(actor, View(window), kept_from)
        (sums,) = await self._db.rows(lookups.totals_now(source.shared), source.caller)
        return Budget(key.max_budget, sums.spend, key.budget_duration, window.end)
