"""The graphql-transport-ws protocol over a real server, and live results that many subscribers share."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import websockets

from schema.live_callers import Change
from tests.api.asgi_toy import World, client, create_app, eventually, no_collector, served

STATE = "subscription { state { count user executed } }"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    async with served(create_app(world, max_operations=5, init_seconds=0.5)) as port:
        yield port


async def test_queries_and_mutations(port: int, world: World) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", "{ hello }")
        assert await alice.next("1") == {"hello": "hello world from alice"}
        assert await alice.receive() == {"id": "1", "type": "complete"}
        await alice.subscribe("1", "mutation { a: tick b: tick }")
        assert await alice.next("1") == {"a": 1, "b": 2}
        assert await alice.receive() == {"id": "1", "type": "complete"}
        await alice.subscribe('ü "x"', "sha256:hello", {"to": "you"}, "Hello")
        assert await alice.next('ü "x"') == {"hello": "hello you from alice"}


async def test_operations_run_side_by_side(port: int) -> None:
    async with client(port) as alice:
        await alice.subscribe("slow", "{ wait(seconds: 0.3) }")
        await alice.subscribe("fast", "{ hello }")
        assert [(await alice.receive())["id"] for _ in range(4)] == ["fast", "fast", "slow", "slow"]


async def test_field_errors_are_in_the_result(port: int) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", "{ missing secret }")
        message = await alice.receive()
        assert message["type"] == "next"
        assert message["payload"]["data"] == {"missing": None, "secret": None}
        codes = [error["extensions"]["code"] for error in message["payload"]["errors"]]
        assert codes == ["NOT_FOUND", "INTERNAL_SERVER_ERROR"]
        assert "hunter2" not in str(message)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { state { count } each }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A($a: Int!) { wait(seconds: $a) }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription A($a: Int!) { numbers(to: $a) }", "BAD_USER_INPUT"),
        ("sha256:unknown", "DOCUMENT_NOT_FOUND"),
        ("sha256:bad", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { refused }", "NOT_FOUND"),
    ],
)
async def test_operations_that_can_not_begin(port: int, query: str, code: str) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", query)
        message = await alice.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await alice.subscribe("1", "{ hello }")  # the socket and the id are as good as new
        assert await alice.next("1") == {"hello": "hello world from alice"}


async def test_every_event_of_an_own_subscription(port: int) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", "subscription { numbers(to: 100) }")
        assert [await alice.next("1") for _ in range(100)] == [{"numbers": str(number)} for number in range(100)]
        assert await alice.receive() == {"id": "1", "type": "complete"}
        await alice.silence()


async def test_complete_ends_a_subscription(port: int, world: World) -> None:
    async with client(port) as alice:
        for field in ("each", "state { count }"):
            await alice.subscribe("1", f"subscription {{ {field} }}")
            await alice.next("1")
            assert world.sources == 1
            await alice.send(id="1", type="complete")
            await eventually(lambda: world.sources == 0)
            world.tick()
            await alice.silence()
            await alice.send(id="1", type="complete")  # what is not there can be completed, too


@pytest.mark.parametrize("query", ["subscription { each }", STATE, "{ wait(seconds: 60) }"])
async def test_what_was_completed_is_forgotten_at_once(port: int, world: World, query: str) -> None:
    """What stays until Python looks for cycles is a leak while it does not: it rarely looks at what has lived for some time."""
    with no_collector():
        async with client(port) as alice:
            await alice.subscribe("1", query)
            await eventually(lambda: world.contexts)
            await alice.subscribe("2", "{ hello }")
            while (await alice.receive())["id"] != "2":
                pass
            await alice.send(id="1", type="complete")
            await eventually(lambda: not any(context() for context in world.contexts))


async def test_leaving_ends_everything(port: int, world: World) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", "subscription { each }")
        await alice.subscribe("2", STATE)
        await alice.subscribe("3", "{ wait(seconds: 60) }")
        await alice.next("1")
        await alice.next("2")
        assert world.sources == 2
    await eventually(lambda: world.sources == 0)


async def test_a_torn_connection_ends_everything(port: int, world: World) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", STATE)
        await alice.next("1")
        alice.socket.transport.abort()
        await eventually(lambda: world.sources == 0)


async def test_ping(port: int) -> None:
    async with client(port, init=False) as alice:
        await alice.send(type="ping", payload={"a": 1})
        assert await alice.receive() == {"type": "pong"}
        await alice.send(type="pong")
        await alice.send(type="connection_init", payload={"token": "x"})
        assert await alice.receive() == {"type": "connection_ack"}
        await alice.send(type="ping")
        assert await alice.receive() == {"type": "pong"}


SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "{ wait(seconds: 9) }"}}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"type": "connection_init"}], 4429),
        ([{"type": "connection_init", "payload": "x"}], 4429),
        ([SUBSCRIBE, SUBSCRIBE], 4409),
        ([{"type": "nonsense"}], 4400),
        ([{}], 4400),
        ([[]], 4400),
        ([None], 4400),
        ([{"type": "subscribe", "payload": {"query": "{ hello }"}}], 4400),
        ([{"id": 1, "type": "subscribe", "payload": {"query": "{ hello }"}}], 4400),
        ([{"id": "", "type": "subscribe", "payload": {"query": "{ hello }"}}], 4400),
        ([{"id": "1", "type": "subscribe"}], 4400),
        ([{"id": "1", "type": "subscribe", "payload": [{"query": "{ hello }"}]}], 4400),
        ([{"id": "1", "type": "subscribe", "payload": {"query": 1}}], 4400),
        ([{"id": "1", "type": "subscribe", "payload": {"query": "{ hello }", "variables": 1}}], 4400),
    ],
)
async def test_messages_against_the_protocol(port: int, messages: list[Any], code: int) -> None:
    async with client(port) as alice:
        for message in messages:
            await alice.socket.send(json.dumps(message))
        assert (await alice.closed())[0] == code


@pytest.mark.parametrize("message", ["{", "", "x" * 1000, b"\x00", b'{"type": "ping"}'])
async def test_messages_that_are_not_json_text(port: int, message: Any) -> None:
    async with client(port) as alice:
        await alice.socket.send(message)
        assert await alice.closed() == (4400, "Messages must be JSON text")


async def test_subscribing_before_the_acknowledgement(port: int) -> None:
    async with client(port, init=False) as alice:
        await alice.subscribe("1", "{ hello }")
        assert await alice.closed() == (4401, "Unauthorized")


async def test_initialisation_has_a_time(port: int) -> None:
    async with client(port, init=False) as alice:
        await alice.send(type="ping")
        assert await alice.receive() == {"type": "pong"}
        assert await alice.closed() == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"]])
async def test_other_protocols_are_not_spoken(port: int, subprotocols: Any) -> None:
    try:
        async with client(port, init=False, subprotocols=subprotocols) as alice:
            assert await alice.closed() == (4406, "Subprotocol not acceptable")
    except websockets.NegotiationError:  # the client may notice first
        assert subprotocols


async def test_operations_are_bounded(port: int, world: World) -> None:
    async with client(port) as alice:
        for number in range(5):
            await alice.subscribe(str(number), "subscription { each }")
            await alice.next(str(number))
        await alice.subscribe("5", "subscription { each }")
        message = await alice.receive()
        assert (message["id"], message["type"]) == ("5", "error")
        assert message["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS"}
        assert world.sources == 5
        await alice.send(id="0", type="complete")
        await alice.subscribe("5", "subscription { each }")
        await alice.next("5")


@pytest.mark.parametrize(("change", "code"), [(Change.GONE, 4403), (Change.OTHER_RIGHTS, 4412)])
async def test_a_change_of_rights_closes_the_socket(port: int, world: World, change: Change, code: int) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", STATE)
        await alice.next("1")
        world.change = change
        world.changed.set()
        assert await alice.closed() == (code, change.value)
    await eventually(lambda: world.sources == 0)


async def test_a_message_that_is_too_large(port: int) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", "{ hello }", {"x": "x" * 2_000_000})
        assert (await alice.closed())[0] == 1009


@pytest.mark.parametrize("query", ["{ hello }", "subscription { each }", STATE])
async def test_a_fault_of_ours_is_told_and_masked(port: int, query: str) -> None:
    async with client(port, user="nobody can say") as broken:
        await broken.subscribe("1", query)
        message = await broken.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-1"}
        assert "hunter2" not in str(message)
        await broken.send(type="ping")
        assert await broken.receive() == {"type": "pong"}


# Shared results


async def test_shared_results_are_executed_once(port: int, world: World) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(port)) for _ in range(10)]
        for number, each in enumerate(clients):
            await each.subscribe(f"id-{number}", STATE)
            # Whoever comes later gets the newest result as it is, and it is not executed for them.
            assert await each.next(f"id-{number}") == {"state": {"count": 0, "user": "alice", "executed": 1}}
        world.tick()
        for number, each in enumerate(clients):
            assert await each.next(f"id-{number}") == {"state": {"count": 1, "user": "alice", "executed": 2}}
        assert (world.sources, world.executions) == (1, 2)


async def test_a_late_subscriber_sees_the_present_state(port: int, world: World) -> None:
    async with client(port) as first, client(port) as second:
        await first.subscribe("1", STATE)
        await first.next("1")
        for count in range(1, 4):
            world.tick()
            assert (await first.next("1"))["state"]["count"] == count
        await second.subscribe("1", STATE)
        assert (await second.next("1"))["state"]["count"] == 3
        await second.silence()
        # When the last one has left, the next one starts anew.
        await first.send(id="1", type="complete")
        await second.send(id="1", type="complete")
        await eventually(lambda: world.sources == 0)
        world.tick()
        await second.subscribe("1", STATE)
        assert (await second.next("1"))["state"]["count"] == 4


async def test_what_differs_is_not_shared(port: int, world: World) -> None:
    document = "subscription A($n: String) { state(name: $n) { count user } } subscription B { state { count user } }"
    async with client(port, user="alice") as alice, client(port, user="bob") as bob:
        await alice.subscribe("1", document, {"n": "x"}, "A")
        await alice.subscribe("2", document, {"n": "y"}, "A")
        await alice.subscribe("3", document, None, "B")
        await bob.subscribe("1", document, {"n": "x"}, "A")
        for _ in range(3):
            assert (await alice.receive())["payload"]["data"]["state"]["user"] == "alice"
        assert (await bob.next("1"))["state"]["user"] == "bob"
        assert world.sources == 4
        await alice.send(id="2", type="complete")
        await eventually(lambda: world.sources == 3)


async def test_the_order_of_variables_does_not_matter(port: int, world: World) -> None:
    document = "subscription A($n: String, $m: Boolean = true) { state(name: $n) { count @include(if: $m) } }"
    async with client(port) as alice:
        await alice.subscribe("1", document, {"n": "x", "m": True})
        await alice.next("1")
        await alice.subscribe("2", document, {"m": True, "n": "x"})
        await alice.next("2")
        assert world.sources == 1


async def test_nobody_shares_without_a_scope(port: int, world: World) -> None:
    async with client(port, user=None) as nobody:
        await nobody.subscribe("1", STATE)
        message = await nobody.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"] for error in message["payload"]] == [{"code": "UNAUTHENTICATED"}]
        assert world.sources == 0


async def test_the_end_of_a_shared_source(port: int, world: World) -> None:
    async with client(port) as first, client(port) as second:
        for each in (first, second):
            await each.subscribe("1", STATE)
            await each.next("1")
        world.fail = StopAsyncIteration()
        world.wake()
        for each in (first, second):
            assert await each.receive() == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("query", [STATE, "subscription { each }"])
async def test_a_source_that_breaks(port: int, world: World, query: str) -> None:
    async with client(port) as alice:
        await alice.subscribe("1", query)
        await alice.next("1")
        world.fail = RuntimeError("password=hunter2")
        world.wake()
        message = await alice.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"] == [
            {
                "message": "Something went wrong on our side.",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-1"},
            }
        ]
        world.fail = None
        await alice.subscribe("1", query)
        await alice.next("1")


async def test_a_slow_reader_gets_the_newest_state_and_holds_nobody_up(port: int, world: World) -> None:
    world.padding = 100_000
    async with slow(port) as reader, client(port) as alice:
        query = "subscription { state { count padding } }"
        await reader.subscribe("1", query)
        await alice.subscribe("1", query)
        await alice.next("1")
        for count in range(1, 201):
            world.tick()
            assert (await alice.next("1"))["state"]["count"] == count  # 20 MB, while the other one reads nothing
        counts = []
        while not counts or counts[-1] < 200:
            counts.append((await reader.next("1"))["state"]["count"])
        assert counts == sorted(set(counts))
        assert len(counts) < 150  # what did not fit was left out, and the newest came
        await reader.silence()


async def test_a_slow_reader_of_its_own_subscription_misses_nothing(port: int) -> None:
    async with slow(port) as reader:
        await reader.subscribe("1", "subscription { numbers(to: 200, size: 100000) }")
        await asyncio.sleep(0.3)
        for number in range(200):
            data = await reader.next("1")
            assert data["numbers"].rstrip("x") == str(number)
        assert await reader.receive() == {"id": "1", "type": "complete"}


async def test_who_answers_no_ping_is_cut_off_and_others_go_on(world: World) -> None:
    world.padding = 100_000
    query = "subscription { state { count padding } }"
    async with AsyncExitStack() as stack:
        app = create_app(world)
        port = await stack.enter_async_context(served(app, ws_ping_interval=0.2, ws_ping_timeout=0.2))
        alice = await stack.enter_async_context(client(port))
        await alice.subscribe("1", query)
        await alice.next("1")
        for user in ("alice", "bob"):  # their answers to pings stand behind what they do not read
            reader = await stack.enter_async_context(slow(port, user=user, close_timeout=0.1))
            await reader.subscribe("1", query)
        await eventually(lambda: world.sources == 2)
        for count in range(1, 101):
            world.tick()
            assert (await alice.next("1"))["state"]["count"] == count
            await asyncio.sleep(0.01)
        await eventually(lambda: world.sources == 1)  # bob's has ended


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536, 200_000])
async def test_shared_results_of_any_size(port: int, world: World, size: int) -> None:
    async with client(port, max_size=None) as alice:
        await alice.subscribe("1", "subscription { state { count padding } }")
        await alice.next("1")
        world.padding = size
        world.tick()
        assert await alice.next("1") == {"state": {"count": 1, "padding": "x" * size}}


def slow(port: int, **options: Any) -> Any:
    """A client with small buffers, which takes from its socket only what is asked for."""
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 8192)
    raw.connect(("127.0.0.1", port))
    return client(port, sock=raw, max_queue=1, max_size=None, **options)
