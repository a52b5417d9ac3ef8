"""What attackers send to GraphQL (the OWASP list), by every transport: refused with a code, cheaply, and nothing is changed."""

import json
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
import pytest_asyncio

from gateway.settings import ApiSettings
from tests.api.conftest import World, a_world
from tests.attacks.sending import REFUSED, TRANSPORTS, Answer, by_websocket, everything

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Introspection can go in circles: the only recursion that the schema has without an end.
DEEP_SCHEMA = "{ __schema { types " + "{ fields { type " * 10 + "{ name }" + " } }" * 10 + " } }"
CIRCULAR = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }"
SELF = "{ viewer { ...A } } fragment A on Viewer { user { id } ...A }"
DOUBLING = "{ viewer { ...F0 } } " + " ".join(
    f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40)
)
PAGE = "models(first: 100) { edges { node { id mySubscription { id } } } }"
GUESS = 'findLeakedApiKey(input: {secret: "sk-lm-%d"}) { __typename }'
END = "a%d: endOtherSessions(input: {}) { __typename }"
LIVE = "usageChanged { totals { requests } }"
VERSION = "{ portal { version } }"


def deep() -> str:
    """`node` leads to nothing that leads back to `node`, so the depth comes from a fragment on what nests furthest."""
    keys = (
        "apiKeys(first: 1) { edges { node { models { mySubscription { model { mySubscription { model { mySubscription"
    )
    inner = " { model { mySubscription { model { mySubscription { model { id } } } } } }"
    text_ = "{ viewer { " + keys + inner
    return text_ + " }" * (text_.count("{") - text_.count("}"))


PARSE, INVALID = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
DOCUMENTS = {
    "deep": (deep(), INVALID),
    "deep introspection": (DEEP_SCHEMA, INVALID),
    "deep in braces": ("{" * 5_000 + "}" * 5_000, PARSE),
    "deep in lists": ("{ node(id: " + "[" * 5_000 + "]" * 5_000 + ") { id } }", PARSE),
    "deep in fragments": ("{ " + "... { " * 900 + "portal { version }" + " }" * 901, PARSE),
    "wide": ("{ viewer { user { " + "id username displayName email role createdAt " * 17 + "} } }", INVALID),
    "wide at the root": ("{ " + " ".join(f"a{n}: portal {{ version }}" for n in range(31)) + " }", INVALID),
    "one field many times": ("{ viewer { user { " + "id " * 101 + "} } }", INVALID),
    "aliased": ("{ viewer { user { " + " ".join(f"a{n}: id" for n in range(51)) + " } } }", INVALID),
    "aliased in a fragment": (
        "{ a: viewer { user { ...F } } b: viewer { user { ...F } } } fragment F on User { "
        + " ".join(f"a{n}: id" for n in range(26))
        + " }",
        INVALID,
    ),
    "guesses under aliases": ("mutation { " + " ".join(f"a{n}: {GUESS % n}" for n in range(31)) + " }", INVALID),
    "changes under aliases": ("mutation { " + " ".join(END % n for n in range(31)) + " }", INVALID),
    "circular": (CIRCULAR, INVALID),
    "circular by itself": (SELF, INVALID),
    "doubling": (DOUBLING + " fragment F40 on Viewer { user { id } }", INVALID),
    "directives": ("{ viewer { user { id " + "@include(if: true) " * 51 + "} } }", INVALID),
    "unknown directives": ("{ viewer { user { id " + "@x " * 51 + "} } }", INVALID),
    "tokens": ("{ portal { " + "a " * 3_000 + "} }", PARSE),
    "large": (VERSION + " #" + "x" * 20_000, INVALID),
    "dear": ("{ " + " ".join(f"m{n}: {PAGE}" for n in range(6)) + " }", "QUERY_TOO_COSTLY"),
    "overlapping": (
        "{ viewer { user { " + " ".join("x: id" if n % 2 else "x: username" for n in range(90)) + " } } }",
        INVALID,
    ),
    "many operations": (" ".join(f"query Q{n} {VERSION}" for n in range(200)), INVALID),
    "subscriptions under aliases": ("subscription { " + " ".join(f"a{n}: {LIVE}" for n in range(10)) + " }", INVALID),
    "a stored document that nobody stored": ("sha256:" + "0" * 64, "DOCUMENT_NOT_FOUND"),
    "a stored document elsewhere": ("sha256:../../etc/passwd", "DOCUMENT_NOT_FOUND"),
    "a stored document of a large name": ("sha256:" + "0" * 900_000, "DOCUMENT_NOT_FOUND"),
}

