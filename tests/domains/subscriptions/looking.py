"""What tests of subscriptions look at."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from gateway.db import Database
from gateway.subscriptions import SubscriptionChange


async def everything(db: Database) -> dict[str, Sequence[Any]]:
    """All that a change could write: after a refusal it must be as before."""
    tables = ("model", "model_subscription", "quota_change", "subscription_change", "audit_entry")
    async with db.read() as session:
        return {
            name: (await session.scalars(text(f"SELECT t::text FROM {name} t ORDER BY 1"))).all() for name in tables
        }


async def history(db: Database, subscription_id: UUID) -> list[tuple[str, str, str | None, str, str | None]]:
    """(actor, action, from, to, reason) of each line, oldest first."""
    table = SubscriptionChange.__table__  # type: ignore[attr-defined]
    async with db.read() as session:
        rows = await session.execute(
            select(table).where(table.c.subscription_id == subscription_id).order_by(table.c.seq)
        )
        return [(row.actor, row.action, row.from_status, row.to_status, row.reason) for row in rows]
