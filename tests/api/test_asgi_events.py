"""GraphQL over server-sent events through a real server: what is sent, when it ends, and what a slow reader gets."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from schema.live_callers import Change
from tests.api.asgi_toy import World, client, create_app, eventually, no_collector, served

STATE = "subscription { state { count user executed } }"
COMPLETE = ("complete", None, None)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    async with served(create_app(world, max_connections=3, comment_seconds=0.2)) as port:
        yield port


class Events:
    """What a response says: `next()` gives (event, id, data), comments are counted."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.comments = 0
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, str | None, Any]:
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                elif fields:
                    data = fields["data"]
                    return fields["event"], fields.get("id"), orjson.loads(data) if data else None
        raise AssertionError("the stream has ended")

    async def data(self) -> Any:
        """The data of the next result, which must have no errors."""
        event, _, data = await self.next()
        assert (event, data.keys()) == ("next", {"data"}), data
        return data["data"]

    async def is_over(self) -> bool:
        async with asyncio.timeout(10):
            return [line async for line in self._lines if line and not line.startswith(":")] == []


@asynccontextmanager
async def events(
    port: int, query: str, variables: Any = None, *, user: str | None = "alice", **headers: str
) -> AsyncIterator[Events]:
    headers = {"Accept": "text/event-stream"} | ({"X-User": user} if user else {}) | headers
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as http,
        http.stream("POST", "/graphql", json={"query": query, "variables": variables}) as response,
    ):
        yield Events(response)


async def test_what_a_stream_looks_like(port: int, world: World) -> None:
    async with events(port, "subscription { positions(to: 2) { position } }") as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        body = (await stream.response.aread()).decode()
    assert body == (
        ":\n\n"
        'event: next\nid: 1\ndata: {"data":{"positions":{"position":1}}}\n\n'
        'event: next\nid: 2\ndata: {"data":{"positions":{"position":2}}}\n\n'
        "event: complete\ndata:\n\n"
    )


async def test_queries_and_mutations_are_answered_once(port: int, world: World) -> None:
    async with events(port, "mutation { tick }") as stream:
        assert await stream.data() == {"tick": 1}
        assert await stream.next() == COMPLETE
        assert await stream.is_over()
    async with events(port, "sha256:hello", {"to": "you"}) as stream:
        assert await stream.data() == {"hello": "hello you from alice"}
    assert world.count == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription A($a: Int!) { numbers(to: $a) }", "BAD_USER_INPUT"),
        ("subscription { refused }", "NOT_FOUND"),
        ("sha256:unknown", "DOCUMENT_NOT_FOUND"),
    ],
)
async def test_operations_that_can_not_begin(port: int, query: str, code: str) -> None:
    async with events(port, query) as stream:
        event, _, data = await stream.next()
        assert (event, [error["extensions"]["code"] for error in data["errors"]]) == ("next", [code])
        assert await stream.next() == COMPLETE
        assert await stream.is_over()


async def test_nobody_has_no_live_results(port: int, world: World) -> None:
    async with events(port, STATE, user=None) as stream:
        _, _, data = await stream.next()
        assert [error["extensions"] for error in data["errors"]] == [{"code": "UNAUTHENTICATED"}]
        assert await stream.next() == COMPLETE
    assert world.sources == 0


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}]
)
async def test_what_a_form_on_another_site_could_send_is_refused(port: int, world: World, headers: Any) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        accept = {"Accept": "text/event-stream"}
        body = b'{"query": "mutation { tick }"}'
        assert (await http.post("/graphql", content=body, headers=accept | headers)).status_code == 415
        answer = await http.get("/graphql", params={"query": "mutation { tick }"}, headers=accept)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert world.count == 0


async def test_sockets_and_streams_share_what_is_executed(port: int, world: World) -> None:
    async with events(port, STATE) as stream, client(port) as socket:
        await socket.subscribe("1", STATE)
        for count in range(3):
            expected = {"state": {"count": count, "user": "alice", "executed": count + 1}}
            assert await stream.data() == expected
            assert await socket.next("1") == expected
            world.tick()
    await eventually(lambda: world.sources == 0)


@pytest.mark.parametrize("query", [STATE, "subscription { each }"])
async def test_leaving_ends_the_source(port: int, world: World, query: str) -> None:
    async with events(port, query) as stream:
        await stream.data()
        assert world.sources == 1
    await eventually(lambda: world.sources == 0)


