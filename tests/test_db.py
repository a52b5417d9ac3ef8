"""The pool under what happens to it: refused statements, requests that are given up, a server that restarts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from gateway.auth import LoginSession
from gateway.db import Database


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    """With a single connection, so that whoever spoils it meets it again."""
    db = Database(database_url, pool_size=1)
    yield db
    await db.close()


async def pid_of(db: Database) -> int:
    ((pid,),) = await db.fetch("SELECT pg_backend_pid()")
    return int(pid)


async def test_fetch_binds_its_values(narrow: Database) -> None:
    rows = await narrow.fetch("SELECT $1::int + 1 AS one, $2::text AS two", 1, "'; DROP TABLE app_user; --")
    assert [tuple(row) for row in rows] == [(2, "'; DROP TABLE app_user; --")]


async def test_a_refused_statement_costs_no_connection(narrow: Database) -> None:
    pid = await pid_of(narrow)
    with pytest.raises(asyncpg.UndefinedTableError):
        await narrow.fetch("SELECT * FROM no_such_table")
    assert await pid_of(narrow) == pid


async def test_a_request_that_is_given_up_leaves_a_pool_that_works(narrow: Database) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(narrow.fetch("SELECT pg_sleep(30)"), 0.1)
    assert await asyncio.wait_for(pid_of(narrow), 5)
    async with narrow.read() as session:
        assert (await session.execute(text("SELECT 1"))).scalar_one() == 1


async def test_after_a_restart_of_the_server_nobody_notices(narrow: Database, database_url: str) -> None:
    for _ in range(2):
        pid = await pid_of(narrow)
        other = await asyncpg.connect(database_url)
        assert await other.fetchval("SELECT pg_terminate_backend($1)", pid)
        await other.close()
        await asyncio.sleep(0.1)
        assert await pid_of(narrow) != pid


async def test_a_transaction_is_all_or_nothing(narrow: Database) -> None:
    with contextlib.suppress(RuntimeError):
        async with narrow.write() as session:
            await session.execute(text("INSERT INTO alembic_version VALUES ('x')"))
            raise RuntimeError
    assert await narrow.fetch("SELECT 1 FROM alembic_version WHERE version_num = 'x'") == []


async def test_a_snapshot_is_of_one_moment(narrow: Database, database_url: str) -> None:
    """Whatever is committed between its statements; and it leaves a connection on which all is seen again."""
    counted = text("SELECT count(*) FROM alembic_version")
    async with narrow.snapshot() as session:
        before = (await session.execute(counted)).scalar_one()
        other = await asyncpg.connect(database_url)
        await other.execute("INSERT INTO alembic_version VALUES ('x')")
        await other.close()
        assert (await session.execute(counted)).scalar_one() == before
    async with narrow.read() as session:
        assert (await session.execute(counted)).scalar_one() == before + 1


async def test_a_naive_time_is_refused(narrow: Database) -> None:
    table = LoginSession.__table__
    with pytest.raises(StatementError, match="naive datetime"):
        async with narrow.read() as session:
            await session.execute(table.select().where(table.c.expires_at > datetime(2026, 1, 1)))
