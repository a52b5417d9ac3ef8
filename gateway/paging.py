"""Pages of a list by keyset: the cursor is the last row's sort key, so a page costs the same at the end of a list as at its start."""

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, ColumnElement, Integer, Row, Select, Uuid, bindparam, func, literal, select, tuple_

from gateway.db import Database
from gateway.errors import InvalidInput

T = TypeVar("T")
U = TypeVar("U")

MAX_FIRST = 100


@dataclass(frozen=True)
class Page(Generic[T]):
    """Up to `first` rows and one cursor for each. `total_count` asks the database only when it is awaited."""

    rows: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    total_count: Callable[[], Awaitable[int]]

    def map(self, make: Callable[[T], U]) -> "Page[U]":
        return Page([make(row) for row in self.rows], self.cursors, self.has_next, self.has_previous, self.total_count)


@dataclass(frozen=True)
class Order:
    """A total order of one list: `name` tells its cursors from those of other lists; the last key must be unique.

    Keys are `(expression, type)`, never NULL, all in the same direction.
    """

    name: str
    keys: tuple[tuple[ColumnElement[Any], type], ...]
    descending: bool = False

    def cursor(self, values: Sequence[Any]) -> str:
        # Each row of a page has one, so orjson: it knows UUID and datetime, and a Decimal becomes its text.
        return base64.urlsafe_b64encode(orjson.dumps([self.name, *values], default=str)).decode().rstrip("=")

    def parse(self, cursor: str) -> list[Any]:
        """The sort key in a cursor of this list. Raises InvalidInput for any other string."""
        try:
            name, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if name != self.name or len(values) != len(self.keys):
                raise ValueError(name)
            return [_typed(value, kind) for value, (_, kind) in zip(values, self.keys, strict=True)]
        except (ValueError, TypeError, binascii.Error, InvalidOperation) as error:
            raise InvalidInput("after", "is not a cursor of this list") from error


def check_first(first: int) -> int:
    if not 1 <= first <= MAX_FIRST:
        raise InvalidInput("first", f"must be from 1 to {MAX_FIRST}")
    return first


async def fetch_page(db: Database, query: Select[Any], order: Order, first: int, after: str | None) -> Page[Row[Any]]:
    """One page of `query`, which neither groups nor limits, in `order`. Raises InvalidInput naming `first` or `after`.

    One SELECT; another if the count is awaited and the page is not all there is.
    """
    check_first(first)
    parameters: dict[str, Any] = {"page_limit": first + 1}
    if after is not None:
        parameters |= {f"page_after_{at}": value for at, value in enumerate(order.parse(after))}
    rows = await db.rows(_page_of(query, order, after is not None), parameters)
    width = len(order.keys)

    async def total_count() -> int:
        if after is None and len(rows) <= first:
            return len(rows)
        # Without the columns: some take longer to compute than the rows to count.
        counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
        return int(await db.value(counted))

    shown = rows[:first]
    cursors = [order.cursor(row[-width:]) for row in shown]
    return Page(shown, cursors, len(rows) > first, after is not None, total_count)


async def fetch_pages(
    db: Database,
    query: Select[Any],
    of: ColumnElement[UUID],
    owners: Sequence[UUID],
    order: Order,
    first: int,
    after: str | None,
) -> dict[UUID, Page[Row[Any]]]:
    """As `fetch_page`, for each of the owners whose id the query has in `of`: one SELECT for all, and one for all counts."""
    check_first(first)
    parameters: dict[str, Any] = {"page_limit": first + 1}
    if after is not None:
        parameters |= {f"page_after_{at}": value for at, value in enumerate(order.parse(after))}
    owners = list(dict.fromkeys(owners))
    owner = func.unnest(literal(owners, ARRAY(Uuid()))).column_valued("owner")
    page = _page_of(query.where(of == owner), order, after is not None).lateral("page")
    found: dict[UUID, list[Any]] = {each: [] for each in owners}
    for row in await db.rows(select(owner, page), parameters):
        found[row.owner].append(row)
    width = len(order.keys)
    counting: list[asyncio.Task[dict[UUID, int]]] = []

    async def counts() -> dict[UUID, int]:
        counted = query.where(of.in_(owners)).with_only_columns(of, func.count()).group_by(of).order_by(None)
        return {row[0]: row[1] for row in await db.rows(counted)}

    async def total_count(whose: UUID) -> int:
        if after is None and len(found[whose]) <= first:
            return len(found[whose])
        if not counting:
            counting.append(asyncio.create_task(counts()))
        return (await counting[0]).get(whose, 0)

    return {
        whose: Page(
            rows[:first],
            [order.cursor(row[-width:]) for row in rows[:first]],
            len(rows) > first,
            after is not None,
            partial(total_count, whose),
        )
        for whose, rows in found.items()
    }


@lru_cache(maxsize=64)
def _page_of(query: Select[Any], order: Order, continued: bool) -> Select[Any]:
    """`query` cut to a page, its size and where it begins left open.

    A query is remembered as the object that it is. For one that is made once, such as the list of all models, this saves half
    of what a page costs: building a statement and finding it again among the compiled ones takes longer than running it.
    """
    expressions = [expression for expression, _ in order.keys]
    paged = query.add_columns(*expressions)
    if continued:
        here = tuple_(*expressions)
        there = tuple_(*(bindparam(f"page_after_{at}", type_=each.type) for at, each in enumerate(expressions)))
        paged = paged.where(here < there if order.descending else here > there)
    ordered = paged.order_by(*(each.desc() if order.descending else each.asc() for each in expressions))
    return ordered.limit(bindparam("page_limit", type_=Integer))


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise ValueError(value)
        return parsed
    if kind in (UUID, Decimal):
        typed = kind(value)
        if isinstance(typed, Decimal) and not typed.is_finite():
            raise ValueError(value)
        return typed
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ValueError(value)
    if (isinstance(value, str) and "\x00" in value) or (isinstance(value, int) and abs(value) > 2**63 - 1):
        raise ValueError(value)
    return value
