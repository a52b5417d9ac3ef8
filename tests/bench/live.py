"""From LiteLLM's callback to a subscriber's socket: 1,000 subscribers, ten callbacks a second.

Measured from before the callback is sent until the frame that counts it has been read, for every callback and every subscriber. Goal:
99 % within 250 ms. The bus waits up to 100 ms before it wakes subscribers again, so that is part of each figure.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import orjson

from gateway.db import Database
from gateway.keys.tables import ApiKey, ApiKeyGeneration, ApiKeyStatus
from gateway.users import queries
from tests.bench.gateway_server import LIVE
from tests.bench.serving import HOST, WEBHOOK_SECRET, Server, arguments, connected, database, request, serving, sign_in

TOKEN_HASH = hashlib.sha256(b"sk-bench-live").hexdigest()
REQUESTS = b'"requests":'


class Subscriber(asyncio.Protocol):
    """A WebSocket that subscribes and tells `counted(from, to)` when the number of requests it is told has grown."""

    def __init__(self, port: int, cookie: str, counted: Callable[[int, int], None]) -> None:
        self._port, self._cookie, self._counted = port, cookie, counted
        self._buffer = bytearray()
        self._upgraded = False
        self._seen = -1
        self.ready = asyncio.get_running_loop().create_future()
        self.messages = 0

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


async def give_key(database_url: str, username: str) -> None:
    """A key for this person, whose calls LiteLLM reports under TOKEN_HASH."""
    db = Database(database_url)
    async with db.write() as session:
        user = (await session.execute(queries.user.select().where(queries.user.c.username == username))).one()
        key = ApiKey(user_id=UUID(str(user.id)), name="bench", status=ApiKeyStatus.ACTIVE)
        session.add(key)
        await session.flush()
        session.add(ApiKeyGeneration(api_key_id=key.id, token_hash=TOKEN_HASH, prefix="sk-be", last_four="live"))
    await db.close()


def callback(number: int) -> bytes:
    now = datetime.now(UTC).timestamp()
    event = {
        "litellm_call_id": f"bench-{number}",
        "status": "success",
        "startTime": now - 0.5,
        "endTime": now,
        "model_group": "vendor/model",
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "response_cost": 0.0021,
        "metadata": {"user_api_key_hash": TOKEN_HASH},
    }
    headers = {"Content_Type": "application/json", "Authorization": f"Bearer {WEBHOOK_SECRET}"}
    return request("POST", "/webhooks/litellm", orjson.dumps([event]), **headers)


async def connect_all(server: Server, count: int, cookie: str, counted: Callable[[int, int], None]) -> list[Subscriber]:
    loop = asyncio.get_running_loop()
    subscribers: list[Subscriber] = []
    for start in range(0, count, 50):
        group = [Subscriber(server.port, cookie, counted) for _ in range(start, min(start + 50, count))]
        await asyncio.gather(*(loop.create_connection(lambda s=each: s, HOST, server.port) for each in group))
        await asyncio.wait_for(asyncio.gather(*(each.ready for each in group)), 30)
        subscribers += group
    return subscribers


async def run(database_url: str, count: int, rate: int, seconds: float) -> None:
    sent: list[float] = []
    latencies: list[float] = []
    answered: list[float] = []

    def counted(before: int, now: int) -> None:
        arrived = time.perf_counter()
        latencies.extend(arrived - sent[number] for number in range(before, now))

    with serving("tests.bench.gateway_server", database_url) as server:
        cookie = await sign_in(server.port)
        await give_key(database_url, "alice")
        async with connected(server.port) as litellm:
            memory = server.memory
            subscribers = await connect_all(server, count, cookie, counted)
            per_connection = (server.memory - memory) / count
            began, used = time.perf_counter(), server.cpu_seconds
            for number in range(int(seconds * rate)):
                await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                sent.append(time.perf_counter())
                status, _, body = await litellm.send(callback(number))
                answered.append(time.perf_counter() - sent[-1])
                if status != 200:
                    raise RuntimeError(f"the webhook answered {status}: {body!r}")
            took, used = time.perf_counter() - began, server.cpu_seconds - used
            await asyncio.sleep(1)
        messages = sum(each.messages for each in subscribers) / count
        for each in subscribers:
            each.transport.close()
    expected = count * len(sent)
    print(f"{count} subscribers, {len(sent)} callbacks in {took:.1f} s, {messages:.0f} messages each")
    print(f"seen      {len(latencies):,} of {expected:,} (each callback by each subscriber)")
    print(f"latency   {percentiles(latencies)} (goal: p99 250 ms)")
    print(f"webhook   {percentiles(answered)} until it was stored and answered")
    print(f"server    {used / took:.2f} of a core   {per_connection / 1024:.0f} kB a connection")
    if len(latencies) != expected:
        raise SystemExit("some callbacks were not seen by everybody")


def percentiles(seconds: list[float]) -> str:
    ranked = sorted(seconds)
    return "   ".join(f"p{share} {ranked[len(ranked) * share // 100] * 1000:.0f} ms" for share in (50, 95, 99))


def main() -> None:
    options = arguments(__doc__ or "", subscribers=1000, rate=10, seconds=20)
    count, seconds = (50, 2.0) if options.smoke else (options.subscribers, float(options.seconds))
    with database() as url:
        asyncio.run(run(url, count, options.rate, seconds))


if __name__ == "__main__":
    main()
