"""What others have got wrong: each hole tried, over HTTP, and that nothing came of it."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest

from gateway.catalog import ModelAccess
from gateway.settings import ApiSettings
from tests.api.conftest import World
from tests.api.test_access_tokens import create, run, user_id
from tests.api.test_first_call import model_id, subscribed_key
from tests.api.test_keys import UPDATE
from tests.api.test_rate_limits import a_portal
from tests.api.test_subscriptions import APPROVE, change, restricted
from tests.builders import a_model
from tests.documents import CREATE, SUBSCRIBE
from tests.graphql import Client
from tests.portal import ORIGIN, SESSION, browser, portal, sandbox_settings

ME = "{ viewer { user { username role } } }"
BROWSERS = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605.1.15 Version/19.0 Safari/605.1.15",
    "kube-probe/1.31",
    "curl/8.10",
]


async def statuses(world: World) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await run(world, "SELECT id, status, max_budget FROM model_subscription ORDER BY id")]


async def test_nobody_approves_himself(world: World) -> None:
    """Not a user, not an auditor, not with a token of every scope, and not an admin who asked for himself."""
    asked = await restricted(world, world.alice)
    everything = world.portal.bearer(
        (await create(world.alice, "READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE"))["secret"]
    )
    own = (await restricted(world, world.ada))["id"]
    before = await statuses(world)
    for client, subscription in (
        (world.alice, asked["id"]),
        (everything, asked["id"]),
        (world.bob, asked["id"]),
        (world.audrey, asked["id"]),
        (world.ada, own),
    ):
        wanted = {"i": {"subscriptionId": subscription, "reason": "I say so"}}
        assert await client.refused(APPROVE, wanted) == {"code": "FORBIDDEN"}
    for name, more in (
        ("updateModelSubscription", {"maxBudget": "1000000"}),
        ("resumeModelSubscription", {}),
    ):
        wanted = {"i": {"subscriptionId": asked["id"], **more}}
        assert await world.alice.refused(change(name), wanted) == {"code": "FORBIDDEN"}
    assert await statuses(world) == before


async def test_a_status_cannot_be_brought_along(world: World) -> None:
    model = await a_model(world.portal.services.db, access=ModelAccess.RESTRICTED)
    found = await model_id(world.alice, model.name)
    document = """mutation($i: RequestModelSubscriptionInput!) { requestModelSubscription(input: $i) { __typename } }"""
    for extra in ({"status": "ACTIVE"}, {"userId": await user_id(world.ada, "bob")}, {"approvedBy": "ada"}):
        answer = await world.alice.post(document, {"i": {"modelId": found, "justification": "x", **extra}})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await statuses(world) == []


async def test_a_role_does_not_survive_its_removal(world: World) -> None:
    """In an open session, in a token with every scope, and in a socket that asks again."""
    count = "{ admin { users(first: 1) { totalCount } } }"
    token = world.portal.bearer((await create(world.ada, "READ", "ADMIN"))["secret"])
    asked = await restricted(world, world.alice)
    async with world.ada.socket() as socket:
        actor = await world.portal.services.auth.actor(world.ada.http.cookies[SESSION])
        assert actor is not None
        await run(world, "UPDATE app_user SET role = 'USER' WHERE username = 'ada'")
        for client in (world.ada, token):
            assert await client.refused(count) == {"code": "FORBIDDEN"}
            wanted = {"i": {"subscriptionId": asked["id"]}}
            assert await client.refused(APPROVE, wanted) == {"code": "FORBIDDEN"}
        assert await world.portal.services.recheck(actor) != actor, "which is what the socket is closed for"
        assert socket.close_code is None
    assert (await statuses(world))[0][1] == "PENDING"
    # The sandbox's sign-in gives it back: it was only taken away here.
    assert (await (await world.portal.sign_in("ada")).execute(ME))["viewer"]["user"]["role"] == "ADMIN"


async def test_who_may_read_everything_changes_no_budget(world: World) -> None:
    key = (await subscribed_key(world.alice))["apiKey"]["id"]
    ((subscription,),) = [
        (edge["node"]["id"],)
        for edge in (
            await world.audrey.execute("{ admin { modelSubscriptions(first: 1) { edges { node { id } } } } }")
        )["admin"]["modelSubscriptions"]["edges"]
    ]
    auditors_token = world.portal.bearer(
        (await create(world.audrey, "READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE", "ADMIN"))["secret"]
    )
    # Without ADMIN it is a plain user's, and still an auditor's.
    small = world.portal.bearer((await create(world.audrey, "READ", "KEYS_WRITE"))["secret"])
    before = await run(world, "SELECT * FROM api_key"), await statuses(world)
    for client in (world.audrey, auditors_token):
        assert await client.refused(UPDATE, {"input": {"apiKeyId": key, "maxBudget": "99"}}) == {"code": "FORBIDDEN"}
        wanted = {"i": {"subscriptionId": subscription, "maxBudget": "99"}}
        assert await client.refused(change("updateModelSubscription"), wanted) == {"code": "FORBIDDEN"}
        policy = "mutation($i: SetKeyPolicyInput!) { setKeyPolicy(input: $i) { __typename } }"
        assert await client.refused(policy, {"i": {"maxKeys": 99}}) == {"code": "FORBIDDEN"}
    assert await small.refused(UPDATE, {"input": {"apiKeyId": key, "maxBudget": "99"}}) == {"code": "FORBIDDEN"}
    assert (await run(world, "SELECT * FROM api_key"), await statuses(world)) == before
    assert await run(world, "SELECT count(*) FROM key_rules") == [(0,)]


async def test_an_auditor_gets_no_key_by_way_of_a_plain_token(world: World) -> None:
    """A token without ADMIN is a plain user's: what its owner may not do, it may not do either."""
    token = world.portal.bearer(
        (await create(world.audrey, "READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE"))["secret"]
    )
    model = await model_id(world.alice, "gpt-5-mini")
    assert await token.refused(SUBSCRIBE, {"m": model}) == {"code": "FORBIDDEN"}
    assert await token.refused(CREATE, {"input": {"name": "x", "modelIds": [model]}}) == {"code": "FORBIDDEN"}
    assert await statuses(world) == []
    assert await run(world, "SELECT count(*) FROM api_key") == [(0,)]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "/%5cevil.test",
        "/auth/callback?code=x",
        "javascript:alert(1)",
        "\thttps://evil.test",
    ],
)
async def test_no_sign_in_carries_anything_to_another_site(database_url: str, target: str) -> None:
    app, services = portal(sandbox_settings(database_url))
    async with browser(app) as client:
        response = await client.post("/auth/sandbox", data={"username": "alice", "next": target})
        there = httpx2.URL(ORIGIN).join(response.headers["location"])
        assert (there.scheme, there.host) == ("http", urlsplit(ORIGIN).hostname)
        token = client.cookies[SESSION]
        assert token not in response.headers["location"], "no token in an address"
        assert token not in response.text, "nor in a page"
        assert "HttpOnly" in response.headers["set-cookie"]
        for header in ("access-control-allow-origin", "access-control-allow-credentials"):
            assert header not in response.headers
    await services.db.close()


