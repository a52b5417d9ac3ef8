"""Whatever is wrong with a request, the answer says so with a code and, where there is one, the field; and nothing is written."""

import base64
import json
from typing import Any

import pytest
from sqlalchemy import text

from gateway.litellm import LiteLLM
from tests.api.conftest import World
from tests.api.test_first_call import model_id
from tests.documents import CREATE, REVOKE, SUBSCRIBE

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def world(shared_world: World) -> World:
    return shared_world


MODELS = "query($first: Int!, $after: String, $f: ModelFilter) { models(first: $first, after: $after, filter: $f) { edges { cursor } } }"


def an_id(kind: str) -> str:
    """Well-formed, and of nothing."""
    return base64.b64encode(f"{kind}:00000000-0000-4000-8000-000000000000".encode()).decode()


async def counts(world: World) -> tuple[int, ...]:
    """Rows in what people can write to, and of the record those of what was done."""
    tables = ["model_subscription", "api_key", "api_key_generation", "usage_event", "usage_hourly"]
    tables.append("audit_entry WHERE outcome = 'DONE'")
    async with world.portal.services.db.read() as session:
        return tuple([await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables])


@pytest.mark.parametrize("node_id", ["", "nonsense", "TW9kZWw=", an_id("Model")[:-3], "é" * 10, "A" * 10_000])
async def test_malformed_ids(world: World, node_id: str) -> None:
    before = await counts(world)
    assert await world.alice.refused("query($i: ID!) { node(id: $i) { id } }", {"i": node_id}) == {
        "code": "INVALID_INPUT",
        "field": "id",
    }
    assert (await world.alice.execute(SUBSCRIBE, {"m": node_id}))["requestModelSubscription"]["field"] == "modelId"
    made = (await world.alice.execute(CREATE, {"input": {"name": "k", "modelIds": [node_id]}}))["createApiKey"]
    assert (made["__typename"], made["field"]) == ("InvalidInput", "modelIds")
    revoked = (await world.alice.execute(REVOKE, {"k": node_id}))["revokeApiKey"]
    assert (revoked["__typename"], revoked["field"]) == ("InvalidInput", "apiKeyId")
    assert await counts(world) == before


async def test_ids_of_nothing_and_of_something_else(world: World) -> None:
    before = await counts(world)
    for kind in ("Model", "ModelSubscription", "ApiKey", "User", "Team", "Usage"):
        assert (await world.alice.execute("query($i: ID!) { node(id: $i) { id } }", {"i": an_id(kind)}))["node"] is None
    assert (await world.alice.refused(SUBSCRIBE, {"m": an_id("Model")}))["code"] == "NOT_FOUND"
    assert (await world.alice.refused(REVOKE, {"k": an_id("ApiKey")}))["code"] == "NOT_FOUND"
    made = (await world.alice.execute(CREATE, {"input": {"name": "k", "modelIds": [an_id("User")]}}))["createApiKey"]
    assert made == {
        "__typename": "InvalidInput",
        "field": "modelIds",
        "message": "modelIds must be the id of a Model, not of a User.",
    }
    assert await counts(world) == before


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_pages_of_other_sizes(world: World, first: int) -> None:
    assert await world.alice.refused(MODELS, {"first": first}) == {"code": "INVALID_INPUT", "field": "first"}
    for listing in ("apiKeys", "modelSubscriptions"):
        query = f"query($first: Int!) {{ viewer {{ {listing}(first: $first) {{ totalCount }} }} }}"
        assert await world.alice.refused(query, {"first": first}) == {"code": "INVALID_INPUT", "field": "first"}


async def test_cursors_of_other_lists(world: World) -> None:
    edges = (await world.alice.execute(MODELS, {"first": 1}))["models"]["edges"]
    query = "query($after: String) { viewer { apiKeys(first: 1, after: $after) { totalCount } } }"
    for after in (edges[0]["cursor"], "nonsense", ""):
        assert await world.alice.refused(query, {"after": after}) == {"code": "INVALID_INPUT", "field": "after"}


