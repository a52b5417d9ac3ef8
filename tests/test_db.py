"""The pool under what happens to it: refused statements, requests that are given up, a server that restarts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import ARRAY, Column, MetaData, Numeric, Table, Text, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import InvalidRequestError, StatementError

from gateway.auth import LoginSession
from gateway.db import Database, UtcDateTime, enum_column


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


@pytest.mark.parametrize("how", ["fetch", "rows"])
async def test_a_select_that_a_deadlock_ended_is_run_again(narrow: Database, database_url: str, how: str) -> None:
    select = "SELECT count(*) FROM api_key, app_user"
    migration = await asyncpg.connect(database_url)
    await migration.execute("SET deadlock_timeout = '60s'")  # it is the other who notices
    transaction = migration.transaction()
    await transaction.start()
    await migration.execute("LOCK TABLE app_user")
    reading = asyncio.ensure_future(narrow.fetch(select) if how == "fetch" else narrow.rows(text(select)))
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'app_user'::regclass"
    while not await migration.fetch(waits):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await migration.execute("LOCK TABLE api_key")
    assert not reading.done()
    await transaction.commit()
    assert [tuple(row) for row in await reading] == [(0,)]
    await migration.close()


async def test_a_transaction_is_all_or_nothing(narrow: Database) -> None:
    with contextlib.suppress(RuntimeError):
        async with narrow.write() as session:
            await session.execute(text("INSERT INTO alembic_version VALUES ('x')"))
            raise RuntimeError
    assert await narrow.fetch("SELECT 1 FROM alembic_version WHERE version_num = 'x'") == []


async def test_a_snapshot_is_of_one_moment(narrow: Database, database_url: str) -> None:
    """Whatever is committed between its statements; and it leaves a connection on which all is seen again."""
    counted = text("SELECT count(*) FROM alembic_version")
    async with narrow.snapshot() as rows:
        before = await rows(counted)
        other = await asyncpg.connect(database_url)
        await other.execute("INSERT INTO alembic_version VALUES ('x')")
        await other.close()
        assert await rows(counted) == before
    assert await narrow.value(counted) == before[0][0] + 1


async def test_a_snapshot_that_is_given_up_ends(narrow: Database) -> None:
    """Wherever it is at that moment."""

    async def look() -> None:
        async with narrow.snapshot() as rows:
            await rows(text("SELECT pg_sleep(30)"))

    for steps in range(12):
        looking = asyncio.create_task(look())
        for _ in range(steps):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.wait([looking], timeout=20)
        assert looking.cancelled()
        assert await narrow.value(text("SHOW transaction_isolation")) == "read committed"


async def test_a_naive_time_is_refused(narrow: Database) -> None:
    table = LoginSession.__table__
    query = table.select().where(table.c.expires_at > datetime(2026, 1, 1))
    with pytest.raises(StatementError, match="naive datetime"):
        async with narrow.read() as session:
            await session.execute(query)
    with pytest.raises(ValueError, match="naive datetime"):
        await narrow.rows(query)


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


_paints = Table(
    "paints",
    MetaData(),
    Column("id", Uuid(), primary_key=True),
    enum_column(Colour, name="colour"),
    Column("shades", ARRAY(Text())),
    Column("recipe", JSONB()),
    Column("price", Numeric()),
    Column("mixed_at", UtcDateTime()),
)


@pytest.fixture
async def paints(narrow: Database) -> list[tuple[Any, ...]]:
    """Some rows of every kind of column, in the order of their ids."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    rows: list[tuple[Any, ...]] = [
        (UUID(int=1), Colour.RED, ["light", "dark"], {"parts": [1, 2]}, Decimal("1.50"), moment),
        (UUID(int=2), Colour.BLUE, [], None, None, None),
        (UUID(int=3), None, None, None, Decimal("1e-20"), moment),
    ]
    async with narrow.write() as session:
        connection = await session.connection()
        await connection.run_sync(_paints.metadata.create_all)
        await session.execute(_paints.insert(), [dict(zip(_paints.c.keys(), row, strict=True)) for row in rows])
    return rows


async def test_rows_are_what_a_session_reads(narrow: Database, paints: list[tuple[Any, ...]]) -> None:
    ids = [row[0] for row in paints]
    every = select(_paints).order_by(_paints.c.id)
    for query, expected in (
        (every, paints),
        (every.where(_paints.c.id.in_(ids[:2])), paints[:2]),
        (every.where(_paints.c.id.in_(ids)), paints),
        (every.where(_paints.c.id.in_([])), []),
        (every.where(_paints.c.colour.in_([Colour.BLUE])), paints[1:2]),
        (every.where(_paints.c.colour == Colour.RED, _paints.c.id == ids[0]), paints[:1]),
        (every.where(_paints.c.price < Decimal("1e-19")).limit(1), paints[2:]),
        (every.where(_paints.c.recipe.contains({"parts": [2]})), paints[:1]),
    ):
        async with narrow.read() as session:
            assert [tuple(row) for row in await session.execute(query)] == expected
        for _ in range(2):  # the second time as it is remembered
            assert await narrow.rows(query) == expected
    first = await narrow.row(every)
    assert (first.id, first.colour, first.price) == (ids[0], Colour.RED, Decimal("1.50"))
    assert await narrow.row(every.where(_paints.c.id == UUID(int=9))) is None
    assert await narrow.value(select(func.count()).select_from(_paints)) == 3


async def test_rows_of_one_shape_have_each_their_own_values(narrow: Database, paints: list[tuple[Any, ...]]) -> None:
    for row in paints:
        assert await narrow.rows(select(_paints.c.id).where(_paints.c.id == row[0])) == [(row[0],)]
    left_open = select(_paints.c.id).where(_paints.c.id == bindparam("wanted", type_=Uuid()))
    for row in paints:
        assert await narrow.rows(left_open, {"wanted": row[0]}) == [(row[0],)]
    with pytest.raises(InvalidRequestError, match="wanted"):
        await narrow.rows(left_open)
    assert await narrow.rows(text("SELECT CAST(:n AS int) + 1 AS more"), {"n": 1}) == [(2,)]
