"""The people and services that tests of subscriptions need."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.subscriptions import SubscriptionChange, SubscriptionService
from tests.builders import a_person


@pytest.fixture
def subscriptions(db: Database) -> SubscriptionService:
    return SubscriptionService(db)


@pytest.fixture
async def alice(db: Database) -> Actor:
    return await a_person(db, "alice")


@pytest.fixture
async def ada(db: Database) -> Actor:
    return await a_person(db, "ada", Role.ADMIN)


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
