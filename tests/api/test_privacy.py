"""What is kept about a person: handed out, forgotten, and kept no longer than is set."""

import json
from typing import Any

import pytest

from gateway.privacy import PrivacyService
from tests.api.conftest import World
from tests.api.test_access_tokens import create, run, user_id
from tests.api.test_first_call import call, model_id, subscribed_key
from tests.builders import a_model
from tests.documents import SUBSCRIBE
from tests.graphql import Client

ME = "{ viewer { user { username } } }"
IMPACT = "{ username sessions accessTokens keys subscriptions notifications auditEntries }"
MY_IMPACT = f"{{ viewer {{ erasureImpact {IMPACT} }} }}"
THEIR_IMPACT = f"query($u: ID!) {{ admin {{ erasureImpact(userId: $u) {IMPACT} }} }}"
RECEIPT = """__typename ... on InvalidInput { field message } ... on %s { receipt {
  userId pseudonym erasedAt sessions accessTokens keys subscriptions notifications texts auditEntries } }"""
ERASE_ME = f"mutation($n: String!) {{ eraseMe(input: {{username: $n}}) {{ {RECEIPT % 'EraseMeSuccess'} }} }}"
ERASE = (
    "mutation($u: ID!, $n: String!) { erasePerson(input: {userId: $u, username: $n}) "
    f"{{ {RECEIPT % 'ErasePersonSuccess'} }} }}"
)
ASK_QUOTA = """mutation($s: ID!, $why: String!) { requestQuotaChange(input: {subscriptionId: $s, justification: $why, maxTokens: 5}) {
  __typename } }"""
DENY = """mutation($s: ID!, $why: String!) { denyModelSubscription(input: {subscriptionId: $s, reason: $why}) { __typename } }"""
SECTIONS = [
    "profile",
    "sessions",
    "access_tokens",
    "subscriptions",
    "subscription_history",
    "quota_changes",
    "api_keys",
    "api_key_generations",
    "usage_daily",
    "calls",
    "notifications",
    "audit_entries",
]


