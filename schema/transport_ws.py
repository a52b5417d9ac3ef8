"""The graphql-transport-ws protocol: operations over one WebSocket, each with an id of the client's choice.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Written here because a result that many sockets share must be
written once: Strawberry's handler executes and writes each result for each subscriber.

Memory does not grow with a client that does not read. Shared results wait in one place per operation, where the newest replaces the
one before; everything else is made only when there is room to send it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

import orjson
from graphql import OperationType
from starlette.types import Receive, Scope, Send

from gateway.expected import as_domain_error
from gateway.websockets import SEND_NOW
from schema.live_callers import Change, Leave, TooManyConnections
from schema.live_hub import LiveHub, is_shared
from schema.operations import BadRequest, Operation, Operations, Refused, Result
from schema.outbox import Outbox, SendNow
from schema.tasks import ends_when_cancelled

SUBPROTOCOL = "graphql-transport-ws"
TOO_MANY = 4413
TRY_AGAIN = 1013  # of RFC 6455's registry; clients connect again after a while
LAST_WORD_SECONDS = 5.0
CLOSE_CODES = {Change.GONE: 4403, Change.OTHER_RIGHTS: 4412}


class Closed(Exception):
    """The socket must be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Socket:
    """One connection. `serve()` returns when it is over.

    `make_context()` gives each operation its context. `join(changed)` counts the connection among its caller's, or raises
    TooManyConnections, and calls `changed` when the socket must end: it is closed with 4403 if the session has ended, with 4412 if the
    caller should connect again with other rights, and with 4413 if there are too many. `max_operations` run at a time.
    `sign_in(token)` is asked for a bearer token in `connection_init`.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        operations: Operations,
        hub: LiveHub,
        make_context: Callable[[], Any],
        join: Callable[[Callable[[Change], None]], Leave],
        sign_in: Callable[[str], Awaitable[bool]],
        request_id: str,
        init_seconds: float = 10.0,
        max_operations: int = 50,
    ) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._send_now: SendNow | None = scope.get("extensions", {}).get(SEND_NOW, {}).get("send")
        self._operations, self._hub = operations, hub
        self._make_context, self._join, self._sign_in = make_context, join, sign_in
        self._request_id = request_id
        self._init_seconds, self._max_operations = init_seconds, max_operations
        self._acknowledged = False
        self._running: dict[str, _Running] = {}
        self._verdict: Closed | None = None

    async def serve(self) -> None:
        await self._receive()  # websocket.connect
        if SUBPROTOCOL not in self._scope["subprotocols"]:
            await self._send({"type": "websocket.accept"})
            await self._send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
            return
        await self._send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        try:
            self._leave = self._join(self._changed)
        except TooManyConnections as many:
            await self._send({"type": "websocket.close", "code": TOO_MANY, "reason": str(many)})
            return
        reader = asyncio.current_task()
        assert reader is not None
        self._reader = reader
        try:
            await self._read()
        except Closed as closed:
            self._verdict = closed
        except asyncio.CancelledError:
            if self._verdict is None:
                raise
            reader.uncancel()
        finally:
            self._leave()
            for running in self._running.values():
                running.stop()
            self._running.clear()
        if self._verdict is not None:
            closing = {"type": "websocket.close", "code": self._verdict.code, "reason": self._verdict.reason}
            with suppress(OSError, RuntimeError, TimeoutError):  # the client or the server was faster, or nobody reads
                async with asyncio.timeout(LAST_WORD_SECONDS):
                    await self._send(closing)

    async def _read(self) -> None:
        """Messages until the client leaves. Raises Closed."""
        try:
            async with asyncio.timeout(self._init_seconds):
                while not self._acknowledged:
                    if not await self._read_one():
                        return
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        while await self._read_one():
            pass

    async def _read_one(self) -> bool:
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            return False
        try:
            message = orjson.loads(event.get("text") or "")
        except orjson.JSONDecodeError:
            raise Closed(4400, "Messages must be JSON text") from None
        if not isinstance(message, dict):
            raise Closed(4400, "Messages must be objects")
        match message.get("type"):
            case "connection_init":
                if self._acknowledged:
                    raise Closed(4429, "Too many initialisation requests")
                await self._initialise(message.get("payload"))
                self._acknowledged = True
                await self._write({"type": "connection_ack"})
            case "ping":
                await self._write({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                if not self._acknowledged:
                    raise Closed(4401, "Unauthorized")
                await self._subscribe(message)
            case "complete":
                if running := self._running.pop(str(message.get("id")), None):
                    running.stop()
            case _:
                raise Closed(4400, "Unknown message type")
        return True

    async def _initialise(self, payload: Any) -> None:
        """`{"Authorization": "Bearer …"}` says who is asking, for clients that can't set the header. Raises Closed."""
        if not isinstance(payload, dict | None):
            raise Closed(4400, "The payload of connection_init must be an object")
        for name, value in (payload or {}).items():
            if name.lower() == "authorization":
                words = value.split() if isinstance(value, str) else []
                if len(words) != 2 or words[0].lower() != "bearer" or not await self._is_good(words[1]):
                    raise Closed(4401, "Unauthorized")
                self._leave()  # it belongs to another caller now
                self._leave = _nothing
                try:
                    self._leave = self._join(self._changed)
                except TooManyConnections as many:
                    raise Closed(TOO_MANY, str(many)) from None

    async def _is_good(self, token: str) -> bool:
        """Whether the caller is known by the token, who is asking from then on. Raises Closed when that can't be found out."""
        try:
            return await self._sign_in(token)
        except Exception as error:
            if (expected := as_domain_error(error)) is None:
                raise
            raise Closed(TRY_AGAIN, str(expected)) from None

    async def _subscribe(self, message: dict[str, Any]) -> None:
        id_ = message.get("id")
        if not isinstance(id_, str) or not id_:
            raise Closed(4400, "An operation needs an id")
        if id_ in self._running:
            raise Closed(4409, f"Subscriber for {id_[:64]} already exists")
        try:
            operation = self._operations.read(message.get("payload"))
        except BadRequest as bad:
            raise Closed(4400, bad.message) from None
        if len(self._running) >= self._max_operations:
            text = f"{self._max_operations} operations run on this socket; more are not allowed."
            error = {"message": text, "extensions": {"code": "TOO_MANY_OPERATIONS"}}
            await self._write({"id": id_, "type": "error", "payload": [error]})
            return
        try:
            kind = _Shared if is_shared(self._operations.engine.schema, operation) else _Own
            self._running[id_] = kind(self, id_, operation)
        except Exception as error:  # nobody is signed in, so there is no scope to share
            errors = self._operations.public([error], self._request_id)
            await self._write({"id": id_, "type": "error", "payload": errors})

    def _changed(self, change: Change) -> None:
        self._verdict = Closed(CLOSE_CODES[change], change.value)
        self._reader.cancel()

    async def _write(self, message: dict[str, Any]) -> None:
        await self._text(orjson.dumps(message))

    async def _text(self, text: bytes) -> None:
        """Send when there is room. Nothing happens when the client is gone, which the reader hears as well."""
        # A RuntimeError is what uvicorn has for a socket that it has closed itself, because the client broke the protocol.
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.send", "text": text.decode()})