async def test_a_token_in_the_address_is_nobody(world: World) -> None:
    secret = (await create(world.alice, "READ"))["secret"]
    session = world.alice.http.cookies[SESSION]
    for query in (
        f"access_token={secret}",
        f"token={session}",
        f"{SESSION}={session}",
        f"Authorization=Bearer%20{secret}",
    ):
        response = await world.nobody.http.post(f"/graphql?{query}", json={"query": ME})
        assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize("agent", BROWSERS)
async def test_nobody_is_let_in_for_the_name_of_a_browser(world: World, agent: str) -> None:
    async with httpx.AsyncClient(
        base_url=world.portal.url, headers={"User-Agent": agent, "Accept": "text/html"}
    ) as http:
        stranger = Client(http)
        assert await stranger.refused(ME) == {"code": "UNAUTHENTICATED"}
        assert await stranger.refused("{ admin { __typename } }") == {"code": "UNAUTHENTICATED"}
        assert await stranger.refused("{ models(first: 1) { totalCount } }") == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-User": "ada"},
        {"X-Remote-User": "ada"},
        {"Remote-User": "ada"},
        {"X-Forwarded-Preferred-Username": "ada", "X-Forwarded-Groups": "admins"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        {"X-Forwarded-Host": "localhost", "X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz"},
        {"X-HTTP-Method-Override": "GET"},
        {"Authorization": "Basic YWRhOmFkYQ=="},
        {"Cookie": f"{SESSION}=ada"},
        {"Cookie": f"__Host-{SESSION}=ada"},
    ],
    ids=str,
)
async def test_nobody_is_let_in_for_a_header(world: World, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=world.portal.url, headers={"X-LiteMaaS-Request": "1"} | headers) as http:
        assert await Client(http).refused(ME) == {"code": "UNAUTHENTICATED"}


