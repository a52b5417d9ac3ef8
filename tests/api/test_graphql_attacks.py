"""What attackers send to GraphQL (the OWASP list), over every transport: refused with a code, cheaply, and nothing is written."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import websockets
from sqlalchemy import text

from gateway.settings import ApiSettings
from tests.api.conftest import World, a_world
from tests.api.test_first_call import model_id
from tests.documents import SUBSCRIBE

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Introspection can go in circles: the only recursion that the schema has without an end.
DEEP_SCHEMA = "{ __schema { types " + "{ fields { type " * 10 + "{ name }" + " } }" * 10 + " } }"
CIRCULAR = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }"
SELF = "{ viewer { ...A } } fragment A on Viewer { user { id } ...A }"
DOUBLING = "{ viewer { ...F0 } } " + " ".join(
    f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40)
)
PAGE = "models(first: 100) { edges { node { id mySubscription { id } } } }"


def deep() -> str:
    """`node` leads to nothing that leads back to `node`, so the depth comes from a fragment on what nests furthest."""
    keys = (
        "apiKeys(first: 1) { edges { node { models { mySubscription { model { mySubscription { model { mySubscription"
    )
    inner = " { model { mySubscription { model { mySubscription { model { id } } } } } }"
    text_ = "{ viewer { " + keys + inner
    return text_ + " }" * (text_.count("{") - text_.count("}"))


ATTACKS = {
    "deep": (deep(), "GRAPHQL_VALIDATION_FAILED"),
    "deep introspection": (DEEP_SCHEMA, "GRAPHQL_VALIDATION_FAILED"),
    "deep in braces": ("{" * 5_000 + "}" * 5_000, "GRAPHQL_PARSE_FAILED"),
    "deep in lists": ("{ node(id: " + "[" * 5_000 + "]" * 5_000 + ") { id } }", "GRAPHQL_PARSE_FAILED"),
    "deep in fragments": ("{ " + "... { " * 900 + "portal { version }" + " }" * 901, None),
    "wide": ("{ viewer { user { " + "id username " * 60 + "} } }", "GRAPHQL_VALIDATION_FAILED"),
    "many roots": (
        "{ " + " ".join(f"a{n}: portal {{ version }}" for n in range(31)) + " }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "aliased": (
        "{ viewer { user { " + " ".join(f"a{n}: id" for n in range(51)) + " } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "aliased in a fragment": (
        "{ a: viewer { user { ...F } } b: viewer { user { ...F } } } fragment F on User { "
        + " ".join(f"a{n}: id" for n in range(26))
        + " }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "circular": (CIRCULAR, "GRAPHQL_VALIDATION_FAILED"),
    "circular by itself": (SELF, "GRAPHQL_VALIDATION_FAILED"),
    "doubling": (DOUBLING + " fragment F40 on Viewer { user { id } }", "GRAPHQL_VALIDATION_FAILED"),
    "directives": (
        "{ viewer { user { id " + "@include(if: true) " * 51 + "} } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "tokens": ("{ portal { " + "a " * 3_000 + "} }", "GRAPHQL_PARSE_FAILED"),
    "large": ("{ portal { version } } #" + "x" * 20_000, "GRAPHQL_VALIDATION_FAILED"),
    "dear": ("{ " + " ".join(f"m{n}: {PAGE}" for n in range(6)) + " }", "QUERY_TOO_COSTLY"),
    "overlapping": (
        "{ viewer { user { " + " ".join("x: id" if n % 2 else "x: username" for n in range(90)) + " } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server_url: str, template: str) -> AsyncIterator[World]:
    """With the limits that everybody has who sets none."""
    async with a_world(server_url, template, ApiSettings()) as made:
        yield made


def codes(errors: list[dict[str, Any]]) -> set[str]:
    return {error["extensions"]["code"] for error in errors}


async def over_post(world: World, query: str) -> list[dict[str, Any]]:
    answer = await world.ada.post(query)
    assert answer.get("data") is None or "errors" not in answer
    errors: list[dict[str, Any]] = answer.get("errors", [])
    return errors


async def over_websocket(world: World, query: str) -> list[dict[str, Any]]:
    async with world.ada.socket() as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        message = json.loads(await socket.recv())
        errors: list[dict[str, Any]] = message["payload"] if message["type"] == "error" else []
        return errors


async def over_events(world: World, query: str) -> list[dict[str, Any]]:
    response = await world.ada.http.post("/graphql", json={"query": query}, headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    _, _, data = response.text.partition("event: next\n")[2].partition("data: ")
    errors: list[dict[str, Any]] = json.loads(data.partition("\n")[0]).get("errors", [])
    return errors


TRANSPORTS = {"post": over_post, "websocket": over_websocket, "events": over_events}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("attack", ATTACKS)
async def test_documents_made_to_cost(world: World, attack: str, transport: str) -> None:
    query, code = ATTACKS[attack]
    began = time.process_time()
    errors = await TRANSPORTS[transport](world, query)
    assert time.process_time() - began < 5  # seconds of both sides; what is not bounded takes far longer, or for ever
    assert codes(errors) <= ({code} if code else {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"})
    assert errors or code is None
    assert (await world.ada.execute("{ portal { version } }"))["portal"]["version"]


async def test_batches_are_refused(world: World) -> None:
    one = {"query": "{ portal { version } }"}
    for batch in ([], [one], [one] * 1_000):
        response = await world.alice.http.post("/graphql", json=batch)
        assert response.status_code == 400
        assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    async with world.alice.socket() as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": [one]}))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


INTROSPECTION = [
    "{ __schema { queryType { name } } }",
    '{ __type(name: "User") { name } }',
    "{ ...F } fragment F on Query { s: __schema { queryType { name } } }",
    "{ portal { version } ... { __schema { types { name } } } }",
    "query($no: Boolean = true) { __schema @skip(if: $no) { types { name } } portal { version } }",
]


@pytest.mark.parametrize("query", INTROSPECTION)
async def test_the_schema_is_told_to_those_who_are_signed_in(world: World, query: str) -> None:
    answer = await world.nobody.post(query)
    assert answer["data"] is None
    assert codes(answer["errors"]) == {"UNAUTHENTICATED"}
    async with world.nobody.socket() as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        message = json.loads(await socket.recv())
        assert (message["type"], codes(message["payload"])) == ("error", {"UNAUTHENTICATED"})
    streamed = await world.nobody.http.post("/graphql", json={"query": query}, headers={"Accept": "text/event-stream"})
    assert '"code":"UNAUTHENTICATED"' in streamed.text
    assert "errors" not in await world.alice.post(query)


async def test_a_typename_is_told_to_everybody(world: World) -> None:
    answer = await world.nobody.execute("{ __typename portal { __typename } }")
    assert answer == {"__typename": "Query", "portal": {"__typename": "Portal"}}


FORM = "application/x-www-form-urlencoded"


async def requests_written(world: World) -> int:
    async with world.portal.services.db.read() as session:
        return await session.scalar(text("SELECT count(*) FROM model_subscription")) or 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "OWN.evil.example"}, 403),
        ({"Origin": "OWN/"}, 403),
        ({"Referer": "OWN/graphiql"}, 403),
        ({"X-LiteMaaS-Request": "0"}, 403),
        ({"User-Agent": "Mozilla/5.0", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "OWN", "Content-Type": "text/plain"}, 415),
        ({"Origin": "OWN", "Content-Type": FORM}, 415),
        ({"Origin": "OWN", "Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Origin": "OWN", "Content-Type": "application/graphql"}, 415),
        ({"Origin": "OWN", "Content-Type": ""}, 415),
    ],
)
async def test_another_site_makes_a_browser_change_nothing(world: World, headers: dict[str, str], status: int) -> None:
    before = await requests_written(world)
    variables = {"m": await model_id(world.bob, "claude-opus-4-1"), "why": "x"}
    own = world.portal.url
    sent = {"Content-Type": "application/json"} | {name: value.replace("OWN", own) for name, value in headers.items()}
    body = json.dumps({"query": SUBSCRIBE, "variables": variables})
    async with httpx.AsyncClient(base_url=own, cookies=dict(world.bob.http.cookies)) as browser:
        assert (await browser.post("/graphql", content=body, headers=sent)).status_code == status
        for method in ("GET", "HEAD"):
            address = "/graphql?" + str(httpx.QueryParams(query=SUBSCRIBE, variables=json.dumps(variables)))
            assert (await browser.request(method, address, headers=sent)).status_code == 405
    assert await requests_written(world) == before


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1", ""])
async def test_another_site_opens_no_socket(world: World, origin: str) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in world.bob.http.cookies.items())
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with websockets.connect(
            world.portal.url.replace("http", "ws", 1) + "/graphql",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
            additional_headers={"Cookie": cookie, "Origin": origin},
        ):
            pass
    assert refused.value.response.status_code == 403
