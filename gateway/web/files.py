"""How rows are written into a file, batch by batch."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

Record = dict[str, Any]
Rows = Iterable[Record]

# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Form:
    """`begin` writes the first batch, which may be empty, and `more` each after it; `end` is what the file ends with."""

    media: str
    ending: str
    begin: Callable[[Rows], bytes]
    more: Callable[[Rows], bytes]
    end: bytes = b""


def _lines(rows: Rows) -> bytes:
    return b"".join(orjson.dumps(row, default=str) + b"\n" for row in rows)


def _array(rows: Rows) -> bytes:
    return b"[\n" + _separated(rows)


def _separated(rows: Rows) -> bytes:
    return b",\n".join(orjson.dumps(row, default=str) for row in rows)


def _more_of_array(rows: Rows) -> bytes:
    return b"".join(b",\n" + orjson.dumps(row, default=str) for row in rows)


def _table(rows: Rows) -> bytes:
    rows = list(rows)
    return _csv([list(rows[0])]) + _more_of_table(rows) if rows else b""


def _more_of_table(rows: Rows) -> bytes:
    return _csv([_cell(value) for value in row.values()] for row in rows)


def _csv(rows: Iterable[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run is marked as text."""
    if isinstance(value, dict | list):
        value = orjson.dumps(value, default=str).decode()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


FORMS = {
    "csv": Form("text/csv", "csv", _table, _more_of_table),
    "json": Form("application/json", "json", _array, _more_of_array, b"\n]\n"),
    "jsonl": Form("application/jsonl", "jsonl", _lines, _lines),
}


async def as_sections(found: AsyncIterator[tuple[str, Sequence[Record]]]) -> AsyncIterator[bytes]:
    """`{"<section>": [rows], …}` in pieces, from (section, some of its rows)."""
    present, is_first = "", True
    async for section, rows in found:
        if section != present:
            yield (b"\n],\n" if present else b"{\n") + orjson.dumps(section) + b": [\n"
            present, is_first = section, True
        if rows:
            yield _separated(rows) if is_first else _more_of_array(rows)
            is_first = False
    yield b"\n]\n}\n"