@pytest.mark.parametrize("query", [STATE, "subscription { each }"])
async def test_what_was_left_is_forgotten_at_once(port: int, world: World, query: str) -> None:
    with no_collector():
        async with events(port, query) as stream:
            await stream.data()
        await eventually(lambda: not any(context() for context in world.contexts))


@pytest.mark.parametrize("query", [STATE, "subscription { each }"])
async def test_the_end_of_a_source(port: int, world: World, query: str) -> None:
    async with events(port, query) as stream:
        await stream.data()
        world.fail = StopAsyncIteration()
        world.wake()
        assert await stream.next() == COMPLETE
        assert await stream.is_over()


@pytest.mark.parametrize("query", [STATE, "subscription { each }"])
async def test_a_source_that_breaks_is_told_and_masked(port: int, world: World, query: str) -> None:
    async with events(port, query) as stream:
        await stream.data()
        world.fail = RuntimeError("password=hunter2")
        world.wake()
        _, _, data = await stream.next()
        assert [error["extensions"]["code"] for error in data["errors"]] == ["INTERNAL_SERVER_ERROR"]
        assert "hunter2" not in str(data)
        assert await stream.next() == COMPLETE


async def test_a_quiet_stream_has_comments(port: int, world: World) -> None:
    async with events(port, STATE) as stream:
        await stream.data()
        await asyncio.sleep(0.7)
        world.tick()
        assert (await stream.data())["state"]["count"] == 1
        assert stream.comments >= 3


@pytest.mark.parametrize(
    ("change", "code"), [(Change.GONE, "UNAUTHENTICATED"), (Change.OTHER_RIGHTS, "RIGHTS_CHANGED")]
)
@pytest.mark.parametrize("query", [STATE, "subscription { each }"])
async def test_a_change_of_rights_ends_a_stream(port: int, world: World, query: str, change: Change, code: str) -> None:
    async with events(port, query) as stream:
        await stream.data()
        world.change = change
        world.changed.set()
        _, _, data = await stream.next()
        assert data == {"errors": [{"message": change.value, "extensions": {"code": code}}]}
        assert await stream.next() == COMPLETE
        assert await stream.is_over()
    await eventually(lambda: world.sources == 0)


async def test_a_caller_has_so_many_connections_and_no_more(port: int, world: World) -> None:
    async with AsyncExitStack() as stack:
        open_ = [await stack.enter_async_context(events(port, STATE)) for _ in range(2)]
        for each in open_:
            await each.data()
        socket = await stack.enter_async_context(client(port))
        async with events(port, STATE) as refused:
            assert refused.response.status_code == 429
            (error,) = orjson.loads(await refused.response.aread())["errors"]
            assert error["extensions"] == {"code": "TOO_MANY_CONNECTIONS"}
        async with client(port, init=False) as other:
            assert await other.closed() == (4413, "3 live connections of this caller are open; more are not allowed.")
        async with events(port, STATE, user="bob") as stream:  # another's are another's
            assert (await stream.data())["state"]["user"] == "bob"
        await socket.subscribe("1", STATE)
        assert (await socket.next("1"))["state"]["count"] == 0
    await eventually(lambda: world.sources == 0)
    async with events(port, STATE) as stream:
        await stream.data()


async def test_a_slow_reader_gets_the_newest_state_and_holds_nobody_up(port: int, world: World) -> None:
    world.padding = 100_000
    query = "subscription { state { padding count } }"
    body = orjson.dumps({"query": query})
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: toy\r\nX-User: alice\r\nAccept: text/event-stream\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    async with client(port) as alice:
        await alice.subscribe("1", query)
        await alice.next("1")
        for count in range(1, 201):
            world.tick()
            assert (await alice.next("1"))["state"]["count"] == count  # 20 MB, while the other one reads little
        seen = b""
        while b'"count":200}' not in seen[-100:]:
            seen += await asyncio.wait_for(reader.read(2**16), 10)
    writer.close()
    counts = [int(count) for count in re.findall(rb'"count":(\d+)', seen)]
    assert counts == sorted(set(counts))
    assert counts[-1] == 200
    assert len(counts) < 150  # what did not fit was left out, and the newest came
