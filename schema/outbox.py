"""Sending to thousands of connections, nearly all of which have room and some of which never will."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any

from schema import measures

Send = Callable[[Any], Coroutine[Any, Any, Any]]
SendNow = Callable[[Any], bool]


class Outbox:
    """What one subscriber of a shared stream is still to be sent: of results the newest only, and then the last message.

    `send` is called for one at a time, and returns when there is room for another. An OSError means that the subscriber is gone,
    which whoever reads from the connection hears as well. `send_now`, where there is one, is tried first for results: it says whether
    it has sent.
    """

    __slots__ = ("_closed", "_last", "_newest", "_send", "_send_now", "_sending")

    def __init__(self, send: Send, send_now: SendNow | None = None) -> None:
        self._send, self._send_now = send, send_now
        self._newest: Any = None
        self._last: Any = None
        self._closed = False
        self._sending: asyncio.Task[Any] | None = None

    def offer(self, message: Any) -> None:
        """Send it now if there is room, else when there is, unless a newer one comes before."""
        if self._closed:
            return
        if self._sending is None and self._send_now is not None and self._send_now(message):
            return
        if self._newest is not None:
            measures.superseded_results.inc()
        self._newest = message
        self._send_more()

    def finish(self, message: Any) -> None:
        """Send this after what waits, and nothing more."""
        if not self._closed:
            self._closed = True
            self._last = message
            self._send_more()

    def stop(self) -> None:
        """Nothing more is sent."""
        self._closed = True
        self._newest = self._last = None
        self._send, self._send_now = _nothing, None  # they may be methods of whoever has this outbox: a circle
        if self._sending is not None:
            self._sending.cancel()

    def _send_more(self) -> None:
        while self._sending is None and (self._newest is not None or self._last is not None):
            if self._newest is not None:
                message, self._newest = self._newest, None
            else:
                message, self._last = self._last, None
            try:
                self._sending = start(self._send(message))
            except OSError:
                self.stop()
                return
            if self._sending is not None:
                self._sending.add_done_callback(self._sent)

    def _sent(self, sending: asyncio.Task[Any]) -> None:
        self._sending = None
        if sending.cancelled() or sending.exception() is not None:
            self.stop()
        else:
            self._send_more()


async def _nothing(_message: Any) -> None:
    pass


def start(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any] | None:
    """Run `work` until it first has to wait; what is left of it runs as a task. None when nothing is left.

    What Python 3.12 calls an eager task, without the task where there is none: for a socket that has room, a task would cost as much
    as the sending. Raises what `work` raises before it waits.
    """
    try:
        waited_for = work.send(None)
    except StopIteration:
        return None
    return asyncio.create_task(_finish(work, waited_for))


@coroutine
def _finish(work: Coroutine[Any, Any, Any], waited_for: Any) -> Generator[Any, Any, Any]:
    while True:
        try:
            yield waited_for
        except BaseException as raised:  # a cancellation is the work's to handle, too
            error: BaseException | None = raised
        else:
            error = None
        try:
            waited_for = work.send(None) if error is None else work.throw(error)
        except StopIteration as end:
            return end.value
