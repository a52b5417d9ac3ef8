"""Keys through the API: changing, rotating, reporting a leak, and what each page of them costs."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from gateway.litellm import KeyChanges, hash_secret
from schema.relay import split_id
from tests.api.conftest import World
from tests.api.test_first_call import CREATE, call, model_id, subscribed_key
from tests.graphql import Client

UPDATE = """mutation($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { __typename
  ... on UpdateApiKeySuccess { apiKey { name status inSync maxBudget rpmLimit tpmLimit maxParallelRequests expiresAt models { name } } }
  ... on NotSubscribed { models { name } } ... on InvalidTransition { status } ... on InvalidInput { message field } } }"""
BLOCK = """mutation($k: ID!) { blockApiKey(input: {apiKeyId: $k}) { __typename
  ... on BlockApiKeySuccess { apiKey { status inSync } } ... on InvalidTransition { status } } }"""
UNBLOCK = """mutation($k: ID!) { unblockApiKey(input: {apiKeyId: $k}) { __typename
  ... on UnblockApiKeySuccess { apiKey { status inSync } } ... on InvalidTransition { status } } }"""
SECRETS = """
fragment Secrets on ApiKey {
  id status inSync prefix lastFour generations { number prefix lastFour status endsAt requestsLastDay lastUsedAt }
}"""
SHOWN = "query($k: ID!) { node(id: $k) { ...Secrets } }" + SECRETS
ROTATE = (
    """mutation($k: ID!, $o: Int!, $c: String) { rotateApiKey(input: {apiKeyId: $k, overlap: $o, clientMutationId: $c}) { __typename
  ... on RotateApiKeySuccess { secret apiKey { ...Secrets } } ... on AlreadyDone { message apiKey { id } }
  ... on InvalidTransition { status } ... on InvalidInput { message field } } }"""
    + SECRETS
)
FINISH = (
    """mutation($k: ID!) { finishApiKeyRotation(input: {apiKeyId: $k}) { __typename
  ... on FinishApiKeyRotationSuccess { apiKey { ...Secrets } } ... on InvalidTransition { status } } }"""
    + SECRETS
)
UNDO = (
    """mutation($k: ID!) { undoApiKeyRotation(input: {apiKeyId: $k}) { __typename
  ... on UndoApiKeyRotationSuccess { apiKey { ...Secrets } } ... on InvalidTransition { status } } }"""
    + SECRETS
)
LEAK = """mutation($k: ID!, $s: DateTime!) { reportApiKeyLeak(input: {apiKeyId: $k, since: $s}) { __typename
  ... on ReportApiKeyLeakSuccess { secret
    apiKey { status inSync calls(first: 10, since: $s) { totalCount edges { node { model success totalTokens spend } } } } }
  ... on InvalidInput { field } } }"""
FIND = """mutation($s: String!) { findLeakedApiKey(input: {secret: $s}) { __typename
  ... on FindLeakedApiKeySuccess { apiKey { id user { username } } } ... on InvalidInput { field message } } }"""


async def wait_for_calls(client: Client, key_id: str, number: int) -> None:
    """Until the ledger has them: the callback comes after a tenth of a second."""
    query = "query($k: ID!) { node(id: $k) { ... on ApiKey { calls(first: 1) { totalCount } } } }"
    for _ in range(200):
        if (await client.execute(query, {"k": key_id}))["node"]["calls"]["totalCount"] >= number:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the ledger has not heard of {number} calls")


async def test_a_key_is_changed(world: World) -> None:
    made = await subscribed_key(world.alice)
    key = made["apiKey"]["id"]
    changed = await world.alice.execute(
        UPDATE, {"input": {"apiKeyId": key, "name": "desktop", "rpmLimit": 5, "tpmLimit": 99, "maxBudget": "2.50"}}
    )
    assert changed["updateApiKey"] == {
        "__typename": "UpdateApiKeySuccess",
        "apiKey": {
            "name": "desktop",
            "status": "ACTIVE",
            "inSync": True,
            "maxBudget": "2.50",
            "rpmLimit": 5,
            "tpmLimit": 99,
            "maxParallelRequests": None,
            "expiresAt": None,
            "models": [{"name": "gpt-5-mini"}],
        },
    }
    # Null takes away, and what is left out stays.
    changed = await world.alice.execute(
        UPDATE, {"input": {"apiKeyId": key, "tpmLimit": None, "maxParallelRequests": 2}}
    )
    after = changed["updateApiKey"]["apiKey"]
    assert (after["name"], after["rpmLimit"], after["tpmLimit"], after["maxBudget"], after["maxParallelRequests"]) == (
        "desktop",
        5,
        None,
        "2.50",
        2,
    )
    for bad, field in (
        ({"name": None}, "name"),
        ({"modelIds": None}, "modelIds"),
        ({"modelIds": []}, "modelIds"),
        ({"rpmLimit": 0}, "rpmLimit"),
        ({}, "input"),
    ):
        refused = (await world.alice.execute(UPDATE, {"input": {"apiKeyId": key, **bad}}))["updateApiKey"]
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", field)
    unknown = await world.alice.refused(UPDATE, {"input": {"apiKeyId": key, "spend": 0}})
    assert unknown["code"] == "BAD_USER_INPUT"
    assert (await world.bob.refused(UPDATE, {"input": {"apiKeyId": key, "rpmLimit": 1}}))["code"] == "NOT_FOUND"
    other = await model_id(world.alice, "gpt-5")
    refused = (await world.alice.execute(UPDATE, {"input": {"apiKeyId": key, "modelIds": [other]}}))["updateApiKey"]
    assert refused == {"__typename": "NotSubscribed", "models": [{"name": "gpt-5"}]}


async def test_a_blocked_key_is_refused_until_it_is_unblocked(world: World) -> None:
    made = await subscribed_key(world.alice)
    key = {"k": made["apiKey"]["id"]}
    assert (await call(world, made["secret"])).status_code == 200
    blocked = (await world.alice.execute(BLOCK, key))["blockApiKey"]
    assert blocked == {"__typename": "BlockApiKeySuccess", "apiKey": {"status": "BLOCKED", "inSync": True}}
    assert (await call(world, made["secret"])).status_code == 401
    again = (await world.alice.execute(BLOCK, key))["blockApiKey"]
    assert again == {"__typename": "InvalidTransition", "status": "BLOCKED"}
    unblocked = (await world.alice.execute(UNBLOCK, key))["unblockApiKey"]
    assert unblocked == {"__typename": "UnblockApiKeySuccess", "apiKey": {"status": "ACTIVE", "inSync": True}}
    assert (await call(world, made["secret"])).status_code == 200


async def test_a_rotation_with_the_traffic_of_each_secret(world: World) -> None:
    made = await subscribed_key(world.alice)
    key = made["apiKey"]["id"]
    await call(world, made["secret"])
    rotated = (await world.alice.execute(ROTATE, {"k": key, "o": 3600, "c": "once"}))["rotateApiKey"]
    assert rotated["__typename"] == "RotateApiKeySuccess"
    again = (await world.alice.execute(ROTATE, {"k": key, "o": 3600, "c": "once"}))["rotateApiKey"]
    assert (again["__typename"], again["apiKey"], "secret" in again) == ("AlreadyDone", {"id": key}, False)
    second = (await world.alice.execute(ROTATE, {"k": key, "o": 3600}))["rotateApiKey"]
    assert second == {"__typename": "InvalidTransition", "status": "ROTATING"}
    for _ in range(2):
        assert (await call(world, rotated["secret"])).status_code == 200
    assert (await call(world, made["secret"])).status_code == 200
    await wait_for_calls(world.alice, key, 4)
    shown = await world.alice.execute(SHOWN, {"k": key})
    new, old = shown["node"]["generations"]
    assert (new["number"], new["status"], new["requestsLastDay"], new["lastFour"], new["endsAt"]) == (
        2,
        "ACTIVE",
        2,
        rotated["secret"][-4:],
        None,
    )
    assert (old["number"], old["status"], old["requestsLastDay"], old["lastFour"]) == (
        1,
        "ENDING",
        2,
        made["secret"][-4:],
    )
    assert old["lastUsedAt"] is not None
    assert shown["node"]["status"] == "ROTATING"

    undone = (await world.alice.execute(UNDO, {"k": key}))["undoApiKeyRotation"]["apiKey"]
    assert (undone["status"], undone["inSync"], undone["lastFour"]) == ("ACTIVE", True, made["secret"][-4:])
    assert [generation["status"] for generation in undone["generations"]] == ["ENDED", "ACTIVE"]
    assert (await call(world, rotated["secret"])).status_code == 401
    assert (await world.alice.execute(FINISH, {"k": key}))["finishApiKeyRotation"] == {
        "__typename": "InvalidTransition",
        "status": "ACTIVE",
    }
    third = (await world.alice.execute(ROTATE, {"k": key, "o": 3600}))["rotateApiKey"]
    finished = (await world.alice.execute(FINISH, {"k": key}))["finishApiKeyRotation"]["apiKey"]
    assert (finished["status"], finished["lastFour"]) == ("ACTIVE", third["secret"][-4:])
    assert (await call(world, made["secret"])).status_code == 401
    assert (await call(world, third["secret"])).status_code == 200
    bad = (await world.alice.execute(ROTATE, {"k": key, "o": 700_000}))["rotateApiKey"]
    assert (bad["__typename"], bad["field"]) == ("InvalidInput", "overlap")


async def test_a_leak(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = await subscribed_key(world.alice)
    key = made["apiKey"]["id"]
    assert (await call(world, made["secret"])).status_code == 200
    await wait_for_calls(world.alice, key, 1)
    found = (await world.ada.execute(FIND, {"s": made["secret"]}))["findLeakedApiKey"]
    assert found == {
        "__typename": "FindLeakedApiKeySuccess",
        "apiKey": {"id": key, "user": {"username": "alice"}},
    }
    assert (await world.ada.execute(FIND, {"s": "sk-lm-none"}))["findLeakedApiKey"]["apiKey"] is None
    assert (await world.audrey.refused(FIND, {"s": made["secret"]}))["code"] == "FORBIDDEN"
    inline = 'mutation { findLeakedApiKey(input: {secret: "sk-lm-inline"}) { ... on InvalidInput { field } } }'
    assert (await world.ada.execute(inline))["findLeakedApiKey"] == {"field": "secret"}

    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    reported = (await world.alice.execute(LEAK, {"k": key, "s": since}))["reportApiKeyLeak"]
    assert (reported["apiKey"]["status"], reported["apiKey"]["inSync"]) == ("ACTIVE", True)
    assert reported["apiKey"]["calls"]["totalCount"] == 1
    assert reported["apiKey"]["calls"]["edges"][0]["node"]["model"] == "gpt-5-mini"
    assert (await call(world, made["secret"])).status_code == 401
    assert (await call(world, reported["secret"])).status_code == 200
    assert made["secret"] not in caplog.text
    assert reported["secret"] not in caplog.text
    # Calls are their owner's.
    query = "query($k: ID!) { node(id: $k) { ... on ApiKey { calls(first: 1) { totalCount } } } }"
    assert (await world.bob.execute(query, {"k": key}))["node"] is None
    assert (await world.audrey.execute(query, {"k": key}))["node"]["calls"]["totalCount"] >= 1


async def test_the_same_request_makes_one_key(world: World) -> None:
    made = await subscribed_key(world.alice)
    model = await model_id(world.alice, "gpt-5-mini")
    again = CREATE.replace("... on InvalidInput", "... on AlreadyDone { apiKey { id } } ... on InvalidInput")
    wanted = {"input": {"name": "ci", "modelIds": [model], "clientMutationId": "build-7"}}
    first = (await world.alice.execute(again, wanted))["createApiKey"]
    second = (await world.alice.execute(again, wanted))["createApiKey"]
    assert first["apiKey"]["id"] != made["apiKey"]["id"]
    assert second == {"__typename": "AlreadyDone", "apiKey": {"id": first["apiKey"]["id"]}}


PAGE = """{ viewer { apiKeys(first: 100) { edges { node { name status inSync spend lastUsedAt user { username } models { name }
  generations { number status requestsLastDay lastUsedAt } } } } } }"""


async def test_a_page_of_keys_costs_the_same_for_three_and_thirty(world: World) -> None:
    engine = world.portal.services.db.engine.sync_engine
    model = (await subscribed_key(world.alice))["apiKey"]
    wanted = {"input": {"name": "k", "modelIds": [await model_id(world.alice, model["models"][0]["name"])]}}

    async def cost() -> tuple[int, int]:
        statements: list[str] = []

        def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", count)
        page = await world.alice.execute(PAGE)
        event.remove(engine, "before_cursor_execute", count)
        return len(page["viewer"]["apiKeys"]["edges"]), len(statements)

    for _ in range(2):
        await world.alice.execute(CREATE, wanted)
    few = await cost()
    for _ in range(27):
        await world.alice.execute(CREATE, wanted)
    many = await cost()
    assert (few[0], many[0]) == (3, 30)
    assert few[1] == many[1]


RULES = "maxBudget budgetDuration rpmLimit tpmLimit maxParallelRequests maxLifeDays defaultLifeDays maxKeys"


async def test_what_keys_may_have_at_most(world: World) -> None:
    query = "{ viewer { keyPolicy { %s } } }".replace("%s", RULES)
    assert set((await world.bob.execute(query))["viewer"]["keyPolicy"].values()) == {None}
    change = """mutation($input: SetKeyPolicyInput!) { setKeyPolicy(input: $input) { __typename
      ... on SetKeyPolicySuccess { keyPolicy { rpmLimit maxLifeDays } } ... on InvalidInput { field } } }"""
    assert (await world.bob.refused(change, {"input": {"rpmLimit": 9}}))["code"] == "FORBIDDEN"
    bad = (await world.ada.execute(change, {"input": {"rpmLimit": 0}}))["setKeyPolicy"]
    assert bad == {"__typename": "InvalidInput", "field": "rpmLimit"}
    await world.ada.execute(change, {"input": {"rpmLimit": 9, "maxLifeDays": 30}})
    after = (await world.ada.execute(change, {"input": {"maxLifeDays": None}}))["setKeyPolicy"]
    assert after["keyPolicy"] == {"rpmLimit": 9, "maxLifeDays": None}
    made = await subscribed_key(world.alice)
    shown = await world.alice.execute(
        "query($k: ID!) { node(id: $k) { ... on ApiKey { rpmLimit } } }", {"k": made["apiKey"]["id"]}
    )
    assert shown["node"]["rpmLimit"] == 9


async def test_drift_is_shown_and_repaired(world: World) -> None:
    made = await subscribed_key(world.alice)
    key = {"k": made["apiKey"]["id"]}
    services = world.portal.services
    await services.litellm.update_key(hash_secret(made["secret"]), KeyChanges(rpm_limit=500))
    await services.keys.sweep()
    query = "query($k: ID!) { node(id: $k) { ... on ApiKey { inSync drift { field ours found } } } }"
    shown = (await world.alice.execute(query, key))["node"]
    assert shown["drift"] == [{"field": "rpmLimit", "ours": None, "found": "500"}]
    repair = """mutation($k: ID!) { repairApiKey(input: {apiKeyId: $k}) { __typename
      ... on RepairApiKeySuccess { apiKey { inSync drift { field } } } ... on InvalidInput { field } } }"""
    adopt = "mutation($k: ID!) { adoptApiKey(input: {apiKeyId: $k}) { __typename } }"
    assert (await world.alice.refused(adopt, key))["code"] == "FORBIDDEN"
    assert (await world.alice.execute(repair, key))["repairApiKey"]["apiKey"] == {"inSync": True, "drift": []}
    assert (await world.alice.execute(repair, key))["repairApiKey"]["__typename"] == "InvalidInput"
    info = await services.litellm.key_info(hash_secret(made["secret"]))
    assert info is not None
    assert info.rpm_limit is None


async def test_keys_that_nobody_uses(world: World) -> None:
    used, unused = await subscribed_key(world.alice), await subscribed_key(world.alice)
    await subscribed_key(world.alice)  # too new to say
    assert (await call(world, used["secret"])).status_code == 200
    await wait_for_calls(world.alice, used["apiKey"]["id"], 1)
    async with world.portal.services.db.write() as session:
        for key in (used, unused):
            await session.execute(
                text("UPDATE api_key SET created_at = created_at - interval '40 d' WHERE id = :k"),
                {"k": split_id(key["apiKey"]["id"])[1]},
            )
    query = "query($d: Int) { viewer { apiKeys(first: 10, unusedDays: $d) { totalCount edges { node { id } } } } }"
    found = (await world.alice.execute(query, {"d": 30}))["viewer"]["apiKeys"]
    assert found == {"totalCount": 1, "edges": [{"node": {"id": unused["apiKey"]["id"]}}]}
    for days in (0, -1, 3651, 2**31 - 1):
        assert (await world.alice.refused(query, {"d": days}))["field"] == "unusedDays"
    everybodys = query.replace("viewer", "admin")
    assert (await world.audrey.execute(everybodys, {"d": 30}))["admin"]["apiKeys"]["totalCount"] == 1
    assert (await world.bob.execute(query, {"d": 30}))["viewer"]["apiKeys"]["totalCount"] == 0


NOTICES = """query($u: Boolean!) { viewer { notifications(first: 100, unread: $u) { totalCount edges { node {
  id kind days readAt apiKey { id name prefix } } } } } }"""


async def test_notices_of_keys_that_expire(world: World) -> None:
    model = (await subscribed_key(world.alice))["apiKey"]["models"][0]["name"]
    wanted = {"name": "k", "modelIds": [await model_id(world.alice, model)]}
    wanted["expiresAt"] = (datetime.now(UTC) + timedelta(days=5)).isoformat()

    async def noticed(keys: int) -> tuple[list[Any], int]:
        for _ in range(keys):
            await world.alice.execute(CREATE, {"input": wanted})
        async with world.portal.services.db.write() as session:
            await session.execute(text("UPDATE api_key SET created_at = now() - interval '90 d'"))
        await world.portal.services.notifications.announce_expiries()
        statements: list[str] = []

        def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        engine = world.portal.services.db.engine.sync_engine
        event.listen(engine, "before_cursor_execute", count)
        page = await world.alice.execute(NOTICES, {"u": True})
        event.remove(engine, "before_cursor_execute", count)
        return page["viewer"]["notifications"]["edges"], len(statements)

    few, cost_of_few = await noticed(3)
    assert (len(few), few[0]["node"]["kind"], few[0]["node"]["days"]) == (3, "API_KEY_EXPIRES", 7)
    assert few[0]["node"]["apiKey"]["name"] == "k"
    many, cost_of_many = await noticed(27)
    assert (len(many), cost_of_many) == (30, cost_of_few)
    mark = """mutation($ids: [ID!]) { markNotificationsRead(input: {notificationIds: $ids}) { __typename
      ... on MarkNotificationsReadSuccess { marked } ... on InvalidInput { field } } }"""
    one = {"ids": [many[0]["node"]["id"]]}
    assert (await world.bob.execute(mark, one))["markNotificationsRead"]["marked"] == 0
    assert (await world.alice.execute(mark, one))["markNotificationsRead"]["marked"] == 1
    assert (await world.alice.execute(mark, {"ids": ["x"]}))["markNotificationsRead"]["field"] == "notificationIds"
    assert (await world.alice.execute(mark))["markNotificationsRead"]["marked"] == 29
    assert (await world.alice.execute(NOTICES, {"u": True}))["viewer"]["notifications"]["totalCount"] == 0
    assert (await world.bob.execute(NOTICES, {"u": False}))["viewer"]["notifications"]["totalCount"] == 0