def _nothing() -> None:
    pass


class _Running:
    """An operation that runs on a socket."""

    def __init__(self, socket: Socket, id_: str, operation: Operation) -> None:
        self._socket, self._id, self._operation = socket, id_, operation
        self._head = b'{"id":%b,"type":"next","payload":' % orjson.dumps(id_)

    def stop(self) -> None:
        """Nothing more is sent; harmless when it has ended."""
        raise NotImplementedError

    def _ended(self) -> None:
        if self._socket._running.get(self._id) is self:
            del self._socket._running[self._id]

    def _next(self, json: bytes) -> bytes:
        return self._head + json + b"}"

    def _last_message(self, errors: list[dict[str, Any]] | None) -> bytes:
        message = {"id": self._id, "type": "complete" if errors is None else "error"}
        return orjson.dumps(message if errors is None else {**message, "payload": errors})


class _Own(_Running):
    """An operation executed for this subscriber: the next event is taken when the one before has been sent."""

    def __init__(self, socket: Socket, id_: str, operation: Operation) -> None:
        super().__init__(socket, id_, operation)
        self._task = asyncio.create_task(self._run(), name="graphql operation")

    def stop(self) -> None:
        self._task.cancel()

    @ends_when_cancelled
    async def _run(self) -> None:
        socket, operation = self._socket, self._operation
        operations = socket._operations
        errors = None
        try:
            context = socket._make_context()
            if operation.type is OperationType.SUBSCRIPTION and not operation.document.errors:
                async with aclosing(operations.results(operation, context, socket._request_id)) as results:
                    async for result in results:
                        await socket._text(self._next(result.json))
            else:
                answer, executed = await operations.execute(operation, context, socket._request_id)
                if executed:
                    await socket._text(self._next(answer))
                else:
                    errors = orjson.loads(answer)["errors"]
        except Refused as refused:
            errors = refused.errors
        except Exception as error:  # a fault of ours: the client must not wait for ever
            errors = operations.public([error], socket._request_id)
        self._ended()  # before the last message: its receiver may use the id again
        await socket._text(self._last_message(errors))


class _Shared(_Running):
    """A member of a stream in the hub."""

    def __init__(self, socket: Socket, id_: str, operation: Operation) -> None:
        super().__init__(socket, id_, operation)
        self._outbox = Outbox(socket._text, socket._send_now)
        self._leave = socket._hub.join(socket._operations, operation, socket._make_context(), socket._request_id, self)

    def stop(self) -> None:
        self._outbox.stop()
        self._leave()
        self._leave = _nothing  # which knows this member

    def offer(self, result: Result) -> None:
        self._outbox.offer(self._next(result.json))

    def finish(self, errors: list[dict[str, Any]] | None) -> None:
        self._ended()
        self._leave = _nothing
        self._outbox.finish(self._last_message(errors))
