"""/exports/…: lists as files, written while they are read, so that memory does not grow with them.

Whoever may see a list may have it, with the same filters. Ids are the opaque ones of GraphQL.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from gateway import audit, ids, usage
from gateway.actor import Actor, TokenScope
from gateway.errors import InvalidInput, NotPermitted, NotSignedIn
from gateway.services import Services
from gateway.web.files import FORMS, Form, Record, as_sections

T = TypeVar("T")


def routes(services: Services) -> list[BaseRoute]:
    async def audit_log(request: Request) -> Response:
        actor, form = _actor(request), _form(request)
        batches = _mapped(services.audit.export(actor, _audit_filter(request)), audit.entry_as_json)
        return await _file(batches, "audit", form)

    async def usage_of(request: Request) -> Response:
        actor, form, view, narrowed = _actor(request), _form(request), _view(request), _narrowed(request)
        what = request.query_params.get("of", "calls")
        if what == "focus":
            if narrowed != usage.ALL_CALLS:
                raise InvalidInput("of", "must be calls where they are chosen by what only single calls tell")
            batches = services.usage.export_charges(actor, view, services.settings.web.public_url)
            return await _file(batches, "charges", form)
        if what != "calls":
            raise InvalidInput("of", "must be calls or focus")
        calls = services.usage.export_calls(actor, view, narrowed)
        if narrowed != usage.ALL_CALLS:
            return await _file(calls, "calls", form)
        totals = await services.usage.totals(actor, view.during, view.wanted, view.scope)
        return await _file(calls, "calls", form, totals.requests)

    async def about_me(request: Request) -> Response:
        pieces = as_sections(services.privacy.export(_actor(request)))
        return _answer(await anext(pieces), pieces, "my-data.json", "application/json")

    return [
        Route("/exports/audit", audit_log, methods=["GET"]),
        Route("/exports/me", about_me, methods=["GET"]),
        Route("/exports/usage", usage_of, methods=["GET"]),
    ]


async def _file(
    batches: AsyncGenerator[Sequence[Record], None], name: str, form: Form, expected: int | None = None
) -> Response:
    """`expected`: about how many rows there will be, for a progress bar."""
    # The first batch is read before the answer begins: a refusal is still an answer of its own.
    try:
        first = await anext(batches)
    except StopAsyncIteration:
        first = ()

    async def pieces() -> AsyncIterator[bytes]:
        async for rows in batches:
            yield form.more(rows)
        if form.end:
            yield form.end

    answer = _answer(form.begin(first), pieces(), f"{name}.{form.ending}", form.media)
    if expected is not None:
        answer.headers["X-Total-Rows"] = str(expected)
    return answer


def _answer(first: bytes, further: AsyncIterator[bytes], name: str, media: str) -> Response:
    async def body() -> AsyncIterator[bytes]:
        yield first
        async for piece in further:
            yield piece

    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="litemaas-{name}"'}
    return StreamingResponse(body(), media_type=media, headers=headers)


async def _mapped(
    batches: AsyncGenerator[Sequence[T], None], make: Callable[[T], Record]
) -> AsyncGenerator[Sequence[Record], None]:
    async for rows in batches:
        yield [make(row) for row in rows]


def _actor(request: Request) -> Actor:
    actor: Actor | None = request.state.actor
    if actor is None:
        raise NotSignedIn
    if TokenScope.READ not in actor.scopes:
        raise NotPermitted
    return actor


def _form(request: Request) -> Form:
    name = request.query_params.get("format", "jsonl")
    if name not in FORMS:
        raise InvalidInput("format", f"must be one of {', '.join(FORMS)}")
    return FORMS[name]


def _view(request: Request) -> usage.View:
    given = request.query_params
    start, end = (_moment(name, given.get(name)) for name in ("start", "end"))
    if start is None or end is None:
        raise InvalidInput("start", "and end are needed")
    scope = given.get("scope", "own").upper()
    if scope not in usage.Scope.__members__:
        raise InvalidInput("scope", "must be own or all")
    wanted = usage.UsageFilter(
        model_ids=_ids(request, "modelIds", "Model"),
        api_key_ids=_ids(request, "apiKeyIds", "ApiKey"),
        user_ids=_ids(request, "userIds", "User"),
        providers=given.getlist("providers") or None,
        statuses=given.getlist("statuses") or None,
    )
    return usage.View(usage.TimeRange(start, end), wanted, usage.Scope(scope))


def _narrowed(request: Request) -> usage.CallFilter:
    """As `calls(filter:)` of GraphQL, with names such as `without.apiKeyIds`, in which nothing stands for null."""
    given = request.query_params
    hour = None
    if "weekday" in given or "hour" in given:
        try:
            hour = usage.HourOfWeek(int(given["weekday"]), int(given["hour"]), given.get("timeZone", "UTC"))
        except (KeyError, ValueError) as error:
            raise InvalidInput("weekday", "and hour must be numbers") from error
    return usage.CallFilter(
        among=_members(request, "among"),
        without=_members(request, "without"),
        hour_of_week=hour,
        success=_flag(request, "success"),
        stream=_flag(request, "stream"),
        cache_hit=_flag(request, "cacheHit"),
        priced=_flag(request, "priced"),
    )


def _members(request: Request, of: str) -> dict[usage.Dimension, tuple[str, ...]]:
    found: dict[usage.Dimension, tuple[str, ...]] = {}
    for name, (dimension, kind) in _MEMBERS.items():
        field = f"{of}.{name}"
        members = [_key(each, field, kind) if kind and each else each for each in request.query_params.getlist(field)]
        if members:
            found[dimension] = tuple(members)
    return found


_MEMBERS = {
    "models": (usage.Dimension.MODEL, None),
    "apiKeyIds": (usage.Dimension.API_KEY, "ApiKey"),
    "userIds": (usage.Dimension.PERSON, "User"),
    "providers": (usage.Dimension.PROVIDER, None),
    "statuses": (usage.Dimension.STATUS, None),
}


def _key(node_id: str, field: str, kind: str) -> str:
    of, key = ids.split(node_id, field)
    if of != kind:
        raise InvalidInput(field, f"must be ids of the kind {kind}")
    return str(key)


def _flag(request: Request, name: str) -> bool | None:
    given = request.query_params.get(name)
    if given not in (None, "true", "false"):
        raise InvalidInput(name, "must be true or false")
    return None if given is None else given == "true"


def _ids(request: Request, name: str, kind: str) -> list[UUID] | None:
    found = [ids.split(given, name) for given in request.query_params.getlist(name)]
    if any(of != kind for of, _ in found):
        raise InvalidInput(name, f"must be ids of the kind {kind}")
    return [key for _, key in found] or None


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
