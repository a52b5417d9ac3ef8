"""The graphql-transport-ws protocol: operations over one WebSocket, each with an id of the client's choice.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Written here because a result that many sockets share must be
written once: Strawberry's handler executes and writes each result for each subscriber.

Memory does not grow with a client that does not read. Shared results wait in one place per operation, where the newest replaces the
one before; everything else is made only when there is room to send it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

import orjson
import structlog
from graphql import OperationType
from starlette.types import Receive, Scope, Send

from schema.live_hub import LiveHub, is_shared
from schema.operations import BadRequest, Operation, Operations, Refused

SUBPROTOCOL = "graphql-transport-ws"

log = structlog.get_logger()


class Closed(Exception):
    """The socket must be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Socket:
    """One connection. `serve()` returns when it is over.

    `make_context()` gives each operation its context. `still_valid()` is asked every `check_seconds`, and the socket is closed when it
    says no. `max_operations` run at a time.
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
        still_valid: Callable[[], Awaitable[bool]],
        request_id: str,
        init_seconds: float = 10.0,
        check_seconds: float = 60.0,
        max_operations: int = 50,
    ) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._operations, self._hub = operations, hub
        self._make_context, self._still_valid = make_context, still_valid
        self._request_id = request_id
        self._init_seconds, self._check_seconds, self._max_operations = init_seconds, check_seconds, max_operations
        self._acknowledged = False
        self._running: dict[str, _Running] = {}
        self._ready: deque[_Shared] = deque()
        self._wake = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._checker: asyncio.Task[None] | None = None
        self._verdict: Closed | None = None

    async def serve(self) -> None:
        await self._receive()  # websocket.connect
        if SUBPROTOCOL not in self._scope["subprotocols"]:
            await self._send({"type": "websocket.accept"})
            await self._send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
            return
        await self._send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
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
            await self._stop()
        if self._verdict is not None:
            closing = {"type": "websocket.close", "code": self._verdict.code, "reason": self._verdict.reason}
            with suppress(OSError):  # the client was faster
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
        self._checker = asyncio.create_task(self._check())
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
                if not isinstance(message.get("payload", {}), dict | None):
                    raise Closed(4400, "The payload of connection_init must be an object")
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

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(self._check_seconds)
            try:
                valid = await self._still_valid()
            except Exception:
                log.warning("socket_not_checked", exc_info=True)  # the database is away: ask again
                continue
            if not valid:
                self._verdict = Closed(4403, "The session has ended")
                self._reader.cancel()
                return

    async def _stop(self) -> None:
        for running in self._running.values():
            running.stop()
        self._running.clear()
        tasks = [task for task in (self._sender, self._checker) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _write(self, message: dict[str, Any]) -> None:
        await self._text(orjson.dumps(message).decode())

    async def _text(self, text: str) -> bool:
        """Send when there is room; False when the client is gone, which the reader hears as well."""
        try:
            await self._send({"type": "websocket.send", "text": text})
        except OSError:
            return False
        return True

    def _has_news(self, running: "_Shared") -> None:
        """Let the sender come to `running`, which may be called from any task."""
        self._ready.append(running)
        self._wake.set()
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_news())

    async def _send_news(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._ready:
                for text in self._ready.popleft().take():
                    if not await self._text(text):
                        return


class _Running:
    """An operation that runs on a socket."""

    def __init__(self, socket: Socket, id_: str, operation: Operation) -> None:
        self._socket, self._id, self._operation = socket, id_, operation
        self._next = f'{{"id":{orjson.dumps(id_).decode()},"type":"next","payload":'

    def stop(self) -> None:
        """Nothing more is sent; harmless when it has ended."""
        raise NotImplementedError

    def _ended(self) -> None:
        if self._socket._running.get(self._id) is self:
            del self._socket._running[self._id]

    def _last_message(self, errors: list[dict[str, Any]] | None) -> str:
        message = {"id": self._id, "type": "complete" if errors is None else "error"}
        return orjson.dumps(message if errors is None else {**message, "payload": errors}).decode()


class _Own(_Running):
    """An operation executed for this subscriber: the next event is taken when the one before has been sent."""

    def __init__(self, socket: Socket, id_: str, operation: Operation) -> None:
        super().__init__(socket, id_, operation)
        self._task = asyncio.create_task(self._run(), name="graphql operation")

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        socket, operation = self._socket, self._operation
        operations = socket._operations
        errors = None
        try:
            context = socket._make_context()
            if operation.type is OperationType.SUBSCRIPTION and not operation.document.errors:
                async with aclosing(operations.results(operation, context, socket._request_id)) as results:
                    async for result in results:
                        await socket._text(f"{self._next}{result}}}")
            else:
                answer, executed = await operations.execute(operation, context, socket._request_id)
                if executed:
                    await socket._text(f"{self._next}{answer.decode()}}}")
                else:
                    errors = orjson.loads(answer)["errors"]
        except Refused as refused:
            errors = refused.errors
        except Exception as error:  # a fault of ours: the client must not wait for ever
            errors = operations.public([error], socket._request_id)
        self._ended()  # before the last message: its receiver may use the id again
        await socket._text(self._last_message(errors))


class _Shared(_Running):
    """A member of a stream in the hub: of what it did not send yet it keeps the newest."""

    def __init__(self, socket: Socket, id_: str, operation: Operation) -> None:
        super().__init__(socket, id_, operation)
        self._result: str | None = None
        self._last: str | None = None
        self._announced = False
        self._leave: Callable[[], None] | None = None
        context = socket._make_context()
        key = (operation.query, operation.name, _canonical(operation.variables), context.live_scope())
        results = lambda: socket._operations.results(operation, context, socket._request_id)  # noqa: E731
        self._leave = socket._hub.join(key, results, self)

    def stop(self) -> None:
        self._result = self._last = None
        if self._leave:
            self._leave()

    def offer(self, result: str) -> None:
        self._result = result
        self._announce()

    def finish(self, errors: list[dict[str, Any]] | None) -> None:
        self._ended()
        self._last = self._last_message(errors)
        self._announce()

    def take(self) -> list[str]:
        """What is to be sent now."""
        result, last = self._result, self._last
        self._result = self._last = None
        self._announced = False
        messages = [] if result is None else [f"{self._next}{result}}}"]
        return messages if last is None else [*messages, last]

    def _announce(self) -> None:
        if not self._announced:
            self._announced = True
            self._socket._has_news(self)


def _canonical(variables: dict[str, Any] | None) -> bytes:
    return orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS)
