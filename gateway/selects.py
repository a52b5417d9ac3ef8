"""SELECTs that SQLAlchemy writes and asyncpg runs: a session takes several times as long as a small one of them.

SQLAlchemy's part is kept by the statement's cache key, as its own engine does it, so that a statement of the same shape is
compiled once.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import asyncpg
from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import LRUCache

# What asyncpg reads as Decimal. Other types don't look at it.
_NUMERIC_OID = 1700
_AS_MANY_AS_ENGINES_KEEP = 500


class Selects:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: LRUCache[Any, _Select] = LRUCache(_AS_MANY_AS_ENGINES_KEEP)

    def bound(self, statement: ClauseElement, values: Mapping[str, Any]) -> "Bound":
        """The statement with values for its open parameters. Raises SQLAlchemy's errors when it can't be compiled."""
        key = statement._generate_cache_key()
        if key is None:
            return Bound(_Select(statement, self._dialect, None), None, values)
        known = self._known.get(key.key)
        if known is None:
            known = self._known[key.key] = _Select(statement, self._dialect, key)
        return Bound(known, key, values)


class _Select:
    def __init__(self, statement: ClauseElement, dialect: Dialect, key: CacheKey | None) -> None:
        self.compiled = compiled = cast(SQLCompiler, statement.compile(dialect=dialect, cache_key=key))
        self.to_value: dict[str, Any] = dict(compiled._bind_processors)
        columns = compiled._result_columns
        # None for SQL in words, whose columns the database knows.
        self.make = record(tuple(column.keyname for column in columns)) if columns else None
        readers = [column.type._cached_result_processor(dialect, _NUMERIC_OID) for column in columns]
        self.readers = [(at, read) for at, read in enumerate(readers) if read]


class Bound:
    """`text` and `arguments` are asyncpg's; `rows` makes of its records what the statement selects."""

    def __init__(self, select: _Select, key: CacheKey | None, values: Mapping[str, Any]) -> None:
        self._select = select
        compiled, to_value = select.compiled, select.to_value
        extracted = key.bindparams if key else None
        given = compiled.construct_params(dict(values), extracted_parameters=extracted, escape_names=False)
        names: Sequence[str] | None = compiled.positiontup
        self.text = compiled.string
        if compiled.post_compile_params or compiled.literal_execute_params:
            # Lists in IN, each value of which becomes a parameter.
            expanded = compiled._process_parameters_for_postcompile(given)
            self.text, given, names = expanded.statement, dict(expanded.parameters), expanded.positiontup
            to_value = {**to_value, **expanded.processors}
        self.arguments = [to_value[name](given[name]) if name in to_value else given[name] for name in names or ()]

    def rows(self, records: Sequence[asyncpg.Record]) -> list[Any]:
        if not records:
            return []
        make, readers = self._select.make or record(tuple(records[0].keys())), self._select.readers
        if not readers:
            return list(map(make, records))
        rows = []
        for each in records:
            cells = list(each)
            for at, read in readers:
                cells[at] = read(cells[at])
            rows.append(make(cells))
        return rows


@lru_cache(maxsize=512)
def record(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    """Rows as named tuples: an attribute of SQLAlchemy's own takes ten times as long, and each row of a page is asked for all."""
    made: Any = namedtuple("Record", names, rename=True)  # type: ignore[misc]
    make: Callable[[Iterable[Any]], Any] = made._make
    return make
