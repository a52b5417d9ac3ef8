"""GraphQL over server-sent events, for where no WebSocket gets through: one operation for each POST, its results as they come.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, "distinct connections mode". Each result is an event `next`, the last
event is `complete`, and GraphQL errors are in a `next`, those of an operation that could not begin as well. A comment every few seconds
keeps proxies from closing a quiet connection. A `next` has an `id` where the result has a `position`; a client that comes back with it
as `Last-Event-ID` goes on after it, where the field can.

A query or mutation is answered once. Memory does not grow with a client that does not read: of a shared stream it gets the newest
result when it reads again, and everything else is made only when there is room to send it.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Any

import orjson
from graphql import OperationType
from starlette.types import Receive, Send

from schema.live_callers import Change, Leave
from schema.live_hub import LiveHub, is_shared
from schema.operations import Operation, Operations, Refused, Result
from schema.outbox import Outbox, start

MEDIA_TYPE = "text/event-stream"
COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
CODES = {Change.GONE: "UNAUTHENTICATED", Change.OTHER_RIGHTS: "RIGHTS_CHANGED"}
LAST_WORD_SECONDS = 5.0

_HEADERS = [
    (b"content-type", MEDIA_TYPE.encode() + b"; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]


class EventStream:
    """One operation. `serve()` returns when it is over.

    `join(changed)` counts the connection among its caller's, and calls `changed` when it must end; its TooManyConnections comes out of
    `serve()` before anything is sent.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        operation: Operation,
        context: Any,
        *,
        operations: Operations,
        hub: LiveHub,
        join: Callable[[Callable[[Change], None]], Leave],
        request_id: str,
        comment_seconds: float = 15.0,
    ) -> None:
        self._receive, self._send = receive, send
        self._operation, self._context = operation, context
        self._operations, self._hub, self._join = operations, hub, join
        self._request_id = request_id
        self._comment_seconds = comment_seconds
        self._outbox = Outbox(self._write)
        # Done when nothing more comes; the result is what is still to be said.
        self._over: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        leave = self._join(self._changed)
        stop: Callable[[], object] = lambda: None  # noqa: E731
        left = asyncio.create_task(self._until_left())
        try:
            await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._send({"type": "http.response.body", "body": COMMENT, "more_body": True})
            stop = self._begin()
            await self._comment_until({left, self._over})
        finally:
            stop()
            left.cancel()
            leave()
            self._outbox.stop()
        if self._over.done() and (last := self._over.result()) is not None:
            with suppress(OSError, TimeoutError):  # a client that does not read does not hear why
                async with asyncio.timeout(LAST_WORD_SECONDS):
                    await self._write((last, False))

    def _begin(self) -> Callable[[], object]:
        """Gives the function to stop."""
        try:
            if is_shared(self._operations.engine.schema, self._operation):
                return self._hub.join(self._operations, self._operation, self._context, self._request_id, self)
            return asyncio.create_task(self._run(), name="graphql operation").cancel
        except Exception as error:  # nobody is signed in, so there is no scope to share
            self.finish(self._operations.public([error], self._request_id))
            return lambda: None

    async def _comment_until(self, ends: set[asyncio.Future[Any]]) -> None:
        comment = None
        while True:
            done, _ = await asyncio.wait(ends, timeout=self._comment_seconds, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return
            if comment is None or comment.done():  # one that waits for room is enough
                with suppress(OSError):  # the client is gone, which is heard as well
                    comment = start(self._write((COMMENT, True)))

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _run(self) -> None:
        """An operation executed for this subscriber: the next event is taken when the one before has been sent."""
        operation, operations = self._operation, self._operations
        errors = None
        try:
            if operation.type is OperationType.SUBSCRIPTION and not operation.document.errors:
                async with aclosing(operations.results(operation, self._context, self._request_id)) as results:
                    async for result in results:
                        await self._write((_next(result), True))
            else:
                answer, _ = await operations.execute(operation, self._context, self._request_id)
                await self._write((_event(answer), True))
        except Refused as refused:
            errors = refused.errors
        except OSError:
            return  # the client is gone
        except Exception as error:  # a fault of ours: the client must not wait for ever
            errors = operations.public([error], self._request_id)
        self.finish(errors)

    def offer(self, result: Result) -> None:
        self._outbox.offer((_next(result), True))

    def finish(self, errors: list[dict[str, Any]] | None) -> None:
        self._outbox.finish((COMPLETE if errors is None else _refusal(errors), False))

    def _changed(self, change: Change) -> None:
        if not self._over.done():
            self._over.set_result(_refusal([{"message": change.value, "extensions": {"code": CODES[change]}}]))

    async def _write(self, what: tuple[bytes, bool]) -> None:
        """Send (bytes, whether more comes) when there is room. Raises OSError when the client is gone."""
        body, more = what
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
        if not more and not self._over.done():
            self._over.set_result(None)


def _next(result: Result) -> bytes:
    return _event(result.json, result.position)


def _event(json: bytes, position: str | None = None) -> bytes:
    return b"event: next\n%sdata: %s\n\n" % (f"id: {position}\n".encode() if position else b"", json)


def _refusal(errors: list[dict[str, Any]]) -> bytes:
    return _event(orjson.dumps({"errors": errors})) + COMPLETE
