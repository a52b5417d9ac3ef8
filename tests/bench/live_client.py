"""Subscribers in a process of their own, so that reading does not take the server's time: started by `tests.bench.live`."""

import asyncio
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from socket import SO_RCVBUF, SOL_SOCKET, socket

import orjson

from tests.bench.gateway_server import LIVE
from tests.bench.serving import HOST

REQUESTS = b'"requests":'
AT_ONCE = 50


@dataclass(frozen=True)
class Load:
    """What one process has open. Each subscriber has the cookie of one person, in turn; the first `stalled` stop reading."""

    port: int
    cookies: list[str]
    subscribers: int
    stalled: int = 0


class Subscriber(asyncio.Protocol):
    """A WebSocket that subscribes and tells `counted(from, to)` when the number of requests it is told has grown."""

    def __init__(self, port: int, cookie: str, counted: Callable[[int, int], None]) -> None:
        self._port, self._cookie, self._counted = port, cookie, counted
        self._buffer = bytearray()
        self._upgraded = False
        self._seen = -1
        self.ready = asyncio.get_running_loop().create_future()
        self.messages = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        lines = [
            "GET /graphql HTTP/1.1",
            f"Host: {HOST}:{self._port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
            f"Cookie: {self._cookie}",
            f"Origin: http://{HOST}:{self._port}",
        ]
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(RuntimeError("the server closed a connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.splitlines()[0]:
                self.ready.set_exception(RuntimeError(f"no WebSocket: {bytes(head)!r}"))
                return
            self._upgraded = True
            self._buffer = bytearray(rest)
            self._send({"type": "connection_init"})
            self._send({"id": "1", "type": "subscribe", "payload": {"query": f"sha256:{LIVE}"}})
        while (frame := self._take_frame()) is not None:
            self._read(frame)

    def _take_frame(self) -> tuple[int, bytes] | None:
        """(opcode, payload) of the next whole frame."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1], 2
        if length >= 126:
            width = 2 if length == 126 else 8
            length, start = int.from_bytes(buffer[2 : 2 + width]), 2 + width
        if len(buffer) < start + length:
            return None
        payload = bytes(buffer[start : start + length])
        opcode = buffer[0] & 15
        del buffer[: start + length]
        return opcode, payload

    def _read(self, frame: tuple[int, bytes]) -> None:
        opcode, payload = frame
        if opcode == 9:
            self._write_frame(10, payload)
        at = payload.find(REQUESTS)
        if at < 0:
            if b'"error' in payload:
                raise RuntimeError(f"the server says {payload!r}")
            return
        requests = int(payload[at + len(REQUESTS) : payload.index(b",", at)])
        self.messages += 1
        if not self.ready.done():
            self.ready.set_result(None)
        elif requests > self._seen:
            self._counted(self._seen, requests)
        self._seen = max(self._seen, requests)

    def _send(self, message: object) -> None:
        self._write_frame(1, orjson.dumps(message))

    def _write_frame(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        size = bytes([128 | length]) if length < 126 else bytes([128 | 126]) + length.to_bytes(2)
        self.transport.write(bytes([128 | opcode]) + size + bytes(4) + payload)  # masked with zeros


async def connect(load: Load, counted: Callable[[int, int], None]) -> list[Subscriber]:
    """All subscribers of the load, each with its first state."""
    loop = asyncio.get_running_loop()
    subscribers: list[Subscriber] = []
    for start in range(0, load.subscribers, AT_ONCE):
        group = [
            Subscriber(load.port, load.cookies[number % len(load.cookies)], counted)
            for number in range(start, min(start + AT_ONCE, load.subscribers))
        ]
        for number, each in enumerate(group, start):
            own = socket()
            if number < load.stalled:
                own.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
            own.setblocking(False)
            await loop.sock_connect(own, (HOST, load.port))
            await loop.create_connection(lambda s=each: s, sock=own)  # type: ignore[misc]
        await asyncio.wait_for(asyncio.gather(*(each.ready for each in group)), 60)
        subscribers += group
    return subscribers


async def _subscribe(load: Load, pipe: Connection) -> None:
    # Where each message stood before, where it stands, and when it was read: seconds of the clock that all processes share.
    before, now, arrived = array("l"), array("l"), array("d")

    def counted(from_: int, to: int) -> None:
        before.append(from_)
        now.append(to)
        arrived.append(time.monotonic())

    subscribers = await connect(load, counted)
    for each in subscribers[: load.stalled]:
        each.transport.pause_reading()
    pipe.send("ready")
    loop = asyncio.get_running_loop()
    sent: list[float] = await loop.run_in_executor(None, pipe.recv)
    latencies = array("d")
    for index in range(len(now)):
        latencies.extend(arrived[index] - sent[number] for number in range(max(before[index], 0), now[index]))
    reading = subscribers[load.stalled :]
    lost = sum(each.lost for each in reading)
    pipe.send((latencies.tobytes(), sum(each.messages for each in reading), lost))
    for each in subscribers:
        each.transport.abort()


def subscribe(load: Load, pipe: Connection) -> None:
    """The process: says "ready", is told when each callback was sent, and answers (latencies, messages, connections lost)."""
    asyncio.run(_subscribe(load, pipe))
