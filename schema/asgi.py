"""/graphql: POST for queries and mutations, a WebSocket for those and for subscriptions."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from strawberry import Schema

from gateway.services import Services
from schema.context import Context
from schema.documents import StoredDocuments, read_stored
from schema.errors import public_error
from schema.execution import Engine
from schema.live_hub import LiveHub
from schema.operations import BadRequest, Operations
from schema.transport_ws import Socket

MAX_BODY = 1024 * 1024  # bytes

ContextOf = Callable[[HTTPConnection], Any]
StillValid = Callable[[HTTPConnection], Awaitable[bool]]


def graphql_routes(schema: Schema, services: Services) -> list[BaseRoute]:
    """The API of `schema` on /graphql. Who is asking stands in `scope["state"]`, put there by the middleware."""
    engine = Engine(schema)
    operations = Operations(engine, StoredDocuments(engine.documents, read_stored()), public_error)

    def context_of(connection: HTTPConnection) -> Context:
        state = connection.state
        return Context(services, state.actor, state.request_id, long_lived=connection.scope["type"] == "websocket")

    async def still_valid(connection: HTTPConnection) -> bool:
        """Whether the session lives and grants what it granted when the socket was opened."""
        actor = connection.state.actor
        return actor is None or await services.auth.recheck(actor) == actor

    app = GraphQLApp(operations, context_of, still_valid)
    return [Route("/graphql", app), WebSocketRoute("/graphql", app)]


class GraphQLApp:
    """The ASGI application. `context_of(connection)` makes what resolvers find as `info.context`, for each operation anew.

    `still_valid(connection)` is asked now and then while a WebSocket is open. `socket_options` go to `Socket`.
    """

    def __init__(
        self, operations: Operations, context_of: ContextOf, still_valid: StillValid, **socket_options: Any
    ) -> None:
        self._operations = operations
        self._context_of = context_of
        self._still_valid = still_valid
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
                still_valid=lambda: self._still_valid(connection),
                request_id=request_id,
                **self._socket_options,
            )
            await socket.serve()
            return
        try:
            status, body, media = await self._answer(connection, receive, request_id)
        except BadRequest as bad:
            status, body, media = bad.status, bad.body, b"application/json"
        headers = [(b"content-type", media), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
        if status == 405:
            headers.append((b"allow", b"POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, connection: HTTPConnection, receive: Receive, request_id: str) -> tuple[int, bytes, bytes]:
        """(status, body, media type). Raises BadRequest."""
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
        operation = self._operations.read(request)
        if operation.type is OperationType.SUBSCRIPTION:
            raise BadRequest("Subscriptions are served over a WebSocket (graphql-transport-ws) at this address.")
        context = self._context_of(connection)
        body, executed = await self._operations.execute(operation, context, request_id)
        if "application/graphql-response+json" in headers.get("accept", ""):
            return (200 if executed else 400), body, b"application/graphql-response+json; charset=utf-8"
        return 200, body, b"application/json"


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
