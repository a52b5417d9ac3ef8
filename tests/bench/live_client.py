"""Subscribers in a process of their own, started by `tests.bench.live`.

They share the machine with the server that is measured, so they do without asyncio: one epoll loop, which reads every frame of every
subscriber into the same buffer and looks at no more of it than the number of requests that it tells.
"""

from __future__ import annotations

import select
import time
from array import array
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from socket import SO_RCVBUF, SOL_SOCKET, socket

import orjson

from tests.bench.gateway_server import LIVE
from tests.bench.serving import HOST

REQUESTS = b'"requests":'
TEXT, PING, PONG = 1, 9, 10
AT_ONCE = 50
PAUSE = 0.003  # seconds in which messages gather, which latencies count: to be woken up for each would cost both sides more than it
PATIENCE = 60.0  # seconds, for each step of connecting


@dataclass(frozen=True)
class Load:
    """What one process has open. Each subscriber has the cookie of one person, in turn; the first `stalled` stop reading."""

    port: int
    cookies: list[str]
    subscribers: int
    stalled: int = 0


@dataclass
class Seen:
    """Whenever a subscriber was told of more requests: of how many before, of how many then, and when it was read.

    Seconds are of the clock that all processes share.
    """

    before: array[int] = field(default_factory=lambda: array("l"))
    now: array[int] = field(default_factory=lambda: array("l"))
    at: array[float] = field(default_factory=lambda: array("d"))

    def latencies(self, sent: list[float]) -> array[float]:
        """From when each callback was sent until each subscriber had read of it."""
        found = array("d")
        for before, now, at in zip(self.before, self.now, self.at, strict=True):
            found.extend(at - sent[number] for number in range(before, now))
        return found


@dataclass(frozen=True)
class Report:
    """What those of one process that read have seen; `cpu_seconds` are of the time when they only read."""

    latencies: array[float]
    messages: int
    lost: int
    cpu_seconds: float


class Subscriber:
    """A WebSocket that subscribes, in three steps, so that many can be connected at a time; then `read` whenever it has something."""

    def __init__(self, port: int, cookie: str, receive_buffer: int | None = None) -> None:
        self._socket = socket()
        if receive_buffer is not None:
            self._socket.setsockopt(SOL_SOCKET, SO_RCVBUF, receive_buffer)
        self._socket.settimeout(PATIENCE)
        self._socket.connect((HOST, port))
        self._rest = b""
        self._requests = -1
        self.messages = 0
        self.lost = False
        lines = [
            "GET /graphql HTTP/1.1",
            f"Host: {HOST}:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
            f"Cookie: {cookie}",
            f"Origin: http://{HOST}:{port}",
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def fileno(self) -> int:
        return self._socket.fileno()

    def subscribe(self) -> None:
        head, end = b"", b""
        while not end:
            received = self._socket.recv(4096)
            if not received:
                raise RuntimeError("the server closed a connection")
            self._rest += received
            head, end, _ = self._rest.partition(b"\r\n\r\n")
        if b" 101 " not in head.splitlines()[0]:
            raise RuntimeError(f"no WebSocket: {head!r}")
        self._rest = self._rest[len(head) + len(end) :]
        self._send({"type": "connection_init"})
        self._send({"id": "1", "type": "subscribe", "payload": {"query": f"sha256:{LIVE}"}})

    def await_state(self, buffer: bytearray, seen: Seen) -> None:
        while self._requests < 0:
            self.read(buffer, seen)
            if self.lost:
                raise RuntimeError("the server closed a connection")
        self._socket.setblocking(False)

    def read(self, buffer: bytearray, seen: Seen) -> None:
        """Read what has come, by way of `buffer`, and write down what is new of it."""
        try:
            end = self._socket.recv_into(buffer)
        except OSError:
            end = 0
        if not end:
            self.lost = True
            return
        frames: bytes | bytearray = buffer
        if self._rest:
            frames = self._rest + buffer[:end]
            end = len(frames)
        at = 0
        while end - at >= 2:
            start, length = at + 2, frames[at + 1]
            if length >= 126:
                start += 2 if length == 126 else 8
                length = int.from_bytes(frames[at + 2 : start]) if start <= end else end
            if start + length > end:
                break
            self._take(frames, at, start, start + length, seen)
            at = start + length
        self._rest = bytes(frames[at:end])

    def _take(self, frames: bytes | bytearray, at: int, start: int, end: int, seen: Seen) -> None:
        """The frame that begins `at`, with its payload from `start` to `end`."""
        found = frames.find(REQUESTS, start, end)
        if found >= 0:
            self.messages += 1
            requests = int(frames[found + len(REQUESTS) : frames.index(b",", found)])
            if requests > self._requests:
                if self._requests >= 0:
                    seen.before.append(self._requests)
                    seen.now.append(requests)
                    seen.at.append(time.monotonic())
                self._requests = requests
        elif frames[at] & 15 == PING:
            self._write(PONG, frames[start:end])
        elif frames.find(b'"error', start, end) >= 0:
            raise RuntimeError(f"the server says {frames[start:end]!r}")

    def _send(self, message: object) -> None:
        self._write(TEXT, orjson.dumps(message))

    def _write(self, opcode: int, payload: bytes | bytearray) -> None:
        length = len(payload)
        size = bytes([128 | length]) if length < 126 else bytes([128 | 126]) + length.to_bytes(2)
        self._socket.sendall(bytes([128 | opcode]) + size + bytes(4) + payload)  # masked with zeros


class Readers:
    """Subscribers, and what those of them that read have seen."""

    def __init__(self) -> None:
        self.members: list[Subscriber] = []
        self.stalled: list[Subscriber] = []
        self.seen = Seen()
        self._by_fd: dict[int, Subscriber] = {}
        self._epoll = select.epoll()
        self._buffer = bytearray(65_536)

    def connect(self, load: Load) -> None:
        """All of the load, each until it has its first state."""
        for first in range(0, load.subscribers, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, load.subscribers))
            cookies = [load.cookies[number % len(load.cookies)] for number in numbers]
            buffers = [4096 if number < load.stalled else None for number in numbers]
            group = [Subscriber(load.port, *each) for each in zip(cookies, buffers, strict=True)]
            for each in group:
                each.subscribe()
            for number, each in zip(numbers, group, strict=True):
                each.await_state(self._buffer, self.seen)
                if number < load.stalled:
                    self.stalled.append(each)
                else:
                    self.members.append(each)
                    self._by_fd[each.fileno()] = each
                    self._epoll.register(each, select.EPOLLIN)
            self.read()  # the server asks those that wait whether they are still there

    def read(self) -> None:
        """What has come."""
        for fd, _ in self._epoll.poll(0, len(self._by_fd) + 1):
            each = self._by_fd[fd]
            each.read(self._buffer, self.seen)
            if each.lost:
                self._epoll.unregister(fd)


def subscribe(load: Load, pipe: Connection) -> None:
    """The process: says "ready", is told when each callback was sent, and answers with a Report."""
    readers = Readers()
    readers.connect(load)
    pipe.send("ready")
    began = time.process_time()
    while not pipe.poll(PAUSE):
        readers.read()
    used = time.process_time() - began
    messages, lost = sum(each.messages for each in readers.members), sum(each.lost for each in readers.members)
    pipe.send(Report(readers.seen.latencies(pipe.recv()), messages, lost, used))
