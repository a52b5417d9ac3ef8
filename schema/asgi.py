"""/graphql: POST for queries and mutations; a WebSocket, or a POST that accepts server-sent events, for those and for subscriptions."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, cast

import orjson
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from strawberry import Schema

from gateway.actor import Actor
from gateway.errors import NotSignedIn
from gateway.ratelimit import RateLimited
from gateway.services import Services
from schema.admission import Charge, Gate
from schema.context import Context
from schema.documents import StoredDocuments, read_stored
from schema.errors import public_error
from schema.execution import Engine
from schema.live_callers import Change, LiveCallers, TooManyConnections
from schema.live_hub import LiveHub
from schema.operations import BadRequest, Operation, Operations
from schema.transport_sse import MEDIA_TYPE, EventStream
from schema.transport_ws import Socket

MAX_BODY = 1024 * 1024  # bytes
MAX_CONNECTIONS = 100  # live ones of one person, in this process

ContextOf = Callable[[HTTPConnection], Any]
CallerOf = Callable[[HTTPConnection], Hashable | None]
SignIn = Callable[[HTTPConnection, str], Awaitable[bool]]


def graphql_routes(schema: Schema, services: Services) -> list[BaseRoute]:
    """The API of `schema` on /graphql. Who is asking stands in `scope["state"]`, put there by the middleware."""
    engine = Engine(schema)
    gate = Gate(schema._schema, services.buckets, services.settings.api)
    operations = Operations(engine, StoredDocuments(engine.documents, read_stored()), public_error, gate)

    def context_of(connection: HTTPConnection) -> Context:
        state = connection.state
        return Context(
            services,
            state.actor,
            state.request_id,
            long_lived=connection.scope["type"] == "websocket" or _wants_events(connection),
            last_event_id=_last_event_id(connection),
            address=connection.client.host if connection.client else "",
        )

    async def until_changed(caller: Hashable) -> Change:
        present = await services.until_changed(cast(Actor, caller))
        return Change.OTHER_RIGHTS if present else Change.GONE

    async def sign_in(connection: HTTPConnection, token: str) -> bool:
        """Let a bearer token speak for the socket from now on, instead of a cookie."""
        try:
            host = connection.client.host if connection.client else None
            connection.state.actor = await services.bearer(token, host)
        except NotSignedIn:
            return False
        return True

    callers = LiveCallers(until_changed, lambda caller: cast(Actor, caller).user_id, MAX_CONNECTIONS)
    app = GraphQLApp(operations, context_of, lambda connection: connection.state.actor, callers, sign_in)
    return [Route("/graphql", app), WebSocketRoute("/graphql", app)]


class GraphQLApp:
    """The ASGI application. `context_of(connection)` makes what resolvers find as `info.context`, for each operation anew.

    `caller_of(connection)` says to whom of the `callers` a live connection belongs; `sign_in(connection, token)` is asked when a socket's
    first message has a bearer token. `socket_options` go to `Socket`.
    """

    def __init__(
        self,
        operations: Operations,
        context_of: ContextOf,
        caller_of: CallerOf,
        callers: LiveCallers,
        sign_in: SignIn,
        *,
        comment_seconds: float = 15.0,
        **socket_options: Any,
    ) -> None:
        self._operations = operations
        self._context_of, self._caller_of = context_of, caller_of
        self._callers = callers
        self._sign_in = sign_in
        self._comment_seconds = comment_seconds
        self._socket_options = socket_options
        self._hub = LiveHub()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        request_id = getattr(connection.state, "request_id", "")
        if scope["type"] == "websocket":
            socket = Socket(
                scope,
                receive,
                send,
                operations=self._operations,
                hub=self._hub,
                make_context=lambda: self._context_of(connection),
                join=lambda changed: self._callers.join(self._caller_of(connection), changed),
                sign_in=lambda token: self._sign_in(connection, token),
                request_id=request_id,
                **self._socket_options,
            )
            await socket.serve()
        else:
            await self._http(connection, receive, send, request_id)

    async def _http(self, connection: HTTPConnection, receive: Receive, send: Send, request_id: str) -> None:
        charged: list[tuple[bytes, bytes]] = []
        try:
            operation = await self._read(connection, receive)
            if _wants_events(connection):
                await self._stream(connection, receive, send, operation, request_id)
                return
            status, body, media, charged = await self._answer(connection, operation, request_id)
        except BadRequest as bad:
            status, body, media = bad.status, bad.body, b"application/json"
        headers = [
            (b"content-type", media),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            *charged,
        ]
        if status == 405:
            headers.append((b"allow", b"POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _read(self, connection: HTTPConnection, receive: Receive) -> Operation:
        """What a request asks for. Raises BadRequest."""
        headers = connection.headers
        if connection.scope["method"] != "POST":
            raise BadRequest("Send operations by POST; GraphiQL is at /graphiql.", "METHOD_NOT_ALLOWED", 405)
        # Not one of the types that a form on another site could send.
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise BadRequest("The request's Content-Type must be application/json.", "UNSUPPORTED_MEDIA_TYPE", 415)
        try:
            request = orjson.loads(await _read_body(headers, receive))
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"The request is not JSON: {error}.") from None
        return self._operations.read(request)

    async def _stream(
        self, connection: HTTPConnection, receive: Receive, send: Send, operation: Operation, request_id: str
    ) -> None:
        """Raises BadRequest before anything is sent."""
        stream = EventStream(
            receive,
            send,
            operation,
            self._context_of(connection),
            operations=self._operations,
            hub=self._hub,
            join=lambda changed: self._callers.join(self._caller_of(connection), changed),
            request_id=request_id,
            comment_seconds=self._comment_seconds,
        )
        try:
            await stream.serve()
        except TooManyConnections as many:
            raise BadRequest(str(many), "TOO_MANY_CONNECTIONS", 429) from None

    async def _answer(
        self, connection: HTTPConnection, operation: Operation, request_id: str
    ) -> tuple[int, bytes, bytes, list[tuple[bytes, bytes]]]:
        """(status, body, media type, what the gate says). Raises BadRequest."""
        if operation.type is OperationType.SUBSCRIPTION:
            raise BadRequest(
                "Subscriptions are served at this address over a WebSocket (graphql-transport-ws), or to `Accept: text/event-stream`."
            )
        context = self._context_of(connection)
        body, executed = await self._operations.execute(operation, context, request_id)
        charge: Charge | None = getattr(context, "charge", None)
        status, media = 200, b"application/json"
        if "application/graphql-response+json" in connection.headers.get("accept", ""):
            status, media = 200 if executed else 400, b"application/graphql-response+json; charset=utf-8"
        if charge and isinstance(charge.refusal, RateLimited):
            status = 429
        return status, body, media, charge.headers if charge else []


def _wants_events(connection: HTTPConnection) -> bool:
    return MEDIA_TYPE in connection.headers.get("accept", "")


def _last_event_id(connection: HTTPConnection) -> int | None:
    """Raises BadRequest for one that we never gave."""
    given = connection.headers.get("last-event-id")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise BadRequest("Last-Event-ID must be an id that a live result had.")
    return int(given)


async def _read_body(headers: Headers, receive: Receive) -> bytes:
    """Raises BadRequest when there are more than MAX_BODY bytes."""
    announced = headers.get("content-length", "0")
    chunks: list[bytes] = []
    too_large = not announced.isdecimal() or int(announced) > MAX_BODY
    size, more = (MAX_BODY + 1, False) if too_large else (0, True)
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The request ended before its body did.")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False) and size <= MAX_BODY
    if size > MAX_BODY:
        raise BadRequest("The request's body is too large.", "PAYLOAD_TOO_LARGE", 413)
    return b"".join(chunks)