async def everywhere(world: World, *words: str) -> list[str]:
    """The tables in whose rows one of the words occurs, whatever the case."""
    found = []
    for (table,) in await run(world, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"):
        statement = f'SELECT count(*) FROM "{table}" t WHERE to_jsonb(t)::text ILIKE ANY(:words)'
        ((count,),) = await run(world, statement, words=[f"%{word}%" for word in words])
        found += [table] if count else []
    return found


async def lived_in(world: World) -> dict[str, Any]:
    """Alice has one of everything, and wrote wherever she could: her key."""
    services = world.portal.services
    made = await subscribed_key(world.alice)
    await create(world.alice, "READ")
    assert (await call(world, made["secret"], prompt="wombat")).status_code == 200
    restricted = await a_model(services.db, "restricted-one")
    await run(world, "UPDATE model SET access = 'RESTRICTED' WHERE id = :m", m=restricted.id)
    asked = await world.alice.execute(
        SUBSCRIBE, {"m": await model_id(world.alice, "restricted-one"), "why": "quokka asks"}
    )
    subscription = asked["requestModelSubscription"]["subscription"]["id"]
    await world.ada.execute(DENY, {"s": subscription, "why": "numbat says no"})
    open_one = (
        await world.alice.execute(
            "{ viewer { modelSubscriptions(first: 5, status: [ACTIVE]) { edges { node { id } } } } }"
        )
    )["viewer"]["modelSubscriptions"]["edges"][0]["node"]["id"]
    asked = await world.alice.execute(ASK_QUOTA, {"s": open_one, "why": "quokka wants more"})
    assert asked["requestQuotaChange"]["__typename"] == "RequestQuotaChangeSuccess"
    await services.notifications.announce_events()
    await services.audit.seal()
    return made


async def export(client: Client) -> dict[str, Any]:
    answer = await client.http.get("/exports/me")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="litemaas-my-data.json"'
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")
    found: dict[str, Any] = answer.json()
    return found


async def test_all_that_is_kept_is_handed_out_and_no_secret(world: World) -> None:
    made = await lived_in(world)
    async with world.alice.subscribe("subscription { usageChanged { totals { requests } } }") as ticks:
        async for tick in ticks:
            if tick["data"]["usageChanged"]["totals"]["requests"] == 1:
                break
    found = await export(world.alice)
    assert list(found) == SECTIONS
    assert [(row["username"], row["email"]) for row in found["profile"]] == [("alice", "alice@example.com")]
    assert {name: len(rows) for name, rows in found.items() if name != "audit_entries"} == {
        "profile": 1,
        "sessions": 1,
        "access_tokens": 1,
        "subscriptions": 2,
        "subscription_history": 4,
        "quota_changes": 1,
        "api_keys": 1,
        "api_key_generations": 1,
        "usage_daily": 1,
        "calls": 1,
        "notifications": 1,
    }
    assert found["api_keys"][0]["models"] == ["gpt-5-mini"]
    assert found["api_key_generations"][0]["prefix"] == made["secret"][:10]
    assert {entry["action"] for entry in found["audit_entries"]} >= {"key.created", "user.exported"}
    assert [entry["address"] for entry in found["audit_entries"] if entry["actor"] == "ada"] == [None]
    assert await everywhere(world, "wombat") == [], "what was said to a model is nowhere"
    text = json.dumps(found)
    assert made["secret"] not in text
    hashes = await run(
        world, "SELECT token_hash FROM login_session UNION ALL SELECT token_hash FROM api_key_generation"
    )
    assert not any(row.token_hash in text for row in hashes)


async def test_it_is_handed_out_to_a_session_only_and_put_down(world: World) -> None:
    key = world.portal.bearer((await subscribed_key(world.alice))["secret"])
    scopes = ("READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE")
    token = world.portal.bearer((await create(world.alice, *scopes))["secret"])
    for client, status in ((key, 403), (token, 403), (world.nobody, 401)):
        assert (await client.http.get("/exports/me")).status_code == status
    count = "SELECT actor FROM audit_entry WHERE action = 'user.exported'"
    assert await run(world, count) == []
    for name, client in (("bob", world.bob), ("audrey", world.audrey)):
        assert [row["username"] for row in (await export(client))["profile"]] == [name]
    assert [row.actor for row in await run(world, count)] == ["bob", "audrey"]


async def test_many_rows_come_in_batches_each_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.privacy.export.AT_ONCE", 3)
    for number in range(7):
        await create(world.alice, "READ", name=f"script {number}")
    found = await export(world.alice)
    assert sorted(row["name"] for row in found["access_tokens"]) == [f"script {number}" for number in range(7)]
    assert [row["action"] for row in found["audit_entries"]].count("access_token.created") == 7


async def test_nothing_is_left_of_who_asks_to_be_forgotten(world: World) -> None:
    services = world.portal.services
    made = await lived_in(world)
    await world.ada.http.get("/exports/audit", params={"actor": "alice", "search": "alice"})
    words = ("alice", "arnold", "quokka", "numbat")
    assert {"app_user", "audit_entry", "subscription_change", "notification"} <= set(await everywhere(world, *words))
    told = (await world.alice.execute(MY_IMPACT))["viewer"]["erasureImpact"]
    me = await user_id(world.ada, "alice")
    assert (await world.audrey.execute(THEIR_IMPACT, {"u": me}))["admin"]["erasureImpact"] == told
    entries = told.pop("auditEntries")
    assert told == {
        "username": "alice",
        "sessions": 1,
        "accessTokens": 1,
        "keys": 1,
        "subscriptions": 1,
        "notifications": 1,
    }
    receipt = (await world.alice.execute(ERASE_ME, {"n": "alice"}))["eraseMe"]["receipt"]
    pseudonym = receipt["pseudonym"]
    assert pseudonym.startswith("erased-")
    assert (receipt["userId"], receipt["auditEntries"]) == (me, entries)
    assert [receipt[name] for name in ("sessions", "accessTokens", "keys", "subscriptions")] == [1, 1, 1, 1]
    assert await everywhere(world, "alice", "arnold", "quokka") == []
    assert await everywhere(world, "numbat") == ["audit_entry"], "what an admin wrote is sealed in the record"

    assert await world.alice.refused(ME) == {"code": "UNAUTHENTICATED"}
    await services.keys.settle()
    assert (await call(world, made["secret"])).status_code == 401
    await services.notifications.announce_events()
    assert (
        await run(
            world, "SELECT 1 FROM notification n JOIN app_user u ON u.id = n.user_id WHERE erased_at > '-infinity'"
        )
        == []
    )
    await services.audit.seal()
    assert (await services.audit.verify()).broken is None
    (entry,) = await run(world, "SELECT actor, detail FROM audit_entry WHERE action = 'user.erased'")
    assert entry.actor == pseudonym
    assert entry.detail["pseudonym"] == pseudonym
    assert entry.detail["audit_entries"] == entries
    assert await run(world, "SELECT count(*) FROM usage_event WHERE success AND user_id IS NOT NULL") == [(1,)]

    again = await world.portal.sign_in("alice")
    assert (await again.execute("{ viewer { apiKeys(first: 1) { totalCount } } }"))["viewer"]["apiKeys"][
        "totalCount"
    ] == 0
    assert await user_id(world.ada, "alice") != me


async def test_an_admin_erases_and_may_do_it_again(world: World) -> None:
    await lived_in(world)
    alice = await user_id(world.ada, "alice")
    first = (await world.ada.execute(ERASE, {"u": alice, "n": "alice"}))["erasePerson"]["receipt"]
    await run(world, "UPDATE api_key SET name = 'alice''s'")
    again = (await world.ada.execute(ERASE, {"u": alice, "n": first["pseudonym"]}))["erasePerson"]["receipt"]
    assert (again["pseudonym"], again["erasedAt"]) == (first["pseudonym"], first["erasedAt"])
    assert (again["keys"], again["texts"], again["auditEntries"]) == (0, 1, 0)
    assert await everywhere(world, "alice") == []
    entries = await run(world, "SELECT actor FROM audit_entry WHERE action = 'user.erased'")
    assert [entry.actor for entry in entries] == ["ada", "ada"]


async def test_what_an_erased_admin_decided_keeps_a_pseudonym(world: World) -> None:
    await lived_in(world)
    await run(world, "UPDATE app_user SET role = 'ADMIN' WHERE username = 'bob'")
    ada = await user_id(world.bob, "ada")
    receipt = (await world.ada.execute(ERASE_ME, {"n": "ada"}))["eraseMe"]["receipt"]
    lines = await run(
        world, "SELECT actor, reason FROM subscription_change WHERE actor_id IS NOT NULL AND action = 'DENIED'"
    )
    assert [tuple(line) for line in lines] == [(receipt["pseudonym"], None)]
    notices = await run(world, "SELECT actor, reason FROM notification WHERE kind = 'SUBSCRIPTION_DENIED'")
    assert [tuple(notice) for notice in notices] == [(receipt["pseudonym"], None)]
    assert await run(world, "SELECT reason FROM model_subscription WHERE status = 'DENIED'") == [(None,)]
    assert receipt["userId"] == ada
    assert await everywhere(world, "adler", "ada@") == []


async def test_it_has_to_be_confirmed_and_an_admin_has_to_be_left(world: World) -> None:
    users = "SELECT * FROM app_user ORDER BY id"
    before = await run(world, users)
    for name in ("bob", "Alice", ""):
        answer = (await world.alice.execute(ERASE_ME, {"n": name}))["eraseMe"]
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", "username")
    alice = await user_id(world.ada, "alice")
    answer = (await world.ada.execute(ERASE, {"u": alice, "n": "bob"}))["erasePerson"]
    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "username")
    answer = (await world.ada.execute(ERASE_ME, {"n": "ada"}))["eraseMe"]
    assert answer["message"].startswith("username is the last admin's")
    for client in (world.bob, world.audrey):
        assert await client.refused(ERASE, {"u": alice, "n": "alice"}) == {"code": "FORBIDDEN"}
    assert await world.bob.refused(THEIR_IMPACT, {"u": alice}) == {"code": "FORBIDDEN"}
    reader = world.portal.bearer((await create(world.alice, "READ", "KEYS_WRITE"))["secret"])
    assert (await reader.refused(ERASE_ME, {"n": "alice"}))["code"] == "FORBIDDEN"
    assert await run(world, users) == before
    await world.alice.execute(ME)


