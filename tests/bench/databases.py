"""A database that is there for as long as a benchmark runs, and what its server's processor spends."""

import asyncio
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from gateway.db import asyncpg_dsn
from gateway.migrate import upgrade
from gateway.sandbox.postgres import Postgres


@contextmanager
def a_database() -> Iterator[str]:
    """The URL of one at head, on the server in TEST_DATABASE_URL or the embedded one."""
    with ExitStack() as stack:
        server = os.environ.get("TEST_DATABASE_URL")
        if not server:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = stack.enter_context(Postgres(folder / "data", durable=False)).url("postgres")
        name = f"bench_{uuid4().hex[:8]}"
        asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        try:
            upgrade(url)
            yield url
        finally:
            asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(asyncpg_dsn(server))
    await connection.execute(statement)
    await connection.close()


def cpu_of(backend: int) -> float:
    """CPU seconds that a backend has spent; NaN where the server is not on this machine, or the machine does not tell."""
    stat = Path(f"/proc/{backend}/stat")
    if not stat.exists():
        return math.nan
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
