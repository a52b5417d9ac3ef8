"""People: looked up, let out and in again, and what becomes of a leaver's things, in LiteLLM too."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from tests.api.conftest import World
from tests.api.test_access_tokens import create, refused, run, user_id
from tests.api.test_first_call import call, subscribed_key
from tests.api.test_keys import BLOCK
from tests.builders import a_model, a_person, a_subscription
from tests.graphql import Client

ME = "{ viewer { user { username } } }"
LIST = """query($first: Int!, $s: String, $r: [Role!], $d: Boolean, $o: UserOrder) {
  admin { users(first: $first, search: $s, role: $r, disabled: $d, orderBy: $o) { totalCount edges { node {
    username role createdAt lastSignedInAt disabledAt openSubscriptions livingApiKeys recentUsage { requests spend } } } } } }"""
ONE = "query($u: ID!) { admin { user(userId: $u) { username openSubscriptions livingApiKeys disabledAt } } }"
IMPACT = """query($u: ID!) { admin { offboardingImpact(userId: $u) { sessions accessTokens keys keysInUse
  activeSubscriptions pendingSubscriptions suspendedSubscriptions } } }"""


def change(name: str) -> str:
    kind = name[0].upper() + name[1:]
    return f"""mutation($i: {kind}Input!) {{ {name}(input: $i) {{ __typename
      ... on {kind}Success {{ user {{ username disabledAt }} }} ... on InvalidInput {{ field message }} }} }}"""


DISABLE, ENABLE, OFFBOARD = change("disableUser"), change("enableUser"), change("offboardUser")


async def names(client: Client, **wanted: Any) -> list[str]:
    found = await client.execute(LIST, {"first": 100, **wanted})
    return [edge["node"]["username"] for edge in found["admin"]["users"]["edges"]]


async def test_people_are_found_by_name_role_and_whether_they_are_let_in(world: World) -> None:
    await subscribed_key(world.alice)
    bob = await user_id(world.ada, "bob")
    await world.ada.execute(DISABLE, {"i": {"userId": bob}})
    assert await names(world.audrey) == ["ada", "alice", "audrey", "bob"]
    assert await names(world.ada, s="AL") == ["alice"]
    assert await names(world.ada, r=["ADMIN", "AUDITOR"]) == ["ada", "audrey"]
    assert await names(world.ada, d=True) == ["bob"]
    assert await names(world.ada, d=False, r=["USER"]) == ["alice"]
    await world.portal.sign_in("alice")
    assert (await names(world.ada, o="LAST_SIGNED_IN"))[0] == "alice"
    assert await names(world.ada, o="NEWEST") == ["audrey", "ada", "bob", "alice"]
    one = (await world.ada.execute(ONE, {"u": await user_id(world.ada, "alice")}))["admin"]["user"]
    assert one == {"username": "alice", "openSubscriptions": 1, "livingApiKeys": 1, "disabledAt": None}


async def test_a_page_of_people_costs_the_same_for_three_and_for_thirty(world: World) -> None:
    db = world.portal.services.db
    model = await a_model(db)
    for _ in range(30):
        await a_subscription(db, await a_person(db), model.id)
    counts = []
    for first in (3, 30):
        statements: list[str] = []

        def count(_c: Any, _cur: Any, statement: str, *_: Any, seen: list[str] = statements) -> None:
            seen.append(statement)

        event.listen(db.engine.sync_engine, "before_cursor_execute", count)
        people = (await world.ada.execute(LIST, {"first": first}))["admin"]["users"]["edges"]
        event.remove(db.engine.sync_engine, "before_cursor_execute", count)
        assert len(people) == first
        counts.append(len(statements))
    assert counts[0] == counts[1], counts


async def test_who_is_disabled_is_out_with_every_session_token_and_key_and_comes_back(world: World) -> None:
    made = await subscribed_key(world.alice)
    token = world.portal.bearer((await create(world.alice, "READ"))["secret"])
    key = world.portal.bearer(made["secret"])
    alice = await user_id(world.ada, "alice")
    done = (await world.ada.execute(DISABLE, {"i": {"userId": alice, "reason": "on leave"}}))["disableUser"]
    assert done["user"]["disabledAt"] is not None
    assert await world.alice.refused(ME) == {"code": "UNAUTHENTICATED"}
    for program in (token, key):
        await refused(program)
    assert await world.portal.services.keys.settle() == 1, "what the job does every five seconds"
    assert (await call(world, made["secret"])).status_code == 401
    response = await world.portal.nobody().http.post("/auth/sandbox", data={"username": "alice"})
    assert response.status_code == 403
    again = (await world.ada.execute(DISABLE, {"i": {"userId": alice}}))["disableUser"]
    assert again == done, "the second time changes nothing"

    back = (await world.ada.execute(ENABLE, {"i": {"userId": alice}}))["enableUser"]
    assert back["user"] == {"username": "alice", "disabledAt": None}
    assert await world.alice.refused(ME) == {"code": "UNAUTHENTICATED"}, "sessions do not come back"
    await token.execute(ME)
    assert await world.portal.services.keys.settle() == 1
    assert (await call(world, made["secret"])).status_code == 200
    entries = await run(world, "SELECT actor, action FROM audit_entry WHERE action LIKE 'user.%abled' ORDER BY at")
    assert [tuple(entry) for entry in entries] == [("ada", "user.disabled"), ("ada", "user.enabled")]


async def test_a_key_that_its_owner_blocked_stays_so(world: World) -> None:
    made = await subscribed_key(world.alice)
    await world.alice.execute(BLOCK, {"k": made["apiKey"]["id"]})
    alice = await user_id(world.ada, "alice")
    for change_ in (DISABLE, ENABLE):
        await world.ada.execute(change_, {"i": {"userId": alice}})
    assert await world.portal.services.keys.settle() == 0
    assert (await call(world, made["secret"])).status_code == 401


async def test_nobody_disables_or_offboards_himself(world: World) -> None:
    ada = await user_id(world.ada, "ada")
    for mutation, more in ((DISABLE, {}), (OFFBOARD, {"keys": "REVOKE"})):
        (answer,) = (await world.ada.execute(mutation, {"i": {"userId": ada, **more}})).values()
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", "userId")
    await world.ada.execute(ME)
    assert await run(world, "SELECT count(*) FROM app_user WHERE disabled_at IS NOT NULL") == [(0,)]


async def leaver(world: World) -> tuple[str, dict[str, Any]]:
    """(id, key) of alice, who has one of everything."""
    made = await subscribed_key(world.alice)
    await create(world.alice, "READ")
    assert (await call(world, made["secret"])).status_code == 200
    db = world.portal.services.db
    alice = await user_id(world.ada, "alice")
    for status in ("PENDING", "SUSPENDED"):
        model = await a_model(db)
        await run(
            world,
            "INSERT INTO model_subscription (id, user_id, model_id, status, created_at, updated_at) "
            "SELECT gen_random_uuid(), u.id, :m, :s, now(), now() FROM app_user u WHERE username = 'alice'",
            m=model.id,
            s=status,
        )
    return alice, made


IMPACTED = {
    "sessions": 1,
    "accessTokens": 1,
    "keys": 1,
    "keysInUse": 1,
    "activeSubscriptions": 1,
    "pendingSubscriptions": 1,
    "suspendedSubscriptions": 1,
}


async def test_what_leaving_ends_is_told_beforehand_and_then_ended(world: World) -> None:
    alice, made = await leaver(world)
    await usage_arrived(world)
    for reader in (world.ada, world.audrey):
        assert (await reader.execute(IMPACT, {"u": alice}))["admin"]["offboardingImpact"] == IMPACTED
    wanted = {"userId": alice, "keys": "REVOKE", "reason": "has left"}
    done = (await world.ada.execute(OFFBOARD, {"i": wanted}))["offboardUser"]
    assert (done["__typename"], done["user"]["username"]) == ("OffboardUserSuccess", "alice")
    after = (await world.ada.execute(IMPACT, {"u": alice}))["admin"]["offboardingImpact"]
    assert after == dict.fromkeys(IMPACTED, 0)
    assert await world.alice.refused(ME) == {"code": "UNAUTHENTICATED"}
    assert await world.portal.services.keys.settle() == 1
    assert (await call(world, made["secret"])).status_code == 401
    reasons = await run(world, "SELECT DISTINCT reason FROM model_subscription WHERE status = 'CANCELLED'")
    assert [row.reason for row in reasons] == ["has left"]
    ((detail,),) = await run(world, "SELECT detail FROM audit_entry WHERE action = 'user.offboarded'")
    assert detail["ended"] == {"access_tokens": 1, "keys": 1, "subscriptions": 3}


async def usage_arrived(world: World) -> None:
    for _ in range(100):
        if await run(world, "SELECT 1 FROM usage_hourly"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the ledger has not heard of the call")


async def test_keys_may_be_kept_on_hold_and_subscriptions_too(world: World) -> None:
    alice, made = await leaver(world)
    wanted = {"userId": alice, "keys": "BLOCK", "subscriptions": "KEEP"}
    await world.ada.execute(OFFBOARD, {"i": wanted})
    after = (await world.ada.execute(IMPACT, {"u": alice}))["admin"]["offboardingImpact"]
    assert (after["keys"], after["activeSubscriptions"], after["accessTokens"]) == (1, 1, 0)
    await world.portal.services.keys.settle()
    assert (await call(world, made["secret"])).status_code == 401
    await world.ada.execute(ENABLE, {"i": {"userId": alice}})
    await world.portal.services.keys.settle()
    assert (await call(world, made["secret"])).status_code == 200


@pytest.mark.parametrize(("mutation", "more"), [(DISABLE, {}), (ENABLE, {}), (OFFBOARD, {"keys": "REVOKE"})])
async def test_only_admins_let_people_out(world: World, mutation: str, more: dict[str, str]) -> None:
    bob = await user_id(world.ada, "bob")
    before = await run(world, "SELECT * FROM app_user ORDER BY id")
    for client in (world.alice, world.audrey):
        assert await client.refused(mutation, {"i": {"userId": bob, **more}}) == {"code": "FORBIDDEN"}
    assert await run(world, "SELECT * FROM app_user ORDER BY id") == before
    await world.bob.execute(ME)


async def test_a_reason_that_is_too_long_is_named(world: World) -> None:
    bob = await user_id(world.ada, "bob")
    answer = (await world.ada.execute(DISABLE, {"i": {"userId": bob, "reason": "x" * 1001}}))["disableUser"]
    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "reason")
    await world.bob.execute(ME)
