"""Lists of keys: found, sorted and narrowed down, and at the same cost for three and for thirty, without a word to LiteLLM."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from schema.relay import split_id
from tests.api.conftest import World
from tests.api.test_first_call import CREATE, SUBSCRIBE, call, model_id, subscribed_key
from tests.api.test_keys import wait_for_calls
from tests.graphql import Client

KEYS = """query($f: Int = 100, $a: String, $s: [ApiKeyStatus!], $q: String, $m: ID, $d: Boolean, $n: Int, $o: ApiKeyOrder) {
  viewer { apiKeys(first: $f, after: $a, status: $s, search: $q, modelId: $m, drifted: $d, unusedDays: $n, orderBy: $o) {
    totalCount pageInfo { endCursor hasNextPage } edges { node { name lastUsedAt } } } } }"""
EVERYBODYS = (
    KEYS.replace("viewer", "admin").replace("$q: String", "$q: String, $u: ID").replace("(first", "(userId: $u, first")
)
ROW = """name status inSync spend lastUsedAt drift { field } user { username } models { name }
  generations { number status requestsLastDay lastUsedAt }
  calls(first: 2) { totalCount edges { node { model success at } } }"""
PAGES = {
    "viewer": 'viewer { apiKeys(first: 100, orderBy: LAST_USED, search: "k")',
    "admin": 'admin { apiKeys(first: 100, orderBy: NAME, drifted: false, search: "alice")',
}


async def make(client: Client, name: str, model: str = "gpt-5-mini", **fields: Any) -> dict[str, Any]:
    found = await model_id(client, model)
    await client.execute(SUBSCRIBE, {"m": found})
    wanted = {"name": name, "modelIds": [found], **fields}
    return dict((await client.execute(CREATE, {"input": wanted}))["createApiKey"])


async def names(client: Client, query: str = KEYS, **variables: Any) -> list[str]:
    ((_, found),) = (await client.execute(query, variables)).items()
    listed = [edge["node"]["name"] for edge in found["apiKeys"]["edges"]]
    assert found["apiKeys"]["totalCount"] == len(listed)
    return listed


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Statements and requests to LiteLLM."""
    services, seen = world.portal.services, list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    async def sent(request: Any) -> None:
        seen.append(f"LiteLLM {request.url.path}")

    event.listen(services.db.engine.sync_engine, "before_cursor_execute", note)
    services.litellm._client.event_hooks = {"request": [sent]}
    try:
        yield seen
    finally:
        services.litellm._client.event_hooks = {}
        event.remove(services.db.engine.sync_engine, "before_cursor_execute", note)


async def test_found_by_name_by_the_ends_of_the_secret_and_by_model(world: World) -> None:
    first = await make(world.alice, "Build server")
    await make(world.alice, "laptop 100%", "codestral")
    await make(world.bob, "build, bob's")
    assert await names(world.alice) == ["laptop 100%", "Build server"]
    assert await names(world.alice, q="SERVER build") == ["Build server"]
    assert await names(world.alice, q="0%") == ["laptop 100%"]
    assert await names(world.alice, q="bob") == []
    for end in (first["apiKey"]["prefix"], first["apiKey"]["lastFour"]):
        assert await names(world.alice, q=end) == ["Build server"]
    assert await names(world.alice, q="sk-lm") == []
    assert await names(world.alice, m=await model_id(world.alice, "codestral")) == ["laptop 100%"]
    assert await names(world.alice, s=["REVOKED"]) == []
    assert (await world.alice.refused(KEYS, {"q": "x" * 201}))["field"] == "search"


