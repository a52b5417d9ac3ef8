from collections.abc import AsyncIterator

import pytest

from gateway.db import Database
from gateway.events import Bus
from gateway.usage import UsageService


@pytest.fixture
async def bus(database_url: str) -> AsyncIterator[Bus]:
    bus = Bus(database_url)
    await bus.start()
    yield bus
    await bus.stop()


@pytest.fixture
def service(db: Database, database_url: str) -> UsageService:
    """For what is not live: its bus does not listen."""
    return UsageService(db, Bus(database_url))
