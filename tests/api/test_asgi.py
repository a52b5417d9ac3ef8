"""POST /graphql: which requests are served, how the others are refused, and what errors say."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
import structlog
import websockets

from gateway.app import create_app as create_portal
from tests.api.asgi_toy import World, client, create_app, no_collector, served
from tests.portal import ORIGIN, browser, sandbox_settings

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(world))
    async with httpx2.AsyncClient(transport=transport, base_url="http://toy", headers={"X-User": "alice"}) as http:
        yield http


async def ask(http: httpx2.AsyncClient, query: str, variables: Any = None, name: str | None = None) -> Any:
    answer = await http.post("/graphql", json={"query": query, "variables": variables, "operationName": name})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def test_query_and_mutation(http: httpx2.AsyncClient, world: World) -> None:
    assert await ask(http, "{ hello }") == {"data": {"hello": "hello world from alice"}}
    assert await ask(http, "query A { hello } query B($to: String!) { hello(to: $to) }", {"to": "you"}, "B") == {
        "data": {"hello": "hello you from alice"}
    }
    assert await ask(http, "mutation { a: tick b: tick }") == {"data": {"a": 1, "b": 2}}
    assert world.count == 2


@pytest.mark.parametrize("query", ["{ hello }", "{ wait(seconds: 0.001) }", "{ nothing }"])
async def test_what_was_answered_is_forgotten_at_once(http: httpx2.AsyncClient, world: World, query: str) -> None:
    with no_collector():
        await http.post("/graphql", json={"query": query})
        assert [context() for context in world.contexts] == [None]


async def test_stored_documents(http: httpx2.AsyncClient) -> None:
    for _ in range(2):
        assert await ask(http, "sha256:hello", {"to": "you"}) == {"data": {"hello": "hello you from alice"}}
    unknown = {"message": "There is no stored document with this id.", "extensions": {"code": "DOCUMENT_NOT_FOUND"}}
    for id_ in ("sha256:unknown", "sha256:", "sha256:../hello", "sha256: hello"):
        assert await ask(http, id_) == {"data": None, "errors": [unknown]}
    bad = await ask(http, "sha256:bad")
    assert bad["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{", "Syntax Error: Expected Name, found <EOF>.", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "Cannot query field 'nothing' on type 'Query'.", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query A { hello } query B { hello }",
            "Must provide operation name if query contains multiple operations.",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query A($a: Int!) { hello }", "Variable '$a' is never used in operation 'A'.", "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ " + " ".join(f"a{n}: hello" for n in range(31)) + " }",
            "The operation has 31 fields at its root; 30 are allowed.",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "{ hello #" + "x" * 15_000 + "\n }",
            "The document has 15,012 characters; 15,000 are allowed.",
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
async def test_documents_that_are_refused(http: httpx2.AsyncClient, query: str, message: str, code: str) -> None:
    answer = await ask(http, query)
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["message"] == message
    assert error["extensions"] == {"code": code}


async def test_variables_that_are_refused(http: httpx2.AsyncClient) -> None:
    for variables in (None, {}, {"to": None}, {"to": 3}, {"to": ["x"]}):
        answer = await ask(http, "query A($to: String!) { hello(to: $to) }", variables)
        assert answer["data"] is None
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "to"}
    # Allowed by validation, since there is a default; refused at the field.
    answer = await ask(http, 'query A($to: String = "x") { hello(to: $to) }', {"to": None})
    assert answer["errors"][0]["message"].startswith("Argument 'to' has invalid value")
    assert answer["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


async def test_an_unknown_operation_name(http: httpx2.AsyncClient) -> None:
    answer = await ask(http, "query A { hello }", name="B")
    assert answer["errors"][0]["message"] == "Unknown operation named 'B'."


async def test_expected_errors_keep_their_code(http: httpx2.AsyncClient) -> None:
    assert await ask(http, "{ missing hello }") == {
        "data": {"missing": None, "hello": "hello world from alice"},
        "errors": [
            {
                "message": "There is no such thing.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["missing"],
                "extensions": {"code": "NOT_FOUND"},
            }
        ],
    }


@pytest.mark.parametrize("field", ["secret", "number"])
async def test_other_errors_are_masked_and_logged(http: httpx2.AsyncClient, field: str) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await http.post("/graphql", json={"query": f"{{ {field} }}"})
    assert "hunter2" not in answer.text
    assert "a secret" not in answer.text
    (error,) = answer.json()["errors"]
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-1"}
    assert error["path"] == [field]
    (logged,) = logs
    assert logged["request_id"] == "request-1"
    assert logged["log_level"] == "error"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The request is not JSON"),
        (b"{", "The request is not JSON"),
        (b"\xff\xfe", "The request is not JSON"),
        (b'{"query": "{ hello }"} x', "The request is not JSON"),
        (b"[" * 100_000, "The request is not JSON"),
        (b'"{ hello }"', "The request must be a JSON object."),
        (b"null", "The request must be a JSON object."),
        (b'[{"query": "mutation { tick }"}]', "Batches are not served: send one operation a request."),
        (b"{}", "`query` must be"),
        (b'{"query": null}', "`query` must be"),
        (b'{"query": 3}', "`query` must be"),
        (b'{"query": "  "}', "`query` must be"),
        (b'{"query": "mutation { tick }", "variables": []}', "`variables` must be an object or null."),
        (b'{"query": "mutation { tick }", "variables": "{}"}', "`variables` must be an object or null."),
        (b'{"query": "mutation { tick }", "operationName": 1}', "`operationName` must be a string or null."),
        (b'{"query": "subscription { state { count } }"}', "Subscriptions are served at this address over a WebSocket"),
    ],
)
async def test_requests_that_are_none(http: httpx2.AsyncClient, world: World, body: bytes, message: str) -> None:
    answer = await http.post("/graphql", content=body, headers=JSON)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["message"].startswith(message)
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert world.count == 0


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/graphql", ""],
)
async def test_only_json_is_taken(http: httpx2.AsyncClient, world: World, kind: str) -> None:
    """The kinds that a form can send without asking first would let any site send mutations."""
    answer = await http.post("/graphql", content=b'{"query": "mutation { tick }"}', headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNSUPPORTED_MEDIA_TYPE"}
    assert world.count == 0
    charset = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await http.post("/graphql", content=b'{"query": "mutation { tick }"}', headers=charset)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_post_is_taken(http: httpx2.AsyncClient, world: World, method: str) -> None:
    answer = await http.request(method, "/graphql?query=mutation%20%7B%20tick%20%7D")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}
    assert world.count == 0


@pytest.mark.parametrize("announced", [True, False])
async def test_a_large_body(http: httpx2.AsyncClient, world: World, announced: bool) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        yield b'{"query": "mutation { tick }", "variables": {"x": "'
        for _ in range(size // 1000):
            yield b"x" * 1000
        yield b'"}}'

    async def post(size: int) -> httpx2.Response:
        content: Any = b"".join([chunk async for chunk in chunks(size)]) if announced else chunks(size)
        return await http.post("/graphql", content=content, headers=JSON)

    answer = await post(10_000_000)
    assert answer.status_code == 413
    error = {"message": "The request's body is too large.", "extensions": {"code": "PAYLOAD_TOO_LARGE"}}
    assert answer.json() == {"errors": [error]}
    assert world.count == 0
    assert (await post(1_000_000)).json() == {"data": {"tick": 1}}


async def test_the_media_type_that_a_client_asks_for(http: httpx2.AsyncClient) -> None:
    headers = {"Accept": "application/graphql-response+json, application/json;q=0.9"}
    kind = "application/graphql-response+json; charset=utf-8"
    good = await http.post("/graphql", json={"query": "{ hello missing }"}, headers=headers)
    assert (good.status_code, good.headers["content-type"]) == (200, kind)
    bad = await http.post("/graphql", json={"query": "{ nothing }"}, headers=headers)
    assert (bad.status_code, bad.headers["content-type"]) == (400, kind)


async def test_what_is_sent_is_valid_utf8(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/graphql", content=orjson.dumps({"query": '{ hello(to: "☃ \\u00fc") }'}), headers=JSON)
    assert answer.json() == {"data": {"hello": "hello ☃ ü from alice"}}


async def test_a_large_body_is_refused_in_the_same_form_by_the_portal(world_portal: httpx2.AsyncClient) -> None:
    answer = await world_portal.post("/graphql", content=b"x" * 10_000_000, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"] == {"code": "PAYLOAD_TOO_LARGE"}


@pytest.fixture
async def world_portal(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """LiteMaaS itself, with its middleware."""
    app = create_portal(sandbox_settings(database_url), run_jobs=False)
    async with app.router.lifespan_context(app), browser(app) as client:
        yield client


async def test_another_site_can_open_no_socket_and_send_no_mutation(database_url: str) -> None:
    app = create_portal(sandbox_settings(database_url), run_jobs=False)
    async with app.router.lifespan_context(app), served(app) as port:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with client(port, origin="http://evil.example"):
                pass
        assert refused.value.response.status_code == 403
        async with client(port, origin=ORIGIN, user=None) as nobody:
            await nobody.subscribe("1", "{ viewer { user { id } } }")
            assert (await nobody.receive())["payload"]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