async def test_a_changing_header_does_not_change_where_one_is_seen_to_come_from(world: World) -> None:
    made = await create(world.alice, "READ")
    for n in range(3):
        await run(world, "UPDATE access_token SET last_used_at = NULL")
        program = world.portal.bearer(made["secret"])
        program.http.headers["X-Forwarded-For"] = f"198.51.100.{n}"
        await program.execute(ME)
        assert await run(world, "SELECT last_used_address FROM access_token") == [("127.0.0.1",)]
    await world.audrey.http.post("/graphql", json={"query": "{__typename}"})
    world.alice.http.headers["X-Forwarded-For"] = "198.51.100.9"
    assert await world.alice.refused("{ admin { __typename } }") == {"code": "FORBIDDEN"}
    ((address,),) = await run(world, "SELECT address FROM audit_entry WHERE action = 'admin'")
    assert address == "127.0.0.1"


async def test_no_rate_limit_is_escaped_by_a_changing_header(database_url: str) -> None:
    few = ApiSettings(cost_ceiling=10, points=10, points_per_second=1, writes=3, writes_per_minute=1, concurrency=2)
    async with a_portal(database_url, few) as portal:
        for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"):
            statuses = []
            for n in range(40):
                stranger = portal.nobody().http
                spoofed = {header: f"for=198.51.100.{n}" if header == "Forwarded" else f"198.51.100.{n}"}
                query = {"query": "{ " + " ".join(f"a{i}: portal {{ version }}" for i in range(9)) + " }"}
                statuses.append((await stranger.post("/graphql", json=query, headers=spoofed)).status_code)
                await stranger.aclose()
            assert 429 in statuses, header


async def test_no_limit_is_escaped_by_leaving_it_out(world: World) -> None:
    policy = "mutation($i: SetKeyPolicyInput!) { setKeyPolicy(input: $i) { __typename } }"
    most = {"maxBudget": "5", "budgetDuration": "30d", "rpmLimit": 9, "tpmLimit": 900, "maxParallelRequests": 2}
    done = await world.ada.execute(policy, {"i": most})
    assert done["setKeyPolicy"]["__typename"] == "SetKeyPolicySuccess"
    model = await model_id(world.alice, "gpt-5-mini")
    await world.alice.execute(SUBSCRIBE, {"m": model})
    limits = "SELECT max_budget, budget_duration, rpm_limit, tpm_limit, max_parallel_requests FROM api_key"
    for asked in ({}, dict.fromkeys(most)):
        made = await world.alice.execute(CREATE, {"input": {"name": "k", "modelIds": [model], **asked}})
        assert made["createApiKey"]["__typename"] == "CreateApiKeySuccess"
        key = made["createApiKey"]["apiKey"]["id"]
        await world.alice.execute(UPDATE, {"input": {"apiKeyId": key, **dict.fromkeys(most)}})
    assert [tuple(row) for row in await run(world, limits)] == [(5, "30d", 9, 900, 2)] * 2
    for more in ({"maxBudget": "5.01"}, {"rpmLimit": 10}, {"tpmLimit": 901}, {"maxParallelRequests": 3}):
        (field,) = more
        answer = (await world.alice.execute(UPDATE, {"input": {"apiKeyId": key, **more}}))["updateApiKey"]
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)
    assert [tuple(row) for row in await run(world, limits)] == [(5, "30d", 9, 900, 2)] * 2
