"""What subscriptions get when nobody says anything, models that are gone, and who is told: through the API."""

import asyncio
from typing import Any

from sqlalchemy import text

from tests.api.conftest import World
from tests.api.test_first_call import SUBSCRIBE, model_id, subscribed_key
from tests.api.test_key_lists import counted
from tests.api.test_keys import BLOCK, UNBLOCK
from tests.api.test_subscriptions import change

POLICY = "maxBudget maxRequests maxTokens budgetDuration rpmLimit tpmLimit lifeDays model { name }"
SET = change("setSubscriptionPolicy", f"subscriptionPolicy {{ {POLICY} }}", "__typename ... on InvalidInput { field }")
REMOVE = change(
    "removeSubscriptionPolicy", f"subscriptionPolicy {{ {POLICY} }}", "__typename ... on InvalidInput { field }"
)
MINE = f"{{ viewer {{ subscriptionPolicy {{ {POLICY} }} }} }}"
ALL = f"{{ admin {{ subscriptionPolicies {{ {POLICY} }} }} }}"
OF_MODELS = f"{{ models(first: 100) {{ edges {{ node {{ name subscriptionPolicy {{ {POLICY} }} }} }} }} }}"
NOTICE = """id kind createdAt readAt actor reason days expiresAt
  model { name } subscription { id status } apiKey { id name }"""
NOTICES = f"{{ viewer {{ notifications(first: 100) {{ totalCount edges {{ node {{ {NOTICE} }} }} }} }} }}"
IMPACT = """query($m: ID!) { admin { modelChangeImpact(modelId: $m, existing: CANCEL) {
  activeSubscriptions people keys becomingSuspended becomingCancelled becomingDenied } } }"""
GONE = "{ models(first: 10, filter: {lifecycle: [RETIRED]}) { totalCount edges { node { id name lifecycle } } } }"
NOTHING = dict.fromkeys(
    ("maxBudget", "maxRequests", "maxTokens", "budgetDuration", "rpmLimit", "tpmLimit", "lifeDays", "model")
)


async def test_an_admin_sets_what_subscriptions_get(world: World) -> None:
    assert (await world.alice.execute(MINE))["viewer"]["subscriptionPolicy"] == NOTHING
    usual = {"maxRequests": 100, "budgetDuration": "1d", "rpmLimit": 10, "lifeDays": 90}
    done = (await world.ada.execute(SET, {"i": usual}))["setSubscriptionPolicy"]["subscriptionPolicy"]
    assert done == NOTHING | usual
    assert (await world.alice.execute(MINE))["viewer"]["subscriptionPolicy"] == done
    model = await model_id(world.ada, "codestral")
    own = {"modelId": model, "maxBudget": "2.50", "budgetDuration": "30d"}
    of_model = (await world.ada.execute(SET, {"i": own}))["setSubscriptionPolicy"]["subscriptionPolicy"]
    assert of_model == NOTHING | {"maxBudget": "2.50", "budgetDuration": "30d", "model": {"name": "codestral"}}
    for reader in (world.ada, world.audrey):
        assert (await reader.execute(ALL))["admin"]["subscriptionPolicies"] == [done, of_model]
    with counted(world) as seen:
        edges = (await world.alice.execute(OF_MODELS))["models"]["edges"]
    shown = {edge["node"]["name"]: edge["node"]["subscriptionPolicy"] for edge in edges}
    assert (shown.pop("codestral"), len(shown) > 20) == (of_model, True)
    assert [each for each in shown.values() if each != done] == []
    assert len([each for each in seen if "subscription_rules" in each]) == 1

    asked = (await world.alice.execute(SUBSCRIBE, {"m": model}))["requestModelSubscription"]["subscription"]
    query = "query($s: ID!) { node(id: $s) { ... on ModelSubscription { status maxBudget maxRequests expiresAt } } }"
    shown = (await world.alice.execute(query, {"s": asked["id"]}))["node"]
    assert shown == {"status": "ACTIVE", "maxBudget": "2.50", "maxRequests": None, "expiresAt": None}
    removed = await world.ada.execute(REMOVE, {"i": {"modelId": model}})
    assert removed["removeSubscriptionPolicy"]["subscriptionPolicy"] == done
    assert (await world.ada.refused(REMOVE, {"i": {"modelId": model}}))["code"] == "NOT_FOUND"