async def test_what_a_request_wrote_meanwhile_is_swept(world: World) -> None:
    alice = await user_id(world.ada, "alice")
    receipt = (await world.ada.execute(ERASE, {"u": alice, "n": "alice"}))["erasePerson"]["receipt"]
    await run(
        world,
        "INSERT INTO audit_entry (id, at, actor_id, actor, action, target, detail) "
        "SELECT gen_random_uuid(), now(), id, 'alice', 'key.blocked', 'portal', '{}' FROM app_user WHERE username = :n",
        n=receipt["pseudonym"],
    )
    assert await world.portal.services.privacy.retain() == 1
    assert await everywhere(world, "alice") == []


async def test_what_is_over_is_kept_as_long_as_is_set(world: World) -> None:
    await lived_in(world)
    await run(world, "UPDATE notification SET read_at = now() - interval '50 days'")
    await run(world, "UPDATE access_token SET revoked_at = now() - interval '50 days'")
    await run(world, "UPDATE api_key SET status = 'REVOKED', updated_at = now() - interval '50 days'")
    await run(world, "UPDATE model_subscription SET updated_at = now() - interval '50 days' WHERE status = 'DENIED'")
    db = world.portal.services.db
    counts = []
    for days in (None, 51, 49, 49):
        service = PrivacyService(db, notifications_keep_days=days, ended_keep_days=days)
        counts.append(await service.retain())
    # A notice, a token, a key; a subscription and the two lines of its history with words.
    assert counts == [0, 0, 6, 0]
    assert await run(world, "SELECT count(*) FROM notification") == [(0,)]
    assert await run(world, "SELECT name FROM api_key") == [("erased",)]
    reasons = await run(world, "SELECT justification FROM quota_change")
    assert [row.justification for row in reasons] == ["quokka wants more"], "that subscription is not over"