async def test_oversized_and_odd_filters(world: World) -> None:
    for search in ("x" * 10_000, "x" * 201):
        extensions = await world.alice.refused(MODELS, {"first": 1, "f": {"search": search}})
        assert extensions == {"code": "INVALID_INPUT", "field": "filter.search"}
    assert (await world.alice.refused(MODELS, {"first": 1, "f": {"search": "a\x00b"}}))["code"] == "INVALID_INPUT"
    for search in ("%", "_", "\\", "'; DROP TABLE model; --", "🙂", "‮"):
        assert "models" in await world.alice.execute(MODELS, {"first": 1, "f": {"search": search}})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 300}, "name"),
        ({"modelIds": []}, "modelIds"),
        ({"maxBudget": "-1"}, "maxBudget"),
        ({"budgetDuration": "soon"}, "budgetDuration"),
        ({"rpmLimit": 0}, "rpmLimit"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
    ],
)
async def test_keys_by_field(world: World, change: dict[str, Any], field: str) -> None:
    model = await model_id(world.alice, "gpt-5-mini")
    await world.alice.execute(SUBSCRIBE, {"m": model})
    before = await counts(world)
    made = (await world.alice.execute(CREATE, {"input": {"name": "k", "modelIds": [model]} | change}))["createApiKey"]
    assert (made["__typename"], made["field"]) == ("InvalidInput", field)
    assert await counts(world) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"maxBudget": "lots"}, "Decimal must be"),
        ({"maxBudget": True}, "Decimal must be"),
        ({"maxBudget": "1e999999"}, "out of range"),
        ({"expiresAt": "tomorrow"}, "DateTime must be ISO 8601"),
        ({"expiresAt": "2030-01-01T00:00:00"}, "DateTime must have a time zone"),
        ({"rpmLimit": 2**40}, "Int cannot represent"),
        ({"whatIsThis": 1}, "whatIsThis"),
    ],
)
async def test_values_that_are_none(world: World, change: dict[str, Any], words: str) -> None:
    before = await counts(world)
    answer = await world.alice.post(CREATE, {"input": {"name": "k", "modelIds": [an_id("Model")]} | change})
    (error,) = answer["errors"]
    assert words in error["message"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": f"input.{next(iter(change))}"}
    assert await counts(world) == before


async def test_ranges(world: World) -> None:
    query = """query($r: TimeRange!, $f: UsageFilter, $i: Interval!) {
      viewer { usage(range: $r, filter: $f) { totals { requests } series(interval: $i) { start } } }
    }"""
    later, earlier = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"

    async def field(**changes: Any) -> str | None:
        variables = {"r": {"start": earlier, "end": later}, "i": "HOUR"} | changes
        extensions = await world.alice.refused(query, variables)
        assert extensions["code"] in ("INVALID_INPUT", "NOT_AVAILABLE")
        return extensions.get("field")

    assert await field(r={"start": later, "end": earlier}) == "range.start"
    assert await field(r={"start": earlier, "end": earlier}) == "range.start"
    assert await field(r={"start": "2020-01-01T00:00:00Z", "end": later}) == "range.start"
    assert await field(r={"start": "2025-06-01T00:00:00Z", "end": later}) == "interval"
    assert await field(f={"modelIds": ["nonsense"]}) == "filter.modelIds"
    assert await field(f={"apiKeyIds": [an_id("ApiKey")] * 101}) == "filter.apiKeyIds"
    assert await field(f={"teamIds": [an_id("Team")]}) is None


@pytest.mark.parametrize("who", ["alice", "nobody"])
async def test_bodies(world: World, who: str) -> None:
    http = getattr(world, who).http
    for content, status, code in (
        (b"x" * 10_000_000, 413, "PAYLOAD_TOO_LARGE"),
        (b"{", 400, "BAD_REQUEST"),
        (b"", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b'"query"', 400, "BAD_REQUEST"),
        (b'{"query": 1}', 400, "BAD_REQUEST"),
        (b'{"variables": {}}', 400, "BAD_REQUEST"),
        (b'{"query": "{ portal { version } }", "variables": []}', 400, "BAD_REQUEST"),
        (b"\xff\xfe", 400, "BAD_REQUEST"),
    ):
        response = await http.post("/graphql", content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == status, (content[:40], response.text)
        assert code in response.text
    as_form = await http.post("/graphql", data={"query": "{ portal { version } }"})
    assert as_form.status_code == 415
    assert (await http.get("/graphql", params={"query": "{ portal { version } }"})).status_code in (400, 405)


async def test_documents(world: World) -> None:
    for query, code in (
        ("sha256:" + "0" * 64, "DOCUMENT_NOT_FOUND"),
        ("sha256:", "DOCUMENT_NOT_FOUND"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ portal {", "GRAPHQL_PARSE_FAILED"),
    ):
        answer = await world.alice.post(query)
        assert answer["errors"][0]["extensions"]["code"] == code, answer
        assert answer.get("data") is None


async def test_unsigned_webhooks(world: World) -> None:
    before = await counts(world)
    event = json.dumps([{"litellm_call_id": "x", "status": "success", "startTime": 1, "endTime": 2}])
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"X-Callback-Secret": ""},
        {"Authorization": "callback-5519-4471-x"},
    ):
        response = await world.nobody.http.post("/webhooks/litellm", content=event, headers=headers)
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "UNAUTHENTICATED"
    signed = {"Authorization": "Bearer callback-5519-4471-x"}
    assert (await world.nobody.http.post("/webhooks/litellm", content=b"[{", headers=signed)).status_code == 400
    assert await counts(world) == before


READS = [
    "{ viewer { user { id } } }",
    "{ models(first: 1) { totalCount } }",
    "{ modelFacets { modes { value } } }",
    "{ admin { users(first: 1) { totalCount } } }",
    "query { node(id: ID) { id } }".replace("ID", json.dumps(an_id("Model"))),
]


@pytest.mark.parametrize("query", READS)
async def test_nobody_reads_nothing(world: World, query: str) -> None:
    assert (await world.nobody.refused(query))["code"] == "UNAUTHENTICATED"


async def test_anybody_may_know_where_to_sign_in(world: World) -> None:
    data = await world.nobody.execute(
        "{ portal { llmBaseUrl signIn { provider sandboxUsers { username role } } liteLLM { reachable } } }"
    )
    assert data["portal"]["signIn"]["provider"] == "SANDBOX"
    assert [user["username"] for user in data["portal"]["signIn"]["sandboxUsers"]] == ["alice", "bob", "ada", "audrey"]


async def test_roles(world: World) -> None:
    everything = """{
      admin {
        modelSubscriptions(first: 1) { totalCount }
        apiKeys(first: 1) { totalCount }
        users(first: 10) { totalCount }
        auditLog(first: 1) { totalCount }
        usage(range: {start: "2026-01-01T00:00:00Z", end: "2026-01-02T00:00:00Z"}) { totals { requests } }
      }
    }"""
    for client in (world.alice, world.bob):
        assert (await client.refused(everything))["code"] == "FORBIDDEN"
    for client in (world.ada, world.audrey):
        assert (await client.execute(everything))["admin"]["users"]["totalCount"] == 4
    model = await model_id(world.audrey, "gpt-5-mini")
    assert (await world.audrey.refused(SUBSCRIBE, {"m": model}))["code"] == "FORBIDDEN"
    assert (await world.audrey.refused(CREATE, {"input": {"name": "k", "modelIds": [model]}}))["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { teams(first: 1) { totalCount } } }",
        "{ viewer { budget { spend } } }",
    ],
)
async def test_what_is_not_there_yet_says_so(world: World, query: str) -> None:
    assert (await world.alice.refused(query))["code"] == "NOT_AVAILABLE"


@pytest.mark.parametrize(
    "query",
    [
        'mutation { cancelModelSubscription(input: {subscriptionId: "x"}) { __typename ... on InvalidInput { field } } }',
        'mutation { cancelQuotaChange(input: {quotaChangeId: "x"}) { __typename ... on InvalidInput { field } } }',
        'mutation { suspendModelSubscription(input: {subscriptionId: "x", reason: "no"}) { __typename ... on InvalidInput { field } } }',
        'mutation { setModelAccess(input: {modelId: "x", access: OPEN}) { __typename ... on InvalidInput { field } } }',
    ],
)
async def test_an_id_that_is_none_names_its_field(world: World, query: str) -> None:
    (answer,) = (await world.ada.execute(query)).values()
    assert answer["__typename"] == "InvalidInput"
    assert answer["field"] in query


async def test_litellm_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes on, a secret that nobody would have is refused."""
    services, alice = world.portal.services, await world.portal.sign_in("bob")
    dead = LiteLLM("http://127.0.0.1:9", "sk-test-master-key")
    for service in (services.catalog, services.keys, services.system):
        monkeypatch.setitem(vars(service), "_litellm", dead)
    await services.system.check_litellm()
    model = await model_id(alice, "gpt-5-mini")
    await alice.execute(SUBSCRIBE, {"m": model})
    assert (await alice.refused(CREATE, {"input": {"name": "k", "modelIds": [model]}}))[
        "code"
    ] == "UPSTREAM_UNAVAILABLE"
    keys = "{ viewer { apiKeys(first: 10) { edges { node { name status inSync } } } } }"
    assert (await alice.execute(keys))["viewer"]["apiKeys"]["edges"] == [
        {"node": {"name": "k", "status": "FAILED", "inSync": False}}
    ]
    assert (await alice.execute("{ portal { liteLLM { reachable } } }"))["portal"]["liteLLM"]["reachable"] is False


async def test_unexpected_errors_are_masked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def burst(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(world.portal.services.catalog, "facets", burst)
    answer = await world.alice.post("{ modelFacets { modes { value } } }")
    (error,) = answer["errors"]
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["requestId"]
    assert "hunter2" not in json.dumps(answer)


async def test_live_usage_refuses_as_queries_do(world: World) -> None:
    for query, code in (
        (
            'subscription { usageChanged(range: {start: "2026-01-02T00:00:00Z", end: "2026-01-01T00:00:00Z"}) { asOf } }',
            "INVALID_INPUT",
        ),
        ('subscription { apiKeyUsed(apiKeyId: "ID") { at } }'.replace("ID", an_id("ApiKey")), "NOT_FOUND"),
        ('subscription { apiKeyUsed(apiKeyId: "x") { at } }', "INVALID_INPUT"),
    ):
        async with world.alice.subscribe(query) as payloads:
            payload: Any = await anext(payloads)
            errors = payload if isinstance(payload, list) else payload["errors"]
            assert errors[0]["extensions"]["code"] == code
    async with world.nobody.subscribe("subscription { usageChanged { asOf } }") as payloads:
        payload = await anext(payloads)
        errors = payload if isinstance(payload, list) else payload["errors"]
        assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
