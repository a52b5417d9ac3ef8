"""A database that is there for as long as a benchmark runs, and what its server's processor spends."""

import asyncio
import math
import os
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from gateway.db import asyncpg_dsn
from gateway.migrate import upgrade
from gateway.sandbox.postgres import Postgres


@contextmanager
def a_server(kept: Path | None = None) -> Iterator[str]:
    """The URL of the server in TEST_DATABASE_URL, or of an embedded one with some memory, as anybody would give it.

    That one's databases are gone afterwards, unless there is a folder in which they are `kept`.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    settings = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
    with (
        nullcontext(kept) if kept else tempfile.TemporaryDirectory() as folder,
        Postgres(Path(folder) / "data", durable=False, settings=settings) as postgres,
    ):
        yield postgres.url("postgres")


@contextmanager
def a_database(server: str | None = None) -> Iterator[str]:
    """The URL of one at head, on that server or on one for itself."""
    with ExitStack() as stack:
        server = server or stack.enter_context(a_server())
        name = f"bench_{uuid4().hex[:8]}"
        asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        try:
            upgrade(url)
            yield url
        finally:
            asyncio.run(_execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def a_kept_database(server: str, name: str, make: Callable[[str], Coroutine[Any, Any, None]]) -> str:
    """The URL of the one of this name, at head, which is made if it is not there, and stays."""
    names = asyncio.run(_execute(server, "SELECT datname FROM pg_database"))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    if name in names:
        upgrade(url)
        return url
    # What was stopped halfway is made again.
    with a_database(server) as unnamed:
        asyncio.run(make(unnamed))
        asyncio.run(_execute(server, f"ALTER DATABASE {make_url(unnamed).database} RENAME TO {name}"))
    return url


async def _execute(server: str, statement: str) -> list[Any]:
    """The first column of its rows."""
    connection = await asyncpg.connect(asyncpg_dsn(server))
    try:
        return [row[0] for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def cpu_of(backend: int) -> float:
    """CPU seconds that a backend has spent; NaN where the server is not on this machine, or the machine does not tell."""
    spent = Path(f"/proc/{backend}/schedstat")
    return int(spent.read_text().split()[0]) / 1e9 if spent.exists() else math.nan