async def test_who_may_not_set_it_and_what_is_refused(world: World) -> None:
    for wrong, field in (({"lifeDays": 0}, "lifeDays"), ({"budgetDuration": "x"}, "budgetDuration")):
        assert (await world.ada.execute(SET, {"i": wrong}))["setSubscriptionPolicy"]["field"] == field
    for person in (world.alice, world.audrey):
        assert (await person.refused(SET, {"i": {"lifeDays": 5}}))["code"] == "FORBIDDEN"
    assert (await world.alice.refused(ALL))["code"] == "FORBIDDEN"
    assert (await world.ada.execute(ALL))["admin"]["subscriptionPolicies"] == []


async def test_a_model_that_is_gone_is_found_looked_at_and_decided_on(world: World) -> None:
    made, services = await subscribed_key(world.alice), world.portal.services
    async with services.db.write() as session:
        await session.execute(text("UPDATE model SET lifecycle = 'RETIRED' WHERE name = 'gpt-5-mini'"))
    assert (await world.alice.execute(GONE))["models"]["edges"] == []
    (gone,) = [edge["node"] for edge in (await world.audrey.execute(GONE))["models"]["edges"]]
    assert (gone["name"], gone["lifecycle"]) == ("gpt-5-mini", "RETIRED")
    impact = (await world.ada.execute(IMPACT, {"m": gone["id"]}))["admin"]["modelChangeImpact"]
    assert impact == {
        "activeSubscriptions": 1,
        "people": 1,
        "keys": 1,
        "becomingSuspended": 0,
        "becomingCancelled": 1,
        "becomingDenied": 0,
    }
    end = change("setModelAccess", "model { lifecycle }", "__typename ... on InvalidInput { field }")
    wanted = {"modelId": gone["id"], "access": "OPEN", "existing": "CANCEL", "reason": "it is gone"}
    ended = (await world.ada.execute(end, {"i": wanted}))["setModelAccess"]
    assert ended["model"] == {"lifecycle": "RETIRED"}
    await services.notifications.announce_events()
    notices = (await world.alice.execute(NOTICES))["viewer"]["notifications"]
    (notice,) = [edge["node"] for edge in notices["edges"]]
    assert notice | {"id": None, "createdAt": None} == {
        "id": None,
        "createdAt": None,
        "kind": "SUBSCRIPTION_CANCELLED",
        "readAt": None,
        "actor": "ada",
        "reason": "it is gone",
        "days": None,
        "expiresAt": None,
        "model": {"name": "gpt-5-mini"},
        "subscription": {"id": notice["subscription"]["id"], "status": "CANCELLED"},
        "apiKey": None,
    }
    assert made["apiKey"]["models"] == [{"name": "gpt-5-mini"}]


async def test_notices_arrive_live(world: World) -> None:
    made, services = await subscribed_key(world.alice), world.portal.services
    key, received = made["apiKey"]["id"], f"subscription {{ notificationReceived {{ {NOTICE} }} }}"
    async with (
        world.alice.subscribe("subscription { notificationsChanged { id unreadCount } }") as counts,
        world.alice.subscribe(received) as notices,
        world.bob.subscribe(received) as notices_of_bob,
    ):
        first = (await anext(counts))["data"]["notificationsChanged"]
        assert first["unreadCount"] == 0
        arriving, others = asyncio.create_task(_next(notices)), asyncio.create_task(_next(notices_of_bob))
        told = 0
        while not arriving.done():  # until the socket listens
            for mutation in (BLOCK, UNBLOCK):
                await world.ada.execute(mutation, {"k": key})
            told += await services.notifications.announce_events()
            await asyncio.sleep(0.05)
        notice = (await arriving)["data"]["notificationReceived"]
        assert (notice["kind"], notice["actor"]) in (("API_KEY_BLOCKED", "ada"), ("API_KEY_UNBLOCKED", "ada"))
        assert notice["apiKey"] == {"id": key, "name": "laptop"}
        while (tick := (await anext(counts))["data"]["notificationsChanged"])["unreadCount"] < told:
            assert tick["id"] == first["id"]
        assert tick == first | {"unreadCount": told}
        assert not others.done()
        others.cancel()


async def _next(payloads: Any) -> dict[str, Any]:
    payload: dict[str, Any] = await anext(payloads)
    return payload
