"""Access tokens: what they open, what they don't, and how they end."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import websockets
from sqlalchemy import text

from gateway.auth.tokens import MAX_TOKENS, checksum, is_token, new_secret
from schema.relay import split_id
from tests.api.conftest import World
from tests.api.test_first_call import model_id, subscribed_key
from tests.documents import CREATE_TOKEN, SUBSCRIBE
from tests.graphql import Client
from tests.portal import SESSION

ME = "{ viewer { user { username role } } }"
MINE = """query($s: [AccessTokenStatus!]) { viewer { accessTokens(first: 10, status: $s) { totalCount
  edges { node { id name lastFour scopes status lastUsedAt lastUsedAddress } } } } }"""
REVOKE_TOKEN = """mutation($t: ID!) { revokeAccessToken(input: {accessTokenId: $t}) { __typename
  ... on RevokeAccessTokenSuccess { accessToken { status revokedAt } } ... on InvalidInput { field } } }"""
in_shared_world = pytest.mark.asyncio(loop_scope="module")
EVERYTHING = ["READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE", "ADMIN"]


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def create(client: Client, *scopes: str, days: float = 30, name: str = "script") -> dict[str, Any]:
    wanted = {"name": name, "scopes": list(scopes), "expiresAt": in_days(days)}
    return dict((await client.execute(CREATE_TOKEN, {"input": wanted}))["createAccessToken"])


async def refused(client: Client) -> httpx.Response:
    """Nothing is answered to whoever shows this: the same for every reason."""
    response = await client.http.post("/graphql", json={"query": "{ portal { version } }"})
    assert response.status_code == 401
    assert response.json() == {
        "errors": [
            {
                "message": "This token is unknown, expired or revoked.",
                "extensions": {"code": "UNAUTHENTICATED"},
            }
        ]
    }
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    return response


async def run(world: World, statement: str, **values: Any) -> list[Any]:
    async with world.portal.services.db.write() as session:
        result = await session.execute(text(statement), values)
        return list(result) if result.returns_rows else []


def test_a_secret_is_recognised_by_its_checksum() -> None:
    secret = new_secret()
    assert re.fullmatch(r"lmt_[0-9A-Za-z]{46}", secret)
    assert is_token(secret)
    assert secret[-6:] == checksum(secret[4:44])
    assert not is_token(secret[:10] + ("x" if secret[10] != "x" else "y") + secret[11:])
    assert not is_token(secret + "0")
    assert not is_token("LMT_" + secret[4:])
    # So that scanners of other makers can be told how it is made.
    assert checksum("0" * 40) == "2kaqcA"
    assert len({new_secret() for _ in range(100)}) == 100


async def test_a_token_is_shown_once_and_used_by_a_program(world: World) -> None:
    made = await create(world.alice, "READ", "KEYS_WRITE", name="  nightly ")
    secret, token = made["secret"], made["accessToken"]
    assert token == {
        "id": token["id"],
        "name": "nightly",
        "lastFour": secret[-4:],
        "scopes": ["READ", "KEYS_WRITE"],
        "status": "ACTIVE",
        "expiresAt": token["expiresAt"],
        "revokedAt": None,
        "lastUsedAt": None,
        "lastUsedAddress": None,
        "user": {"username": "alice"},
    }
    program = world.portal.bearer(secret)
    assert (await program.execute(ME))["viewer"]["user"] == {"username": "alice", "role": "USER"}
    listed = (await world.alice.execute(MINE))["viewer"]["accessTokens"]
    assert listed["totalCount"] == 1
    (edge,) = listed["edges"]
    assert edge["node"]["lastUsedAddress"] == "127.0.0.1"
    assert datetime.fromisoformat(edge["node"]["lastUsedAt"]) > datetime.now(UTC) - timedelta(minutes=1)
    for table in ("access_token", "audit_entry"):
        assert secret not in str(await run(world, f"SELECT to_jsonb(t) FROM {table} t"))
    (entry,) = await run(world, "SELECT actor, target, detail FROM audit_entry WHERE action = 'access_token.created'")
    assert entry.actor == "alice"
    assert entry.target == f"access_token:{split_id(token['id'])[1]}"
    assert (entry.detail["name"], entry.detail["scopes"]) == ("nightly", ["READ", "KEYS_WRITE"])


async def test_being_used_is_written_at_most_once_a_minute(world: World) -> None:
    program = world.portal.bearer((await create(world.alice, "READ"))["secret"])
    await program.execute(ME)
    first = await run(world, "SELECT last_used_at FROM access_token")
    await program.execute(ME)
    assert await run(world, "SELECT last_used_at FROM access_token") == first
    await run(world, "UPDATE access_token SET last_used_at = now() - interval '61 seconds'")
    await program.execute(ME)
    ((used,),) = await run(world, "SELECT last_used_at FROM access_token")
    assert used > first[0][0]


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer x",
        "bearer\tlmt_0000000000000000000000000000000000000000",
        "BEARER " + "lmt_" + "0" * 40 + "2kaqcA",
        "Bearer sk-lm-nobody-has-this",
        "Bearer sk-" + "x" * 5000,
        "Bearer lmt_\xe9",
        "Bearer two words",
    ],
)
@in_shared_world
async def test_what_nobody_was_given_is_refused_and_is_nobody_else(shared_world: World, authorization: str) -> None:
    """Not anonymous either: `portal` is for anybody, and is not answered."""
    stranger = shared_world.portal.nobody()
    stranger.http.headers = httpx.Headers([(b"Authorization", authorization.encode("latin-1"))])
    stranger.http.cookies.update(shared_world.alice.http.cookies)
    await refused(stranger)


async def test_two_headers_are_refused_even_if_one_is_good(world: World) -> None:
    secret = (await create(world.alice, "READ"))["secret"]
    for headers in (
        [("Authorization", f"Bearer {secret}"), ("Authorization", "Bearer x")],
        [("Authorization", "Basic eDp5"), ("Authorization", f"Bearer {secret}")],
    ):
        response = await world.nobody.http.post("/graphql", json={"query": ME}, headers=headers)
        assert response.status_code == 401


async def test_it_ends_when_it_is_revoked_or_over_or_its_owner_is_disabled(world: World) -> None:
    revoked, over, of_bob = [await create(client, "READ") for client in (world.alice, world.alice, world.bob)]
    programs = [world.portal.bearer(made["secret"]) for made in (revoked, over, of_bob)]
    for program in programs:
        await program.execute(ME)
    answer = (await world.alice.execute(REVOKE_TOKEN, {"t": revoked["accessToken"]["id"]}))["revokeAccessToken"]
    assert answer["accessToken"]["status"] == "REVOKED"
    again = (await world.alice.execute(REVOKE_TOKEN, {"t": revoked["accessToken"]["id"]}))["revokeAccessToken"]
    assert again == answer, "the second time changes nothing"
    over_id = split_id(over["accessToken"]["id"])[1]
    await run(world, "UPDATE access_token SET expires_at = now() WHERE id = :id", id=over_id)
    await run(world, "UPDATE app_user SET disabled_at = now() WHERE username = 'bob'")
    for program in programs:
        await refused(program)
    counts = {
        status: (await world.alice.execute(MINE, {"s": [status]}))["viewer"]["accessTokens"]["totalCount"]
        for status in ("ACTIVE", "REVOKED", "EXPIRED")
    }
    assert counts == {"ACTIVE": 0, "REVOKED": 1, "EXPIRED": 1}
    assert await run(world, "SELECT count(*) FROM audit_entry WHERE action = 'access_token.revoked'") == [(1,)]


async def test_the_token_wins_over_the_cookie(world: World) -> None:
    secret = (await create(world.alice, "READ"))["secret"]
    both = world.portal.bearer(secret)
    both.http.cookies.update(world.ada.http.cookies)
    assert SESSION in both.http.cookies
    assert (await both.execute(ME))["viewer"]["user"] == {"username": "alice", "role": "USER"}
    assert await both.refused("{ admin { users(first: 1) { totalCount } } }") == {"code": "FORBIDDEN"}


async def test_a_program_needs_no_origin_and_another_site_gets_no_further(world: World) -> None:
    program = world.portal.bearer((await create(world.alice, "READ"))["secret"])
    response = await program.http.post("/graphql", json={"query": ME}, headers={"Origin": "https://evil.test"})
    # No page of another site can set the header: its browser asks first, and nobody answers that it may.
    assert response.status_code == 200
    asked = await world.nobody.http.options(
        "/graphql",
        headers={"Origin": "https://evil.test", "Access-Control-Request-Headers": "authorization"},
    )
    assert "access-control-allow-origin" not in asked.headers


async def test_it_does_what_its_scopes_say_and_its_owner_may(world: World) -> None:
    reader = world.portal.bearer((await create(world.alice, "READ"))["secret"])
    model = await model_id(world.alice, "gpt-5-mini")
    answer = await reader.post(SUBSCRIBE, {"m": model})
    assert answer["errors"][0]["message"] == "This access token lacks the scope SUBSCRIPTIONS_WRITE."
    assert await run(world, "SELECT count(*) FROM model_subscription") == [(0,)]
    writer = world.portal.bearer((await create(world.alice, "READ", "SUBSCRIPTIONS_WRITE", "KEYS_WRITE"))["secret"])
    assert (await subscribed_key(writer))["apiKey"]["user"] == {"username": "alice"}
    only_writer = world.portal.bearer((await create(world.alice, "KEYS_WRITE"))["secret"])
    assert await only_writer.refused(ME) == {"code": "FORBIDDEN"}


async def test_it_is_never_more_than_its_owner_is_now(world: World) -> None:
    program = world.portal.bearer((await create(world.ada, *EVERYTHING))["secret"])
    count = "{ admin { users(first: 1) { totalCount } } }"
    assert (await program.execute(count))["admin"]["users"]["totalCount"] == 4
    await run(world, "UPDATE app_user SET role = 'USER' WHERE username = 'ada'")
    assert await program.refused(count) == {"code": "FORBIDDEN"}
    await run(world, "UPDATE app_user SET role = 'AUDITOR' WHERE username = 'ada'")
    assert (await program.execute(count))["admin"]["users"]["totalCount"] == 4
    assert await program.refused(
        "mutation($i: DisableUserInput!) { disableUser(input: $i) { __typename } }",
        {"i": {"userId": await user_id(program, "alice")}},
    ) == {"code": "FORBIDDEN"}


async def user_id(client: Client, username: str) -> str:
    found = await client.execute(
        "query($s: String) { admin { users(first: 1, search: $s) { edges { node { id } } } } }", {"s": username}
    )
    return str(found["admin"]["users"]["edges"][0]["node"]["id"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["ADMIN"]}, "scopes"),
        ({"expiresAt": in_days(-1)}, "expiresAt"),
        ({"expiresAt": in_days(367)}, "expiresAt"),
    ],
)
@in_shared_world
async def test_what_a_token_cannot_be_is_named(shared_world: World, changes: dict[str, Any], field: str) -> None:
    wanted = {"name": "script", "scopes": ["READ"], "expiresAt": in_days(1), **changes}
    answer = (await shared_world.alice.execute(CREATE_TOKEN, {"input": wanted}))["createAccessToken"]
    assert (answer["__typename"], answer.get("field")) == ("InvalidInput", field)
    assert await run(shared_world, "SELECT count(*) FROM access_token") == [(0,)]


async def test_a_token_makes_tokens_only_with_that_scope_and_never_larger_ones(world: World) -> None:
    reader = world.portal.bearer((await create(world.alice, "READ", "KEYS_WRITE"))["secret"])
    wanted = {"name": "child", "scopes": ["READ"], "expiresAt": in_days(1)}
    assert await reader.refused(CREATE_TOKEN, {"input": wanted}) == {"code": "FORBIDDEN"}
    parent = world.portal.bearer((await create(world.ada, "READ", "ACCOUNT_WRITE", days=2))["secret"])
    for changes, field in (
        ({"scopes": ["KEYS_WRITE"]}, "scopes"),
        ({"scopes": ["READ", "ADMIN"]}, "scopes"),
        ({"expiresAt": in_days(3)}, "expiresAt"),
    ):
        answer = (await parent.execute(CREATE_TOKEN, {"input": {**wanted, **changes}}))["createAccessToken"]
        assert (answer["__typename"], answer.get("field")) == ("InvalidInput", field)
    assert await run(world, "SELECT count(*) FROM access_token") == [(2,)]
    child = await create(parent, "READ", days=1)
    assert (await world.portal.bearer(child["secret"]).execute(ME))["viewer"]["user"]["username"] == "ada"


async def test_one_person_has_fifty_at_most(world: World) -> None:
    many = """INSERT INTO access_token (id, user_id, name, token_hash, last_four, scopes, created_at, expires_at)
    SELECT gen_random_uuid(), u.id, 'x', 'h' || n, 'xxxx', '{READ}', now(), now() + interval '1 day'
    FROM app_user u, generate_series(1, :n) n WHERE username = 'alice'"""
    await run(world, many, n=MAX_TOKENS - 1)
    answers = await asyncio.gather(*(create(world.alice, "READ") for _ in range(3)))
    assert sorted(answer["__typename"] for answer in answers) == [
        "CreateAccessTokenSuccess",
        "TooManyAccessTokens",
        "TooManyAccessTokens",
    ]
    assert await run(world, "SELECT count(*) FROM access_token") == [(MAX_TOKENS,)]


async def test_others_cannot_see_or_revoke_it_but_admins_can(world: World) -> None:
    token = (await create(world.alice, "READ"))["accessToken"]["id"]
    await create(world.bob, "READ")
    assert await world.bob.refused(REVOKE_TOKEN, {"t": token}) == {"code": "NOT_FOUND"}
    assert await world.audrey.refused(REVOKE_TOKEN, {"t": token}) == {"code": "FORBIDDEN"}
    all_of_them = (
        """query($u: ID) { admin { accessTokens(first: 10, userId: $u) { edges { node { user { username } } } } } }"""
    )
    assert await world.bob.refused(all_of_them) == {"code": "FORBIDDEN"}
    alice = await user_id(world.ada, "alice")
    for reader in (world.ada, world.audrey):
        seen = (await reader.execute(all_of_them))["admin"]["accessTokens"]["edges"]
        assert [edge["node"]["user"]["username"] for edge in seen] == ["bob", "alice"]
        seen = (await reader.execute(all_of_them, {"u": alice}))["admin"]["accessTokens"]["edges"]
        assert [edge["node"]["user"]["username"] for edge in seen] == ["alice"]
    assert await run(world, "SELECT count(*) FROM access_token WHERE revoked_at IS NOT NULL") == [(0,)]
    answer = (await world.ada.execute(REVOKE_TOKEN, {"t": token}))["revokeAccessToken"]
    assert answer["accessToken"]["status"] == "REVOKED"


async def test_a_socket_by_header(world: World) -> None:
    made = await create(world.alice, "READ")
    program = world.portal.bearer(made["secret"])
    program.http.cookies.update(world.ada.http.cookies)
    async with program.subscribe("subscription { usageChanged { totals { requests } } }") as ticks:
        assert (await anext(ticks))["data"]["usageChanged"]["totals"] == {"requests": 0}
    await world.alice.execute(REVOKE_TOKEN, {"t": made["accessToken"]["id"]})
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with program.socket():
            pass
    assert refusal.value.response.status_code == 401


def handshake(world: World, cookies: Client | None = None) -> Any:
    base = world.portal.url
    cookie = f"{SESSION}={cookies.http.cookies[SESSION]}" if cookies else ""
    return websockets.connect(
        base.replace("http", "ws", 1) + "/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        additional_headers={"Origin": base, "Cookie": cookie},
    )


async def test_a_socket_by_its_first_message_which_wins_over_a_cookie(world: World) -> None:
    secret = (await create(world.alice, "READ"))["secret"]
    async with handshake(world, world.ada) as socket:
        payload = {"Authorization": f"Bearer {secret}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": ME}}))
        assert json.loads(await socket.recv())["payload"]["data"]["viewer"]["user"]["username"] == "alice"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "Basic eDp5", 5, None, ["Bearer x"], "Bearer a b"])
@in_shared_world
async def test_a_bad_first_message_ends_the_socket_whatever_the_cookie_says(shared_world: World, value: Any) -> None:
    async with handshake(shared_world, shared_world.ada) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": value}}))
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_programs_with_other_scopes_do_not_share_a_stream(world: World) -> None:
    """Who joins a running stream is not asked by its resolver again."""
    live = "subscription { usageChanged { totals { requests } } }"
    keeper = world.portal.bearer((await create(world.alice, "KEYS_WRITE"))["secret"])
    async with world.alice.subscribe(live) as ticks:
        await anext(ticks)
        async with keeper.subscribe(live) as refusals:
            (refusal,) = await anext(refusals)
            assert refusal["extensions"]["code"] == "FORBIDDEN"
