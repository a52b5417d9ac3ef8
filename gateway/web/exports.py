"""/exports/…: lists as files, written while they are read, so that memory does not grow with them."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from gateway import audit
from gateway.errors import InvalidInput, NotSignedIn
from gateway.services import Services

Rows = Iterable[dict[str, Any]]

# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def routes(services: Services) -> list[BaseRoute]:
    async def audit_log(request: Request) -> Response:
        if request.state.actor is None:
            raise NotSignedIn
        batches = services.audit.export(request.state.actor, _audit_filter(request))
        write, media = _format(request)
        # The first batch is read before the answer begins: a refusal is still an answer of its own.
        try:
            first = await anext(batches)
        except StopAsyncIteration:
            first = ()

        async def body() -> AsyncIterator[bytes]:
            yield write(map(audit.entry_as_json, first), True)
            async for rows in batches:
                yield write(map(audit.entry_as_json, rows), False)

        return _file(body(), "audit", media)

    return [Route("/exports/audit", audit_log, methods=["GET"])]


def _file(body: AsyncIterator[bytes], name: str, media: str) -> Response:
    ending = "csv" if media == "text/csv" else "jsonl"
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="litemaas-{name}.{ending}"'}
    return StreamingResponse(body, media_type=media, headers=headers)


def _format(request: Request) -> tuple[Callable[[Rows, bool], bytes], str]:
    match request.query_params.get("format", "jsonl"):
        case "jsonl":
            return as_json_lines, "application/jsonl"
        case "csv":
            return as_csv, "text/csv"
        case _:
            raise InvalidInput("format", "must be jsonl or csv")


def as_json_lines(rows: Rows, begins: bool) -> bytes:
    """One object a line."""
    return b"".join(orjson.dumps(row, default=str) + b"\n" for row in rows)


def as_csv(rows: Rows, begins: bool) -> bytes:
    """With a line of names where the file begins. Text that a spreadsheet would run is marked as text."""
    text = io.StringIO()
    writer = csv.writer(text)
    for number, row in enumerate(rows):
        if begins and number == 0:
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        value = orjson.dumps(value, default=str).decode()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _audit_filter(request: Request) -> audit.AuditFilter:
    given = request.query_params
    wanted: dict[str, Any] = {name: given.get(name) for name in ("actor", "action", "target", "search")}
    wanted |= {name: _moment(name, given.get(name)) for name in ("since", "until")}
    outcome = given.get("outcome")
    if outcome is not None and outcome not in audit.Outcome.__members__:
        raise InvalidInput("outcome", f"must be {' or '.join(audit.Outcome.__members__)}")
    return audit.AuditFilter(outcome=None if outcome is None else audit.Outcome(outcome), **wanted)


def _moment(name: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise InvalidInput(name, "must be a moment such as 2026-11-25T09:00:00Z") from error
