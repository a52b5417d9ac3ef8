"""PostgreSQL: one engine, sessions to read with and sessions to write with, and the column types that all tables share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

import asyncpg
import structlog
from prometheus_client import Counter
from sqlalchemy import (
    ARRAY,
    ClauseElement,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Table,
    TypeDecorator,
    any_,
    event,
    literal,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection
from sqlmodel import SQLModel

from gateway import tracing
from gateway.selects import Selects

T = TypeVar("T")

metadata = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

log = structlog.get_logger(__name__)

_refusals = Counter(
    "litemaas_database_pool_refusals", "What was given up because all connections to the database stayed in use."
)
_DEADLOCKS = 2
_POSTGRESQL = {"db.system.name": "postgresql"}
_NONE: Mapping[str, Any] = {}
# `await rows(statement)` or, for one that leaves parameters open, `await rows(statement, values)`: named tuples, all of them.
Rows = Callable[..., Awaitable[list[Any]]]


class UtcDateTime(TypeDecorator[datetime]):
    """`timestamptz`, always aware and in UTC; a naive datetime is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value


class _TextEnum(Enum):
    """Reads values with a dictionary: SQLAlchemy's own way is two calls of Python for each cell."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        assert self.enum_class is not None
        members: dict[Any, Any] = {None: None}
        members.update(self.enum_class.__members__)
        return members.__getitem__


def enum_column(kind: type[StrEnum], **options: Any) -> Column[Any]:
    """A text column that holds one of the enum's values, with a CHECK: a native enum type can't lose a value again."""
    return Column(
        _TextEnum(kind, native_enum=False, create_constraint=True, length=32, name=_check_name(kind)), **options
    )


def _check_name(kind: type[StrEnum]) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).lstrip("_")


def table_of(row: type[SQLModel]) -> Table:
    """The table behind a class of rows, for queries that want rows and no objects."""
    table: Table = row.__table__  # type: ignore[attr-defined]
    return table


def one_of(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column IN (values)` as one parameter: the same statement, however many there are."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def utc_now() -> datetime:
    return datetime.now(UTC)


def async_url(url: str) -> str:
    """`postgresql://…` in any spelling, as SQLAlchemy's asyncpg dialect wants it."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def asyncpg_dsn(url: str) -> str:
    """The same URL for asyncpg itself, for what SQLAlchemy does not cover: LISTEN and COPY."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _refuse_closed(adapted: Any, _: object, __: object) -> None:
    """After the server has restarted, the pool's connections are replaced before anybody notices. Asks nobody."""
    if adapted.driver_connection.is_closed():
        raise DisconnectionError


class PoolFull(PoolTimeout):
    """All connections stayed in use for as long as anybody waits for one. Nothing was asked of the database."""


class _Pool(AsyncAdaptedQueuePool):
    # What the pool itself tells is SQLAlchemy's to log, at SQLAlchemy's level.
    _sqla_logger_namespace = "sqlalchemy.pool"

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except PoolTimeout:
            _refusals.inc()
            log.warning("database.pool_full", connections=self.size())
            raise PoolFull("all connections to the database are in use") from None


class Database:
    """Sessions on one pool. `url` is `postgresql://…`; `pool_size` bounds the connections of this process.

    Whoever gets no connection within `pool_wait` seconds is refused with PoolFull: pages are given up soon after.
    """

    def __init__(self, url: str, *, pool_size: int = 10, pool_wait: float = 3) -> None:
        self.url = url
        self.engine = create_async_engine(
            async_url(url),
            poolclass=_Pool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_wait,
            hide_parameters=True,  # errors are logged, and parameters are what people wrote
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        # A single SELECT needs no BEGIN and no ROLLBACK: two round trips less.
        reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reads = async_sessionmaker(reader, expire_on_commit=False, autoflush=False)
        self._writes = async_sessionmaker(self.engine, expire_on_commit=False)
        self._selects = Selects(self.engine.dialect)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """For SELECTs; each sees what was committed before it."""
        with tracing.outgoing("database read", _POSTGRESQL):
            async with self._reads() as session:
                yield session

    async def rows(self, statement: ClauseElement, values: Mapping[str, Any] = _NONE) -> list[Any]:
        """What one SELECT of plain columns finds, as named tuples: for what pages ask, at a third of a session's cost.

        `values` are those of parameters that the statement leaves open. Raises asyncpg's errors and OSError.
        """
        return await self._alone(lambda driver: self._rows(driver, statement, values))

    async def row(self, statement: ClauseElement, values: Mapping[str, Any] = _NONE) -> Any:
        """The first of `rows`, None without any."""
        return next(iter(await self.rows(statement, values)), None)

    async def value(self, statement: ClauseElement, values: Mapping[str, Any] = _NONE) -> Any:
        """The first value of the first of `rows`. Raises IndexError without any."""
        return (await self.rows(statement, values))[0][0]

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Rows]:
        """`rows` for SELECTs that have to fit together: all see what was committed before the first."""
        async with self._connection() as driver, driver.transaction(isolation="repeatable_read", readonly=True):
            yield partial(self._rows, driver)

    async def _rows(self, driver: Any, statement: ClauseElement, values: Mapping[str, Any] = _NONE) -> list[Any]:
        bound = self._selects.bound(statement, values)
        # Whoever listens to the engine hears of these as well.
        facts = (None, None, bound.text, bound.arguments, None, False)
        heard = self.engine.sync_engine.dispatch
        for listener in heard.before_cursor_execute:
            listener(*facts)
        records = await driver.fetch(bound.text, *bound.arguments)
        for listener in heard.after_cursor_execute:
            listener(*facts)
        return bound.rows(records)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed on leaving, rolled back when anything is raised."""
        with tracing.outgoing("database transaction", _POSTGRESQL):
            async with self._writes() as session, session.begin():
                yield session

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """One SELECT of asyncpg's own, with `$1`, `$2`, …: a quarter of a session's cost, for what every request asks.

        On a connection of the same pool; JSON comes as text. Raises asyncpg's errors and OSError.
        """
        records: list[asyncpg.Record] = await self._alone(lambda driver: driver.fetch(statement, *values))
        return records

    async def _alone(self, select: Callable[[Any], Awaitable[T]]) -> T:
        """What one SELECT gives, which changes nothing and may be run again when PostgreSQL ends a deadlock by giving it up.

        A migration that changes several tables may cause one while pages are served.
        """
        for _ in range(_DEADLOCKS):
            with suppress(asyncpg.DeadlockDetectedError):
                async with self._connection() as driver:
                    return await select(driver)
        async with self._connection() as driver:
            return await select(driver)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """asyncpg's own, of the same pool."""
        with tracing.outgoing("database read", _POSTGRESQL):
            connection = await self.engine.raw_connection()
            try:
                yield connection.driver_connection
            except asyncio.CancelledError:
                connection.invalidate()  # whether its transaction has begun or ended by now, nobody knows
                raise
            finally:
                connection.close()

    async def close(self) -> None:
        await self.engine.dispose()