async def test_sorted_by_name_by_expiry_and_by_use_over_pages(world: World) -> None:
    soon, later = [(datetime.now(UTC) + timedelta(days=days)).isoformat() for days in (3, 30)]
    made = {
        "b": await make(world.alice, "b", expiresAt=later),
        "A": await make(world.alice, "A"),
        "c": await make(world.alice, "c", expiresAt=soon),
    }
    assert await names(world.alice, o="NAME") == ["A", "b", "c"]
    assert await names(world.alice, o="EXPIRES_SOONEST") == ["c", "b", "A"]
    assert await names(world.alice, o="NEWEST") == ["c", "A", "b"]
    for name in ("A", "b"):
        assert (await call(world, made[name]["secret"])).status_code == 200
        await wait_for_calls(world.alice, made[name]["apiKey"]["id"], 1)
    assert await names(world.alice, o="LAST_USED") == ["b", "A", "c"]
    # Used again: the ledger knows within seconds, and so does the list.
    assert (await call(world, made["A"]["secret"])).status_code == 200
    await wait_for_calls(world.alice, made["A"]["apiKey"]["id"], 2)
    for order, expected in (("LAST_USED", ["A", "b", "c"]), ("EXPIRES_SOONEST", ["c", "b", "A"])):
        after, seen = None, []
        for _ in expected:
            page = (await world.alice.execute(KEYS, {"f": 1, "a": after, "o": order}))["viewer"]["apiKeys"]
            seen += [edge["node"]["name"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
        assert (seen, page["pageInfo"]["hasNextPage"]) == (expected, False)
        assert (await world.alice.refused(KEYS, {"f": 1, "a": after, "o": "NAME"}))["field"] == "after"
    used = (await world.alice.execute(KEYS, {"o": "LAST_USED"}))["viewer"]["apiKeys"]["edges"]
    assert [edge["node"]["lastUsedAt"] is not None for edge in used] == [True, True, False]


async def test_admins_find_them_by_owner_by_drift_and_by_use(world: World) -> None:
    mine, his = await make(world.alice, "one"), await make(world.bob, "two")
    alice = (await world.alice.execute("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
    assert await names(world.ada, EVERYBODYS) == ["two", "one"]
    assert await names(world.audrey, EVERYBODYS, u=alice) == ["one"]
    assert await names(world.ada, EVERYBODYS, q="bob") == ["two"]
    async with world.portal.services.db.write() as session:
        of = {"k": split_id(his["apiKey"]["id"])[1]}
        drift = """UPDATE api_key_generation SET drift = '{"rpm_limit": 5}' WHERE api_key_id = :k"""
        await session.execute(text(drift), of)
        await session.execute(text("UPDATE api_key SET created_at = created_at - interval '40 d'"))
    assert await names(world.ada, EVERYBODYS, d=True) == ["two"]
    assert await names(world.ada, EVERYBODYS, d=False) == ["one"]
    assert await names(world.bob, d=True) == ["two"]
    assert (await call(world, mine["secret"])).status_code == 200
    await wait_for_calls(world.alice, mine["apiKey"]["id"], 1)
    assert await names(world.ada, EVERYBODYS, n=30) == ["two"]
    assert await names(world.ada, EVERYBODYS, n=30, u=alice) == []
    assert await names(world.ada, EVERYBODYS, o="LAST_USED") == ["one", "two"]
    assert (await world.bob.refused(EVERYBODYS))["code"] == "FORBIDDEN"


@pytest.mark.parametrize("path", ["viewer", "admin"])
async def test_a_list_costs_the_same_for_three_and_for_thirty_and_litellm_is_not_asked(world: World, path: str) -> None:
    asking = world.alice if path == "viewer" else world.audrey
    made = await subscribed_key(world.alice)
    assert (await call(world, made["secret"])).status_code == 200
    await wait_for_calls(world.alice, made["apiKey"]["id"], 1)
    model = await model_id(world.alice, "gpt-5-mini")
    costs = []
    for more in (2, 27):
        for _ in range(more):
            await world.alice.execute(CREATE, {"input": {"name": "k, another", "modelIds": [model]}})
        with counted(world) as seen:
            edges = (await asking.execute(f"{{ {PAGES[path]} {{ edges {{ node {{ {ROW} }} }} }} }} }}"))[path][
                "apiKeys"
            ]["edges"]
        costs.append((len(edges), len(seen)))
        calls = {edge["node"]["name"]: edge["node"]["calls"] for edge in edges}
        assert calls["k, another"] == {"totalCount": 0, "edges": []}
    assert [count for count, _ in costs] == ([2, 29] if path == "viewer" else [3, 30])
    assert costs[0][1] == costs[1][1]
    assert not [each for each in seen if each.startswith("LiteLLM")]


async def test_calls_are_paged_for_each_key(world: World) -> None:
    made = [await make(world.alice, name) for name in ("one", "two")]
    for _ in range(3):
        await call(world, made[0]["secret"])
    await call(world, made[1]["secret"], prompt="second")
    await wait_for_calls(world.alice, made[0]["apiKey"]["id"], 3)
    await wait_for_calls(world.alice, made[1]["apiKey"]["id"], 1)
    query = """query($a: String) { viewer { apiKeys(first: 9, orderBy: NAME) { edges { node {
      calls(first: 2, after: $a) { totalCount pageInfo { hasNextPage endCursor } edges { node { at } } } } } } } }"""

    async def pages(after: str | None) -> list[dict[str, Any]]:
        edges = (await world.alice.execute(query, {"a": after}))["viewer"]["apiKeys"]["edges"]
        return [edge["node"]["calls"] for edge in edges]

    one, two = await pages(None)
    assert [(each["totalCount"], len(each["edges"])) for each in (one, two)] == [(3, 2), (1, 1)]
    assert (one["pageInfo"]["hasNextPage"], two["pageInfo"]["hasNextPage"]) == (True, False)
    rest, _ = await pages(one["pageInfo"]["endCursor"])
    seen = [edge["node"]["at"] for edge in (*one["edges"], *rest["edges"])]
    assert (len(seen), sorted(seen, reverse=True)) == (3, seen)
