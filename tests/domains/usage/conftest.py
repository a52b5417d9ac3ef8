from datetime import UTC, datetime

import pytest

from gateway.db import Database
from gateway.events import Bus
from gateway.litellm import LiteLLM
from gateway.usage import LedgerService, UsageService
from gateway.usage.reconcile import spend_log as reading
from tests.domains.usage.reconciling import HOUR, a_ledger


@pytest.fixture
def service(db: Database, database_url: str) -> UsageService:
    """For what is not live: its bus does not listen."""
    return UsageService(db, Bus(database_url))


@pytest.fixture
def ledger(db: Database, litellm: LiteLLM, service: UsageService) -> LedgerService:
    return a_ledger(db, litellm, service)


@pytest.fixture
def start() -> datetime:
    """Three hours ago, in a full second."""
    return datetime.now(UTC).replace(microsecond=0) - 3 * HOUR


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 20)