NESTED = json.loads("[" * 500 + "]" * 500)
KEYS = "query($s: [ApiKeyStatus!]) { viewer { apiKeys(first: 1, status: $s) { totalCount } } }"
MODELS = "query($f: ModelFilter) { models(first: 1, filter: $f) { totalCount } }"
NODE = "query($s: ID!) { node(id: $s) { id } }"
VARIABLES = {
    "a list of 100,000": (KEYS, {"s": ["ACTIVE"] * 100_000}, "BAD_REQUEST"),
    "a list of 1,001": (KEYS, {"s": ["ACTIVE"] * 1_001}, "BAD_REQUEST"),
    "a long list inside": (MODELS, {"f": {"provider": ["x"] * 100_000}}, "BAD_REQUEST"),
    "a long list that nobody asked for": (VERSION, {"unknown": [[None] * 1_001]}, "BAD_REQUEST"),
    "a list of 101 in a filter": (MODELS, {"f": {"provider": ["x"] * 101}}, "INVALID_INPUT"),
    "a large text": (MODELS, {"f": {"search": "x" * 900_000}}, "INVALID_INPUT"),
    "a large id": (NODE, {"s": "x" * 900_000}, "INVALID_INPUT"),
    "a large number": ("query($n: Int!) { models(first: $n) { totalCount } }", {"n": 10**300}, "BAD_USER_INPUT"),
    "nested deeply": (NODE, {"s": NESTED}, "BAD_REQUEST"),
    "nested deeply where nobody asked for it": (VERSION, {"unknown": NESTED}, "BAD_REQUEST"),
    "nested deeply for a live result": (f"subscription {{ {LIVE} }}", {"unknown": NESTED}, "BAD_REQUEST"),
    "nested, as far as it goes": (NODE, {"s": json.loads("[" * 48 + "]" * 48)}, "BAD_USER_INPUT"),
    "unknown fields": (MODELS, {"f": {f"x{n}": n for n in range(20_000)}}, "BAD_REQUEST"),
    "some unknown fields": (MODELS, {"f": {f"x{n}": n for n in range(20)}}, "BAD_USER_INPUT"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server_url: str, template: str) -> AsyncIterator[World]:
    """With the limits that everybody has who sets none."""
    async with a_world(server_url, template, ApiSettings()) as made:
        yield made


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def unchanged(world: World) -> AsyncIterator[None]:
    """Nothing is changed by any of it, and others are answered as before."""
    before = await everything(world)
    yield
    assert await everything(world) == before
    assert (await world.bob.execute(VERSION))["portal"]["version"]


async def attempt(world: World, transport: str, request: Any) -> Answer:
    began = time.process_time()
    answer = await TRANSPORTS[transport](world.ada, request)
    assert time.process_time() - began < 5  # seconds of both sides; what is not bounded takes far longer, or for ever
    return answer


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("attack", DOCUMENTS)
async def test_documents_made_to_cost(world: World, attack: str, transport: str) -> None:
    query, code = DOCUMENTS[attack]
    answer = await attempt(world, transport, {"query": query})
    if transport == "POST" and query.startswith("subscription"):
        assert answer == Answer(400, {"BAD_REQUEST"})
    else:
        assert answer == Answer(None if transport == "WebSocket" else 200, {code})


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("attack", VARIABLES)
async def test_variables_made_to_cost(world: World, attack: str, transport: str) -> None:
    query, variables, code = VARIABLES[attack]
    answer = await attempt(world, transport, {"query": query, "variables": variables})
    if code == "BAD_REQUEST":
        assert answer == (Answer(4400, set()) if transport == "WebSocket" else Answer(400, {code}))
    else:
        assert answer.codes == {code}
        assert not any((answer.data or {}).values())


@pytest.mark.parametrize("depth", [1_000, 100_000])
async def test_variables_nested_more_deeply_than_a_program_can_call_itself(world: World, depth: int) -> None:
    body = f'{{"query": "{NODE}", "variables": {{"s": {"[" * depth}{"]" * depth}}}}}'
    for accept in ("application/json", "text/event-stream"):
        headers = {"Content-Type": "application/json", "Accept": accept}
        answer = await world.ada.http.post("/graphql", content=body, headers=headers)
        assert answer.status_code == 400
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_REQUEST"]
    async with world.ada.socket() as socket:
        await socket.send(f'{{"id": "1", "type": "subscribe", "payload": {body}}}')
        await socket.wait_closed()
        assert socket.close_code == 4400


@pytest.mark.parametrize("transport", REFUSED)
@pytest.mark.parametrize("attack", [*DOCUMENTS, *VARIABLES])
async def test_no_other_transport_carries_anything(world: World, attack: str, transport: str) -> None:
    query, *variables, _ = (DOCUMENTS | VARIABLES)[attack]
    send, status, code = REFUSED[transport]
    assert await send(world.ada, {"query": query, "variables": variables or None}) == Answer(status, {code})


@pytest.mark.parametrize("count", [0, 1, 1_000])
async def test_batches_are_refused(world: World, count: int) -> None:
    batch = [{"query": VERSION}] * count
    for transport in ("POST", "events"):
        assert await attempt(world, transport, batch) == Answer(400, {"BAD_REQUEST"})
    assert await by_websocket(world.ada, batch) == Answer(4400, set())
    for send, status, code in REFUSED.values():
        assert await send(world.ada, batch) == Answer(status, {code})


async def test_a_socket_carries_so_many_operations_at_a_time_and_no_more(world: World) -> None:
    async with world.ada.socket() as socket:
        for n in range(60):
            query = f"subscription {{ usageChanged {{ totals {{ a{n}: requests }} }} }}"
            await socket.send(json.dumps({"id": str(n), "type": "subscribe", "payload": {"query": query}}))
        answers: dict[str, dict[str, Any]] = {}
        while len(answers) < 60:
            message = json.loads(await socket.recv())
            answers.setdefault(message["id"], message)
        refused = [int(id_) for id_, message in answers.items() if message["type"] == "error"]
        assert sorted(refused) == list(range(50, 60))
        codes = {answers[str(n)]["payload"][0]["extensions"]["code"] for n in refused}
        assert codes == {"TOO_MANY_OPERATIONS"}


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_nobody_stores_a_document(world: World, transport: str) -> None:
    """Automatic persisted queries would let a stranger fill the memory, or put another text under a known hash."""
    text = "{ portal { version llmBaseUrl } }"
    for hash_ in (sha256(text.encode()).hexdigest(), "0" * 64):
        wish = {"persistedQuery": {"version": 1, "sha256Hash": hash_}}
        answer = await attempt(world, transport, {"query": text, "extensions": wish})
        assert answer.data is not None, "a text is answered, and the wish is nobody's"
        later = await attempt(world, transport, {"query": f"sha256:{hash_}"})
        assert later.codes == {"DOCUMENT_NOT_FOUND"}
        without = await attempt(world, transport, {"extensions": wish})
        assert without == (Answer(4400, set()) if transport == "WebSocket" else Answer(400, {"BAD_REQUEST"}))


INTROSPECTION = [
    "{ __schema { queryType { name } } }",
    '{ __type(name: "User") { name } }',
    "{ ...F } fragment F on Query { s: __schema { queryType { name } } }",
    "{ portal { version } ... { __schema { types { name } } } }",
    "query($no: Boolean = true) { __schema @skip(if: $no) { types { name } } portal { version } }",
]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("query", INTROSPECTION)
async def test_the_schema_is_told_to_those_who_are_signed_in(world: World, query: str, transport: str) -> None:
    stranger = await TRANSPORTS[transport](world.nobody, {"query": query})
    assert (stranger.codes, stranger.data) == ({"UNAUTHENTICATED"}, None)
    known = await TRANSPORTS[transport](world.alice, {"query": query})
    assert (known.codes, known.data is None) == (set(), False)


async def test_a_typename_is_told_to_everybody(world: World) -> None:
    answer = await world.nobody.execute("{ __typename portal { __typename } }")
    assert answer == {"__typename": "Query", "portal": {"__typename": "Portal"}}


async def test_a_message_that_is_too_large(world: World) -> None:
    huge = {"query": VERSION, "variables": {"x": "x" * 2_000_000}}
    for transport in ("POST", "events"):
        assert await attempt(world, transport, huge) == Answer(413, {"PAYLOAD_TOO_LARGE"})
    assert await by_websocket(world.ada, huge) == Answer(1009, set())
