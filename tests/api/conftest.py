"""The whole of LiteMaaS on a port, with a LiteLLM beside it that calls back."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from gateway.sandbox.litellm import Options
from gateway.settings import ApiSettings, Settings
from tests.conftest import a_database
from tests.graphql import Client, Portal, served
from tests.portal import sandbox_settings
from tests.ports import own_port
from tests.proxies import MASTER_KEY, proxy_on_port

WEBHOOK_SECRET = "callback-5519-4471-x"
# For tests of other things, which ask for all that there is and do not pause.
UNHURRIED = ApiSettings(
    cost_ceiling=100_000,
    points=10**9,
    points_per_second=10**9,
    writes=10**9,
    writes_per_minute=10**9,
    concurrency=1_000,
)


@dataclass
class World:
    portal: Portal
    litellm_url: str
    alice: Client
    bob: Client
    ada: Client
    audrey: Client
    nobody: Client


@asynccontextmanager
async def a_world(
    server_url: str, template: str, api: ApiSettings = UNHURRIED, adapt: Callable[[Settings], Settings] = lambda it: it
) -> AsyncIterator[World]:
    """Everybody signed in, the catalogue filled from LiteLLM, callbacks on their way after a tenth of a second."""
    port = own_port()
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(a_database(server_url, template))
        options = Options(
            database_url=await stack.enter_async_context(a_database(server_url)),
            master_key=MASTER_KEY,
            callback_url=f"{url}/webhooks/litellm",
            callback_headers={"Authorization": f"Bearer {WEBHOOK_SECRET}"},
            callback_interval=0.1,
            spend_interval=0.1,
            latency=0,
        )
        litellm_url = await stack.enter_async_context(proxy_on_port(options))
        settings = sandbox_settings(
            database_url,
            litellm_url=litellm_url,
            litellm_public_url=litellm_url,
            litellm_master_key=MASTER_KEY,
            webhook_secret=WEBHOOK_SECRET,
            port=port,
            public_url=url,
            history_days=7,
            api=api,
        )
        portal = await stack.enter_async_context(served(adapt(settings)))
        await portal.services.catalog.sync()
        clients = [await portal.sign_in(name) for name in ("alice", "bob", "ada", "audrey")]
        clients.append(portal.nobody())
        for client in clients:
            stack.push_async_callback(client.http.aclose)
        yield World(portal, litellm_url, *clients)


@pytest.fixture
async def world(server_url: str, template: str) -> AsyncIterator[World]:
    """A world of one's own."""
    async with a_world(server_url, template) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_world(server_url: str, template: str) -> AsyncIterator[World]:
    """A world for all tests of a module, for those that change nothing or do not mind."""
    async with a_world(server_url, template) as made:
        yield made
