"""A LiteLLM key as bearer: it sees itself, and nothing of its owner's."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from gateway.db import Database
from gateway.keys import KeyService
from schema.relay import split_id
from tests.api.conftest import World
from tests.api.test_access_tokens import refused, run
from tests.api.test_first_call import call, model_id, subscribed_key, today
from tests.api.test_keys import BLOCK, ROTATE, wait_for_calls
from tests.documents import CREATE, REVOKE, SUBSCRIBE
from tests.graphql import Client

ITSELF = """query($r: TimeRange!) { viewer {
  apiKey { id name status maxBudget budgetDuration rpmLimit spend models { name mySubscription { id } } user { username }
    generations { number status } calls(first: 10) { totalCount } }
  models { name }
  usage(range: $r) { totals { requests spend } byApiKey { key label } byModel { label } series(interval: DAY) { totals { requests } } }
  budget { maxBudget spend remaining budgetDuration resetsAt } } }"""


async def key_with(client: Client, models: list[str], **limits: Any) -> dict[str, Any]:
    ids = [await model_id(client, name) for name in models]
    for each in ids:
        await client.post(SUBSCRIBE, {"m": each})
    made = await client.execute(CREATE, {"input": {"name": "own", "modelIds": ids, **limits}})
    assert made["createApiKey"]["__typename"] == "CreateApiKeySuccess", made
    return dict(made["createApiKey"])


async def test_a_key_sees_its_own_usage_limits_and_what_is_left(world: World) -> None:
    other = await key_with(world.alice, ["gpt-5-mini", "text-embedding-3-small"])
    made = await key_with(world.alice, ["gpt-5-mini"], maxBudget="5", budgetDuration="1mo", rpmLimit=60)
    key = world.portal.bearer(made["secret"])
    answered = await call(world, made["secret"])
    for _ in range(2):
        assert (await call(world, other["secret"])).status_code == 200
    await wait_for_calls(world.alice, made["apiKey"]["id"], 1)
    await wait_for_calls(world.alice, other["apiKey"]["id"], 2)
    cost = Decimal(answered.headers["x-litellm-response-cost"])
    viewer = (await key.execute(ITSELF, {"r": today()}))["viewer"]
    assert Decimal(viewer["apiKey"].pop("spend")) == cost
    assert viewer["apiKey"] == {
        "id": made["apiKey"]["id"],
        "name": "own",
        "status": "ACTIVE",
        "maxBudget": "5",
        "budgetDuration": "1mo",
        "rpmLimit": 60,
        "models": [{"name": "gpt-5-mini", "mySubscription": None}],
        "user": None,
        "generations": [{"number": 1, "status": "ACTIVE"}],
        "calls": {"totalCount": 1},
    }
    assert viewer["models"] == [{"name": "gpt-5-mini"}]
    assert viewer["usage"]["totals"]["requests"] == 1
    assert Decimal(viewer["usage"]["totals"]["spend"]) == cost
    assert viewer["usage"]["byApiKey"] == [{"key": made["apiKey"]["id"], "label": "own"}]
    assert sum(point["totals"]["requests"] for point in viewer["usage"]["series"]) == 1
    budget = viewer["budget"]
    assert (Decimal(budget["maxBudget"]), Decimal(budget["spend"]), budget["budgetDuration"]) == (5, cost, "1mo")
    assert Decimal(budget["remaining"]) == 5 - cost
    now = datetime.now(UTC)
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(budget["resetsAt"]) == (first + timedelta(days=32)).replace(day=1)


async def test_a_budget_without_a_window_is_for_the_key_s_life(world: World) -> None:
    made = await key_with(world.alice, ["gpt-5-mini"], maxBudget="0.0000001")
    key = world.portal.bearer(made["secret"])
    query = "{ viewer { budget { maxBudget spend remaining budgetDuration resetsAt } } }"
    unspent = {
        "maxBudget": "0.0000001",
        "spend": "0",
        "remaining": "0.0000001",
        "budgetDuration": None,
        "resetsAt": None,
    }
    assert (await key.execute(query))["viewer"]["budget"] == unspent
    answered = await call(world, made["secret"])
    await wait_for_calls(world.alice, made["apiKey"]["id"], 1)
    spent = (await key.execute(query))["viewer"]["budget"]
    assert Decimal(spent["spend"]) == Decimal(answered.headers["x-litellm-response-cost"])
    assert Decimal(spent["remaining"]) == 0, "a call that passes the line is booked after its end"
    assert await world.alice.refused(query) == {"code": "NOT_AVAILABLE"}


async def test_a_filter_does_not_lead_to_others_usage(world: World) -> None:
    made, other = await subscribed_key(world.alice), await key_with(world.alice, ["gpt-5-mini"])
    assert (await call(world, other["secret"])).status_code == 200
    await wait_for_calls(world.alice, other["apiKey"]["id"], 1)
    key = world.portal.bearer(made["secret"])
    me = (await world.alice.execute("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
    query = """query($r: TimeRange!, $f: UsageFilter) { viewer { usage(range: $r, filter: $f) {
      totals { requests } byModel { label } byApiKey { label } } } }"""
    for wanted in ({}, {"apiKeyIds": [other["apiKey"]["id"]]}, {"userIds": [me]}, {"apiKeyIds": []}):
        usage = (await key.execute(query, {"r": today(), "f": wanted}))["viewer"]["usage"]
        assert usage == {"totals": {"requests": 0}, "byModel": [], "byApiKey": []}


async def test_a_key_finds_nothing_by_id_but_itself_and_its_models(world: World) -> None:
    made, other = await subscribed_key(world.alice), await key_with(world.alice, ["text-embedding-3-small"])
    key = world.portal.bearer(made["secret"])
    own_model, other_model = [await model_id(world.alice, each) for each in ("gpt-5-mini", "text-embedding-3-small")]
    hidden = {
        "its owner": (await world.alice.execute("{ viewer { user { id } } }"))["viewer"]["user"]["id"],
        "another key": other["apiKey"]["id"],
        "a model that it does not hold": other_model,
        "its owner's subscription": await a_subscription_of(world.alice),
    }
    for node_id in hidden.values():
        query = "query($i: ID!) { node(id: $i) { id } }"
        assert (await world.alice.execute(query, {"i": node_id}))["node"] == {"id": node_id}
        assert (await key.execute(query, {"i": node_id}))["node"] is None
    for node_id in (made["apiKey"]["id"], own_model):
        assert (await key.execute(query, {"i": node_id}))["node"] == {"id": node_id}
    # The key's own id is in its actor where a person's id is: it opens nothing.
    disguised = base64.b64encode(f"User:{split_id(made['apiKey']['id'])[1]}".encode()).decode()
    assert (await key.execute(query, {"i": disguised}))["node"] is None


async def a_subscription_of(client: Client) -> str:
    found = await client.execute("{ viewer { modelSubscriptions(first: 1) { edges { node { id } } } } }")
    return str(found["viewer"]["modelSubscriptions"]["edges"][0]["node"]["id"])


@pytest.mark.parametrize(
    "asked",
    [
        "viewer { user { username } }",
        "viewer { apiKeys(first: 1) { totalCount } }",
        "viewer { modelSubscriptions(first: 1) { totalCount } }",
        "viewer { notifications(first: 1) { totalCount } }",
        "viewer { sessions(first: 1) { totalCount } }",
        "viewer { accessTokens(first: 1) { totalCount } }",
        "viewer { keyPolicy { maxKeys } }",
        "models(first: 1) { totalCount }",
        "modelFacets { __typename }",
        "admin { auditLog(first: 1) { totalCount } }",
    ],
)
async def test_all_else_is_refused(world: World, asked: str) -> None:
    key = world.portal.bearer((await subscribed_key(world.alice))["secret"])
    answer = await key.post(f"{{ {asked} }}")
    assert answer["errors"][0]["message"] == "An LLM key may ask about itself only."
    assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_it_hears_of_its_own_calls_alone(world: World) -> None:
    made, other = await subscribed_key(world.alice), await key_with(world.alice, ["gpt-5-mini"])
    key = world.portal.bearer(made["secret"])
    used = "subscription($k: ID!) { apiKeyUsed(apiKeyId: $k) { model } }"
    async with key.subscribe(used, {"k": other["apiKey"]["id"]}) as refusals:
        (refusal,) = await anext(refusals)
        assert refusal["extensions"]["code"] == "NOT_FOUND"
    live = "subscription { usageChanged { totals { requests } usage { byApiKey { key } } } }"
    async with key.subscribe(live) as ticks:
        first = (await anext(ticks))["data"]["usageChanged"]
        assert first == {"totals": {"requests": 0}, "usage": {"byApiKey": []}}
        assert (await call(world, other["secret"])).status_code == 200
        await wait_for_calls(world.alice, other["apiKey"]["id"], 1)
        following = asyncio.ensure_future(anext(ticks))
        await asyncio.sleep(0.5)
        assert not following.done(), "not even the moment of another key's call is told"
        assert (await call(world, made["secret"])).status_code == 200
        tick = (await following)["data"]["usageChanged"]
        assert tick == {"totals": {"requests": 1}, "usage": {"byApiKey": [{"key": made["apiKey"]["id"]}]}}


async def test_a_key_on_hold_may_read_why(world: World) -> None:
    made = await subscribed_key(world.alice)
    await world.alice.execute(BLOCK, {"k": made["apiKey"]["id"]})
    key = world.portal.bearer(made["secret"])
    assert (await key.execute("{ viewer { apiKey { status } } }"))["viewer"]["apiKey"] == {"status": "BLOCKED"}


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE api_key SET status = 'EXPIRED'",
        "UPDATE api_key SET status = 'FAILED'",
        "UPDATE api_key SET status = 'PROVISIONING'",
        "UPDATE api_key SET expires_at = now()",
        "UPDATE api_key_generation SET ended_at = now()",
        "UPDATE api_key_generation SET ends_at = now()",
        "UPDATE app_user SET disabled_at = now() WHERE username = 'alice'",
    ],
)
async def test_a_key_that_is_over_says_nothing(world: World, end: str) -> None:
    key = world.portal.bearer((await subscribed_key(world.alice))["secret"])
    await key.execute("{ viewer { apiKey { status } } }")
    await run(world, end)
    await refused(key)


async def test_a_revoked_key_says_nothing(world: World) -> None:
    made = await subscribed_key(world.alice)
    await world.alice.execute(REVOKE, {"k": made["apiKey"]["id"]})
    await refused(world.portal.bearer(made["secret"]))


async def test_both_secrets_speak_while_a_key_rotates_and_the_old_one_stops(world: World) -> None:
    made = await subscribed_key(world.alice)
    rotated = await world.alice.execute(ROTATE, {"k": made["apiKey"]["id"], "o": 3600})
    old, new = world.portal.bearer(made["secret"]), world.portal.bearer(rotated["rotateApiKey"]["secret"])
    for key in (old, new):
        found = (await key.execute("{ viewer { apiKey { id status } } }"))["viewer"]["apiKey"]
        assert found == {"id": made["apiKey"]["id"], "status": "ROTATING"}
    await run(world, "UPDATE api_key_generation SET ends_at = now() WHERE number = 1")
    await refused(old)
    await new.execute("{ viewer { apiKey { id } } }")


async def test_who_is_asking_is_one_query_by_an_index(world: World) -> None:
    made = await subscribed_key(world.alice)
    asked: list[str] = []
    db = Database(world.portal.services.db.url, pool_size=1)
    connection = await db.engine.raw_connection()
    connection.driver_connection.add_query_logger(lambda record: asked.append(record.query))
    connection.close()
    actor = await KeyService(db, world.portal.services.litellm).key_actor(made["secret"])
    await asyncio.sleep(0.01)  # the driver logs a moment later
    assert actor is not None
    assert (len(asked), actor.username) == (1, f"key {made['secret'][:10]}…{made['secret'][-4:]}")
    async with db.read() as session:
        await session.execute(text("SET enable_seqscan = off"))
        plan = "\n".join(await session.scalars(text("EXPLAIN " + asked[0].replace("$1", "'x'"))))
    assert "uq_api_key_generation_token_hash" in plan
    await db.close()
