"""Two gateway processes on one database, calls coming in at both, and a reader whose connection is cut again and again."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import cycle
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
import websockets

from gateway.db import Database
from tests.bench.live import give_keys, token_hash
from tests.bench.serving import WEBHOOK_SECRET, Server, serving, sign_in

USED = "subscription Used($key: ID!, $after: BigInt) { apiKeyUsed(apiKeyId: $key, after: $after) { position model } }"
CHANGED = "subscription { usageChanged { position totals { requests } } }"
BATCHES = 30


@pytest.fixture
def replicas(database_url: str) -> Iterator[list[Server]]:
    with (
        serving("tests.bench.gateway_server", database_url) as first,
        serving("tests.bench.gateway_server", database_url) as second,
    ):
        yield [first, second]


class Reader:
    """Reads a subscription over either transport, from either replica, and is cut off now and then."""

    def __init__(self, replicas: list[Server], cookie: str, chance: random.Random) -> None:
        self._cookie, self._chance = cookie, chance
        ways = [(way, server) for way in (self._over_websocket, self._over_events) for server in replicas]
        chance.shuffle(ways)
        self._ways = cycle(ways)
        self.connections = 0

    async def results(self, query: str, variables: dict[str, Any]) -> AsyncIterator[Any]:
        """The data of each result of one connection, until it is cut."""
        transport, server = next(self._ways)
        self.connections += 1
        left = self._chance.randrange(1, 8)
        async with aclosing(transport(server, query, variables)) as results:
            async for result in results:
                assert "errors" not in result, result
                yield next(iter(result["data"].values()))
                left -= 1
                if not left:
                    return

    async def _over_websocket(self, server: Server, query: str, variables: dict[str, Any]) -> AsyncIterator[Any]:
        async with websockets.connect(
            server.url.replace("http", "ws") + "/graphql",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
            additional_headers={"Cookie": self._cookie, "Origin": server.url},
        ) as socket:
            await socket.send('{"type":"connection_init"}')
            message = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
            await socket.send(orjson.dumps(message).decode())
            try:
                async for text in socket:
                    message = orjson.loads(text)
                    if message["type"] in ("next", "error"):
                        yield message["payload"]
            finally:
                socket.transport.abort()

    async def _over_events(self, server: Server, query: str, variables: dict[str, Any]) -> AsyncIterator[Any]:
        headers = {"Accept": "text/event-stream", "Cookie": self._cookie, "X-LiteMaaS-Request": "1"}
        if "after" in variables:  # the way of EventSource: the position is in the header only
            headers["Last-Event-ID"] = str(variables["after"])
            variables = {name: value for name, value in variables.items() if name != "after"}
        async with (
            httpx.AsyncClient(headers=headers, timeout=20) as http,
            http.stream("POST", f"{server.url}/graphql", json={"query": query, "variables": variables}) as response,
            aclosing(response.aiter_lines()) as lines,
        ):
            async for line in lines:
                if line.startswith("data: {"):
                    yield orjson.loads(line.removeprefix("data: "))


def some_batches(chance: random.Random) -> list[list[str]]:
    """The models of calls that are reported together, each called once."""
    sizes = [chance.randrange(1, 6) for _ in range(BATCHES)]
    return [[f"model-{batch}-{n}" for n in range(size)] for batch, size in enumerate(sizes)]


async def calls_come_in(replicas: list[Server], batches: list[list[str]], chance: random.Random) -> None:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {WEBHOOK_SECRET}"}) as http:
        for batch in batches:
            now = datetime.now(UTC).timestamp()
            events = [
                {
                    "litellm_call_id": uuid4().hex,
                    "status": "success",
                    "startTime": now,
                    "endTime": now,
                    "model_group": model,
                    "metadata": {"user_api_key_hash": token_hash(0)},
                }
                for model in batch
            ]
            answer = await http.post(f"{chance.choice(replicas).url}/webhooks/litellm", json=events)
            assert answer.status_code == 200, answer.text
            await asyncio.sleep(chance.random() * 0.1)


async def a_cookie_and_key(replicas: list[Server], database_url: str) -> tuple[str, str]:
    cookie = await sign_in(replicas[0].port)
    await give_keys(database_url, 1)
    async with httpx.AsyncClient(headers={"Cookie": cookie, "X-LiteMaaS-Request": "1"}) as http:
        query = {"query": "{ viewer { apiKeys(first: 1) { edges { node { id } } } } }"}
        answer = (await http.post(f"{replicas[1].url}/graphql", json=query)).json()
    return cookie, answer["data"]["viewer"]["apiKeys"]["edges"][0]["node"]["id"]


async def test_every_call_once_however_often_the_connection_is_cut(replicas: list[Server], database_url: str) -> None:
    chance = random.Random(7)
    cookie, key = await a_cookie_and_key(replicas, database_url)
    reader = Reader(replicas, cookie, chance)
    batches = some_batches(chance)
    models = [model for batch in batches for model in batch]
    coming = asyncio.create_task(calls_come_in(replicas, batches, chance))
    seen: list[str] = []
    after = 0
    async with asyncio.timeout(60):
        while len(seen) < len(models):
            async with aclosing(reader.results(USED, {"key": key, "after": after})) as uses:
                async for use in uses:
                    seen.append(use["model"])
                    assert use["position"] > after
                    after = use["position"]
                    if len(seen) == len(models):
                        break
    await coming
    assert sorted(seen) == sorted(models)
    assert reader.connections >= 4


async def test_totals_never_go_backwards_for_who_heeds_positions(replicas: list[Server], database_url: str) -> None:
    chance = random.Random(7)
    cookie, _ = await a_cookie_and_key(replicas, database_url)
    reader = Reader(replicas, cookie, chance)
    batches = some_batches(chance)
    calls = sum(map(len, batches))
    coming = asyncio.create_task(calls_come_in(replicas, batches, chance))
    seen: list[tuple[int, int]] = []
    shown, position = -1, -1
    async with asyncio.timeout(60):
        while shown < calls:
            async with aclosing(reader.results(CHANGED, {})) as ticks:
                async for tick in ticks:
                    requests = tick["totals"]["requests"]
                    seen.append((tick["position"], requests))
                    if tick["position"] > position:
                        assert requests >= shown
                        shown, position = requests, tick["position"]
                    if shown == calls:
                        break
    await coming
    counts = [requests for _, requests in sorted(seen)]
    assert counts == sorted(counts), "of two states, the one with the larger position has at least as much"
    assert reader.connections >= 4


async def test_signing_out_at_one_replica_ends_what_is_open_at_the_other(
    replicas: list[Server], database_url: str, db: Database
) -> None:
    cookie = await sign_in(replicas[0].port)
    reader = Reader(replicas, cookie, random.Random(1))
    streams = [reader._over_websocket(replicas[1], CHANGED, {}), reader._over_events(replicas[1], CHANGED, {})]
    for stream in streams:
        await asyncio.wait_for(anext(stream), 10)
    async with httpx.AsyncClient(headers={"Cookie": cookie, "X-LiteMaaS-Request": "1"}) as http:
        assert (await http.post(f"{replicas[0].url}/auth/logout")).status_code < 400
    with pytest.raises(websockets.ConnectionClosedError) as closed:
        await asyncio.wait_for(anext(streams[0]), 5)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "The session has ended.")
    last = await asyncio.wait_for(anext(streams[1]), 5)
    assert [error["extensions"]["code"] for error in last["errors"]] == ["UNAUTHENTICATED"]
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(streams[1]), 5)


async def test_streams_are_counted_and_not_timed(replicas: list[Server], database_url: str) -> None:
    cookie = await sign_in(replicas[0].port)
    reader = Reader(replicas, cookie, random.Random(1))
    async with httpx.AsyncClient() as http:
        stream = reader._over_events(replicas[0], CHANGED, {})
        await asyncio.wait_for(anext(stream), 10)
        assert "litemaas_event_streams 1.0" in (await http.get(f"{replicas[0].url}/metrics")).text
        await stream.aclose()
        async with asyncio.timeout(10):
            while (  # noqa: ASYNC110 - nothing tells when
                "litemaas_event_streams 0.0" not in (text := (await http.get(f"{replicas[0].url}/metrics")).text)
            ):
                await asyncio.sleep(0.05)
    assert 'litemaas_http_requests_total{method="POST",route="/graphql",status="200"} 1.0' in text
    assert 'litemaas_http_request_seconds_count{route="/graphql"}' not in text
