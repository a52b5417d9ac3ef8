"""People and parts that tests of many domains begin with."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.events import Bus
from gateway.migrate import grant
from gateway.subscriptions import SubscriptionService
from tests.builders import a_person


@pytest.fixture
async def alice(db: Database) -> Actor:
    return await a_person(db, "alice")


@pytest.fixture
async def ada(db: Database) -> Actor:
    return await a_person(db, "ada", Role.ADMIN)


@pytest.fixture
def subscriptions(db: Database) -> SubscriptionService:
    return SubscriptionService(db)


@pytest.fixture
async def bus(database_url: str) -> AsyncIterator[Bus]:
    """One that listens."""
    bus = Bus(database_url)
    await bus.start()
    yield bus
    await bus.stop()


@pytest.fixture
async def limited(database_url: str, db: Database) -> AsyncIterator[Database]:
    """The same database for a role of its own that owns nothing in it and was granted what the gateway needs."""
    role = f"runtime_{uuid4().hex[:8]}"
    async with db.write() as session:
        await session.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'a-password-of-its-own'"))
    await grant(database_url, role)
    url = make_url(database_url).set(username=role, password="a-password-of-its-own")
    limited = Database(url.render_as_string(hide_password=False), pool_size=2)
    yield limited
    await limited.close()
    async with db.write() as session:
        await session.execute(text(f"DROP OWNED BY {role}"))
        await session.execute(text(f"DROP ROLE {role}"))