async def test_a_notice_that_nobody_reads_goes_after_a_year(world: World) -> None:
    await lived_in(world)
    db = world.portal.services.db
    counts = []
    for age, kept in ((365, 31), (367, None), (367, 400), (401, 400)):
        age_all = f"UPDATE notification SET created_at = now() - interval '{age} days', read_at = NULL"
        await run(world, age_all)
        counts.append(await PrivacyService(db, notifications_keep_days=kept).retain())
    assert counts == [0, 0, 0, 1]


async def test_nobody_is_let_in_again_as_somebody_erased(world: World) -> None:
    alice = await user_id(world.ada, "alice")
    receipt = (await world.ada.execute(ERASE, {"u": alice, "n": "alice"}))["erasePerson"]["receipt"]
    enable = (
        "mutation($u: ID!) { enableUser(input: {userId: $u}) { __typename ... on InvalidInput { field message } } }"
    )
    answer = (await world.ada.execute(enable, {"u": alice}))["enableUser"]
    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "userId")
    found = await world.ada.execute(
        "query($u: ID!) { admin { user(userId: $u) { erasedAt disabledAt } } }", {"u": alice}
    )
    assert found["admin"]["user"]["erasedAt"] == found["admin"]["user"]["disabledAt"] == receipt["erasedAt"]
