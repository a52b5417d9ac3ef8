"""Subscriptions as people and admins meet them: over HTTP, with quotas that take the model away."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from gateway.actor import Actor, Role
from gateway.catalog import ModelAccess
from gateway.db import Database
from gateway.subscriptions import SubscriptionStatus
from tests.api.conftest import World
from tests.api.test_first_call import SUBSCRIBE, call, model_id, subscribed_key
from tests.builders import a_model, a_person, a_subscription
from tests.graphql import Client

WHOLE = """ fragment Whole on ModelSubscription {
  id status reason awaitingSince maxBudget maxRequests maxTokens budgetDuration rpmLimit tpmLimit expiresAt highestMonthlyCost
  model { name successor { name } } user { username } spend ownersUsage { requests spend }
  quota { startsAt resetsAt exhausted limits { kind limit used remaining exhausted } }
  quotaChange { id status justification maxRequests highestMonthlyCost subscription { id } }
  history { at actor action fromStatus toStatus reason limits { limit before after } } }"""
MINE = (
    "query($s: String, $o: SubscriptionOrder) { viewer { modelSubscriptions(first: 100, search: $s, orderBy: $o) {"
    " totalCount edges { node { ...Whole } } } } }" + WHOLE
)
INBOX = (
    "{ admin { modelSubscriptions(first: 100, awaiting: true, orderBy: LONGEST_WAITING) {"
    " totalCount edges { node { ...Whole } } } } }" + WHOLE
)
DECIDED = "__typename ... on InvalidTransition { message status } ... on InvalidInput { message field }"
DECIDE = """mutation($d: [SubscriptionDecisionInput!]!) { decideModelSubscriptions(input: {decisions: $d}) { __typename
  ... on InvalidInput { field } ... on DecideModelSubscriptionsSuccess {
    results { subscriptionId subscription { status reason } error { message code } } } } }"""


def change(name: str, success: str = "subscription { ...Whole }", refusals: str = DECIDED) -> str:
    """A mutation with one input: `suspendModelSubscription`."""
    kind = name[0].upper() + name[1:]
    selected = f"{refusals} ... on {kind}Success {{ {success} }}"
    return f"mutation($i: {kind}Input!) {{ {name}(input: $i) {{ {selected} }} }}" + (
        WHOLE if "Whole" in success else ""
    )


APPROVE = change("approveModelSubscription")


async def restricted(world: World, client: Client, why: str = "a demo") -> dict[str, Any]:
    model = await model_id(client, "claude-opus-4-1")
    asked = (await client.execute(SUBSCRIBE, {"m": model, "why": why}))["requestModelSubscription"]
    return dict(asked["subscription"])


async def test_from_the_request_to_the_end(world: World) -> None:
    asked = await restricted(world, world.alice)
    (waiting,) = [e["node"] for e in (await world.ada.execute(INBOX))["admin"]["modelSubscriptions"]["edges"]]
    assert (waiting["id"], waiting["user"], waiting["quota"]) == (asked["id"], {"username": "alice"}, None)
    assert waiting["ownersUsage"] == {"requests": 0, "spend": "0"}
    end = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    wanted = {
        "subscriptionId": asked["id"],
        "maxBudget": "10",
        "budgetDuration": "1d",
        "expiresAt": end,
        "reason": "ok",
    }
    approved = (await world.ada.execute(APPROVE, {"i": wanted}))["approveModelSubscription"]["subscription"]
    assert (approved["status"], approved["maxBudget"], approved["highestMonthlyCost"]) == ("ACTIVE", "10", "300.00")
    assert approved["quota"]["limits"] == [
        {"kind": "BUDGET", "limit": "10", "used": "0", "remaining": "10", "exhausted": False}
    ]
    again = (await world.ada.execute(APPROVE, {"i": wanted}))["approveModelSubscription"]
    assert (again["__typename"], again["status"]) == ("InvalidTransition", "ACTIVE")
    for name, reason, status in (
        ("suspendModelSubscription", "strange", "SUSPENDED"),
        ("resumeModelSubscription", None, "ACTIVE"),
    ):
        sent = {"subscriptionId": asked["id"]} | ({"reason": reason} if reason else {})
        answer = (await world.ada.execute(change(name), {"i": sent}))[name]
        assert (answer["subscription"]["status"], answer["subscription"]["reason"]) == (status, reason)
    cancel = change("cancelModelSubscription")
    gone = (await world.alice.execute(cancel, {"i": {"subscriptionId": asked["id"]}}))["cancelModelSubscription"]
    lines = gone["subscription"]["history"]
    assert [
        (line["actor"], line["action"], line["fromStatus"], line["toStatus"], line["reason"]) for line in lines
    ] == [
        ("alice", "REQUESTED", None, "PENDING", "a demo"),
        ("ada", "APPROVED", "PENDING", "ACTIVE", "ok"),
        ("ada", "SUSPENDED", "ACTIVE", "SUSPENDED", "strange"),
        ("ada", "RESUMED", "SUSPENDED", "ACTIVE", None),
        ("alice", "CANCELLED", "ACTIVE", "CANCELLED", None),
    ]
    assert {change["limit"] for change in lines[1]["limits"]} == {"maxBudget", "budgetDuration", "expiresAt"}


async def test_a_quota_is_used_up_and_raised(world: World) -> None:
    made = await subscribed_key(world.alice)
    (own,) = [e["node"] for e in (await world.alice.execute(MINE))["viewer"]["modelSubscriptions"]["edges"]]
    update = change("updateModelSubscription")
    limits = {"subscriptionId": own["id"], "maxRequests": 2, "budgetDuration": "30d", "reason": "everybody has two"}
    for client in (world.alice, world.audrey):
        assert (await client.refused(update, {"i": limits}))["code"] == "FORBIDDEN"
    assert "subscription" in (await world.ada.execute(update, {"i": limits}))["updateModelSubscription"]
    usage = world.portal.services.usage
    for _ in range(2):
        assert (await call(world, made["secret"])).status_code == 200

    async def quota(exhausted: bool) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                (node,) = [
                    e["node"] for e in (await world.alice.execute(MINE))["viewer"]["modelSubscriptions"]["edges"]
                ]
                if node["quota"]["exhausted"] is exhausted:
                    return dict(node["quota"])
                await asyncio.sleep(0.1)

    used_up = await quota(exhausted=True)
    assert used_up["limits"] == [{"kind": "REQUESTS", "limit": "2", "used": "2", "remaining": "0", "exhausted": True}]
    assert used_up["resetsAt"].endswith("-01T00:00:00Z")
    assert await usage.settle_quotas() == 1
    await world.portal.services.keys.settle()
    assert (await call(world, made["secret"])).status_code == 403
    ask = change("requestQuotaChange", "quotaChange { id status maxRequests }")
    more = {"subscriptionId": own["id"], "maxRequests": 50, "justification": "the demo is longer"}
    asked = (await world.alice.execute(ask, {"i": more}))["requestQuotaChange"]["quotaChange"]
    (waiting,) = [e["node"] for e in (await world.ada.execute(INBOX))["admin"]["modelSubscriptions"]["edges"]]
    assert waiting["quotaChange"]["id"] == asked["id"]
    assert waiting["ownersUsage"]["requests"] >= 2  # the refused call may have been reported by now
    unseen = (await world.ada.execute(APPROVE, {"i": {"subscriptionId": own["id"]}}))["approveModelSubscription"]
    assert unseen["__typename"] == "InvalidTransition"
    yes = {"subscriptionId": own["id"], "quotaChangeId": asked["id"]}
    granted = (await world.ada.execute(APPROVE, {"i": yes}))["approveModelSubscription"]["subscription"]
    assert (granted["maxRequests"], granted["quotaChange"], granted["awaitingSince"]) == (50, None, None)
    assert (await quota(exhausted=False))["limits"][0]["remaining"] == "48"
    assert await usage.settle_quotas() == 1
    await world.portal.services.keys.settle()
    assert (await call(world, made["secret"])).status_code == 200
    node = await world.alice.execute(
        "query($i: ID!) { node(id: $i) { ... on QuotaChange { status } } }", {"i": asked["id"]}
    )
    assert node["node"] == {"status": "APPROVED"}
    hidden = await world.bob.execute("query($i: ID!) { node(id: $i) { id } }", {"i": asked["id"]})
    assert hidden["node"] is None


async def test_a_suspension_an_end_and_a_withdrawal_take_the_model_off_the_key(world: World) -> None:
    services = world.portal.services
    made = await subscribed_key(world.alice)
    (own,) = [e["node"] for e in (await world.alice.execute(MINE))["viewer"]["modelSubscriptions"]["edges"]]
    of = {"subscriptionId": own["id"]}

    async def answer() -> int:
        await services.keys.settle()
        return (await call(world, made["secret"])).status_code

    assert await answer() == 200
    await world.ada.execute(change("suspendModelSubscription"), {"i": of | {"reason": "strange"}})
    assert await answer() == 403
    await world.ada.execute(change("resumeModelSubscription"), {"i": of})
    assert await answer() == 200
    soon = datetime.now(UTC) + timedelta(seconds=1)
    ends = of | {"expiresAt": soon.isoformat()}
    await world.ada.execute(change("updateModelSubscription"), {"i": ends})
    await asyncio.sleep(1.1)
    assert await services.subscriptions.expire() == 1
    assert await answer() == 403
    again = await world.alice.execute(SUBSCRIBE, {"m": await model_id(world.alice, "gpt-5-mini")})
    assert again["requestModelSubscription"]["subscription"]["status"] == "ACTIVE"
    assert await answer() == 200
    of = {"subscriptionId": again["requestModelSubscription"]["subscription"]["id"]}
    await world.alice.execute(change("cancelModelSubscription"), {"i": of})
    assert await answer() == 403


async def test_many_decisions_at_once(world: World) -> None:
    mine, yours = await restricted(world, world.alice), await restricted(world, world.bob)
    own = await restricted(world, world.ada)
    decisions = [
        {"subscriptionId": mine["id"], "verdict": "APPROVE", "rpmLimit": 10},
        {"subscriptionId": yours["id"], "verdict": "DENY", "reason": "not now"},
        {"subscriptionId": own["id"], "verdict": "APPROVE"},
    ]
    assert (await world.audrey.refused(DECIDE, {"d": decisions}))["code"] == "FORBIDDEN"
    results = (await world.ada.execute(DECIDE, {"d": decisions}))["decideModelSubscriptions"]["results"]
    assert [result["subscriptionId"] for result in results] == [mine["id"], yours["id"], own["id"]]
    assert results[0]["subscription"] == {"status": "ACTIVE", "reason": None}
    assert results[1]["subscription"] == {"status": "DENIED", "reason": "not now"}
    assert (results[2]["subscription"], results[2]["error"]["code"]) == (None, "FORBIDDEN")
    assert (await world.ada.execute(DECIDE, {"d": []}))["decideModelSubscriptions"]["field"] == "decisions"
    denied = await restricted(world, world.bob, "please, later")
    assert denied["status"] == "PENDING"


async def test_admins_hear_of_requests_at_once(world: World) -> None:
    count = "subscription { approvalsChanged { pendingCount } }"
    async with world.ada.subscribe(count) as of_ada, world.audrey.subscribe(count) as of_audrey:
        for ticks in (of_ada, of_audrey):
            assert (await anext(ticks))["data"]["approvalsChanged"] == {"pendingCount": 0}
        await restricted(world, world.alice)
        for ticks in (of_ada, of_audrey):
            assert (await anext(ticks))["data"]["approvalsChanged"] == {"pendingCount": 1}
    async with world.alice.subscribe(count) as of_alice:
        refused = await anext(of_alice)
        assert refused[0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_requester_hears_of_the_decision_at_once(world: World) -> None:
    changed = "subscription { modelSubscriptionsChanged { subscriptions { id status reason quota { exhausted } } } }"
    asked = await restricted(world, world.alice)
    async with world.alice.subscribe(changed) as of_alice, world.bob.subscribe(changed) as of_bob:
        first = (await anext(of_alice))["data"]["modelSubscriptionsChanged"]["subscriptions"]
        assert first == [{"id": asked["id"], "status": "PENDING", "reason": None, "quota": None}]
        assert (await anext(of_bob))["data"]["modelSubscriptionsChanged"]["subscriptions"] == []
        deny = change("denyModelSubscription", "subscription { id }")
        await world.ada.execute(deny, {"i": {"subscriptionId": asked["id"], "reason": "not now"}})
        told = (await anext(of_alice))["data"]["modelSubscriptionsChanged"]["subscriptions"]
        assert told == [{"id": asked["id"], "status": "DENIED", "reason": "not now", "quota": None}]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(of_bob), 0.5)


async def test_a_model_is_restricted_with_a_look_beforehand(world: World) -> None:
    made = await subscribed_key(world.alice)
    model = await model_id(world.alice, "gpt-5-mini")
    successor = await model_id(world.alice, "gpt-5")
    look = """query($m: ID!) { admin { modelChangeImpact(modelId: $m, existing: SUSPEND) {
      activeSubscriptions people keys becomingSuspended pendingSubscriptions suspendedSubscriptions } } }"""
    assert (await world.ada.execute(look, {"m": model}))["admin"]["modelChangeImpact"] == {
        "activeSubscriptions": 1,
        "people": 1,
        "keys": 1,
        "becomingSuspended": 1,
        "pendingSubscriptions": 0,
        "suspendedSubscriptions": 0,
    }
    assert (await world.alice.refused(look, {"m": model}))["code"] == "FORBIDDEN"
    refusals = "__typename ... on InvalidInput { message field }"
    restrict = change("setModelAccess", "model { access lifecycle successor { name } }", refusals)
    wanted = {
        "modelId": model,
        "access": "RESTRICTED",
        "lifecycle": "DEPRECATED",
        "successorId": successor,
        "existing": "SUSPEND",
    }
    assert (await world.audrey.refused(restrict, {"i": wanted}))["code"] == "FORBIDDEN"
    assert (await world.ada.execute(restrict, {"i": wanted}))["setModelAccess"]["field"] == "reason"
    done = await world.ada.execute(restrict, {"i": wanted | {"reason": "the new one is cheaper"}})
    assert done["setModelAccess"]["model"] == {
        "access": "RESTRICTED",
        "lifecycle": "DEPRECATED",
        "successor": {"name": "gpt-5"},
    }
    (own,) = [e["node"] for e in (await world.alice.execute(MINE))["viewer"]["modelSubscriptions"]["edges"]]
    assert (own["status"], own["reason"]) == ("SUSPENDED", "the new one is cheaper")
    assert made["apiKey"]["models"] == [{"name": "gpt-5-mini"}]


async def test_my_list_is_searched_and_sorted(world: World) -> None:
    for name in ("mistral-small", "gpt-5-mini", "codestral"):
        await world.alice.execute(SUBSCRIBE, {"m": await model_id(world.alice, name)})

    async def names(**variables: Any) -> list[str]:
        found = (await world.alice.execute(MINE, variables))["viewer"]["modelSubscriptions"]["edges"]
        return [edge["node"]["model"]["name"] for edge in found]

    assert await names() == ["codestral", "gpt-5-mini", "mistral-small"]
    assert await names(o="OLDEST") == ["mistral-small", "gpt-5-mini", "codestral"]
    assert await names(o="MODEL", s="st") == ["codestral", "mistral-small"]
    assert (await world.alice.refused(MINE, {"s": "x" * 201}))["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(("query", "path"), [(MINE, "viewer"), (INBOX, "admin")])
async def test_a_list_costs_the_same_for_three_and_for_thirty(world: World, query: str, path: str) -> None:
    db: Database = world.portal.services.db
    asking = world.alice if path == "viewer" else world.ada
    row = await asking.execute("{ viewer { user { id } } }")
    assert row["viewer"]["user"]["id"]
    people = {"viewer": await _actor(db, "alice"), "admin": None}
    service = world.portal.services.subscriptions
    counts = []
    statements: list[str] = []
    for many in (3, 27):
        for _ in range(many):
            owner = people[path] or await a_person(db)
            model = await a_model(db, access=ModelAccess.RESTRICTED)
            status = SubscriptionStatus.ACTIVE
            own = await a_subscription(db, owner, model.id, status, max_requests=5, budget_duration="1d")
            await service.request_quota_change(owner, own.id, {"max_requests": 10}, "more")
        statements.clear()

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(db.engine.sync_engine, "before_cursor_execute", note)
        listed = (await asking.execute(query))[path]["modelSubscriptions"]
        event.remove(db.engine.sync_engine, "before_cursor_execute", note)
        assert listed["edges"][0]["node"]["quotaChange"]["maxRequests"] == 10
        counts.append((listed["totalCount"], len(statements)))
    assert [count[0] for count in counts] == [3, 30]
    assert counts[0][1] == counts[1][1]


async def _actor(db: Database, username: str) -> Actor:
    from sqlalchemy import select

    from gateway.users import User

    async with db.read() as session:
        user = (await session.scalars(select(User).where(User.username == username))).one()
    return Actor(user.id, user.username, Role.USER)
