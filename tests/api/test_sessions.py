"""Sessions: seen and ended by their owner, and where they come from."""

from datetime import datetime
from typing import Any

import httpx2
import pytest

from gateway.cli import uvicorn_config
from gateway.settings import Settings
from tests.api.conftest import World
from tests.api.test_access_tokens import create, run
from tests.graphql import Client
from tests.portal import ORIGIN, SESSION, browser, portal, sandbox_settings

MINE = """{ viewer { sessions(first: 10) { totalCount
  edges { node { id createdAt lastSeenAt expiresAt address userAgent current } } } } }"""
END = """mutation($s: ID!) { endSession(input: {sessionId: $s}) { __typename ... on InvalidInput { field } } }"""
END_OTHERS = """mutation($all: Boolean!) { endOtherSessions(input: {thisToo: $all}) {
  ... on EndOtherSessionsSuccess { ended } } }"""
ME = "{ viewer { user { username } } }"


async def sessions(client: Client) -> list[dict[str, Any]]:
    return [edge["node"] for edge in (await client.execute(MINE))["viewer"]["sessions"]["edges"]]


async def test_they_are_listed_with_where_they_come_from(world: World) -> None:
    phone = world.portal.nobody()
    phone.http.headers["User-Agent"] = "Phone/1.0 " + "x" * 500 + "\tend"
    await phone.http.post("/auth/sandbox", data={"username": "alice"})
    here, there = sorted(await sessions(world.alice), key=lambda session: not session["current"])
    assert (here["current"], there["current"]) == (True, False)
    assert here["address"] == there["address"] == "127.0.0.1"
    assert there["userAgent"] == ("Phone/1.0 " + "x" * 500)[:200]
    assert here["userAgent"].startswith("python-httpx/")
    lasts = datetime.fromisoformat(here["expiresAt"]) - datetime.fromisoformat(here["createdAt"])
    assert round(lasts.total_seconds()) == 24 * 3600
    assert [session["current"] for session in await sessions(phone)].count(True) == 1
    program = world.portal.bearer((await create(world.alice, "READ"))["secret"])
    assert [session["current"] for session in await sessions(program)] == [False, False]


async def test_one_is_ended_and_the_others_live_on(world: World) -> None:
    phone = await world.portal.sign_in("alice")
    (there,) = [session for session in await sessions(world.alice) if not session["current"]]
    for client, code in ((world.bob, "NOT_FOUND"), (world.ada, "NOT_FOUND"), (world.audrey, "NOT_FOUND")):
        assert await client.refused(END, {"s": there["id"]}) == {"code": code}
    await phone.execute(ME)
    ended = await world.alice.execute(END, {"s": there["id"]})
    assert ended["endSession"] == {"__typename": "EndSessionSuccess"}
    assert await phone.refused(ME) == {"code": "UNAUTHENTICATED"}
    await world.alice.execute(ME)
    assert await world.alice.refused(END, {"s": there["id"]}) == {"code": "NOT_FOUND"}
    entries = await run(world, "SELECT actor FROM audit_entry WHERE action = 'session.ended'")
    assert [entry.actor for entry in entries] == ["alice"]


async def test_all_others_are_ended_or_all(world: World) -> None:
    others = [await world.portal.sign_in("alice") for _ in range(2)]
    answer = await world.alice.execute(END_OTHERS, {"all": False})
    assert answer["endOtherSessions"] == {"ended": 2}
    for other in others:
        assert await other.refused(ME) == {"code": "UNAUTHENTICATED"}
    assert len(await sessions(world.alice)) == 1
    assert (await world.alice.execute(END_OTHERS, {"all": True}))["endOtherSessions"] == {"ended": 1}
    assert await world.alice.refused(ME) == {"code": "UNAUTHENTICATED"}
    assert await run(
        world, "SELECT count(*) FROM login_session s JOIN app_user u ON u.id = s.user_id WHERE username = 'bob'"
    ) == [(1,)]


async def test_ended_ones_are_not_listed(world: World) -> None:
    phone = world.portal.nobody()
    phone.http.headers["User-Agent"] = "Phone"
    await phone.http.post("/auth/sandbox", data={"username": "alice"})
    assert len(await sessions(world.alice)) == 2
    await run(world, "UPDATE login_session SET last_seen_at = now() - interval '9 hours' WHERE user_agent = 'Phone'")
    (left,) = await sessions(world.alice)
    assert left["current"]


def behind(settings: Settings, *proxies: str) -> Settings:
    return settings.model_copy(update={"web": settings.web.model_copy(update={"trusted_proxies": proxies})})


async def address_of_session(settings: Settings, peer: str, forwarded: list[str]) -> str | None:
    """What is kept as the address when this peer signs somebody in with these X-Forwarded-For headers."""
    app, services = portal(settings)
    transport = httpx2.ASGITransport(app, client=(peer, 4711))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        headers = [("Origin", ORIGIN), *(("X-Forwarded-For", each) for each in forwarded)]
        response = await client.post("/auth/sandbox", data={"username": "alice"}, headers=headers)
        assert response.status_code == 303
    rows = await services.db.fetch("SELECT address FROM login_session ORDER BY created_at DESC LIMIT 1")
    await services.db.close()
    address: str | None = rows[0]["address"]
    return address


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        ((), "203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ((), "127.0.0.1", ["198.51.100.1"], "127.0.0.1"),
        (("10.128.0.0/14",), "203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        (("10.128.0.0/14",), "10.129.3.4", [], "10.129.3.4"),
        (("10.128.0.0/14",), "10.129.3.4", ["198.51.100.1"], "198.51.100.1"),
        (("10.128.0.0/14",), "10.129.3.4", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (("10.128.0.0/14",), "10.129.3.4", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        (("10.128.0.0/14",), "10.129.3.4", ["198.51.100.1, 10.130.0.1"], "198.51.100.1"),
        (("10.128.0.0/14", "fd00::/8"), "fd00::1", ["2001:db8::7"], "2001:db8::7"),
        (("10.128.0.0/14",), "10.129.3.4", ["<script>alert(1)</script>"], None),
    ],
)
async def test_only_routers_that_are_named_say_where_a_request_comes_from(
    database_url: str, proxies: tuple[str, ...], peer: str, forwarded: list[str], address: str | None
) -> None:
    settings = behind(sandbox_settings(database_url), *proxies)
    assert await address_of_session(settings, peer, forwarded) == address


def test_the_server_itself_believes_no_router() -> None:
    assert uvicorn_config(object()).proxy_headers is False


async def test_a_stranger_who_changes_the_header_stays_who_it_is(database_url: str) -> None:
    settings = behind(sandbox_settings(database_url), "10.128.0.0/14")
    found = {await address_of_session(settings, "203.0.113.9", [f"198.51.100.{n}"]) for n in range(3)}
    assert found == {"203.0.113.9"}


async def test_lives_are_as_long_as_the_settings_say(database_url: str) -> None:
    settings = sandbox_settings(database_url)
    auth = settings.auth.model_copy(update={"idle_minutes": 15, "max_hours": 8})
    app, services = portal(settings.model_copy(update={"auth": auth}))
    async with browser(app) as client:
        signed_in = await client.post("/auth/sandbox", data={"username": "alice"})
        assert "Max-Age=28800" in signed_in.headers["set-cookie"]
        assert SESSION in client.cookies
        rows = await services.db.fetch("SELECT expires_at - created_at AS lasts FROM login_session")
        assert round(rows[0]["lasts"].total_seconds()) == 8 * 3600
        for minutes, lives in ((14, True), (16, False)):
            async with services.db.engine.begin() as connection:
                await connection.exec_driver_sql(
                    f"UPDATE login_session SET last_seen_at = now() - interval '{minutes} minutes'"
                )
            assert ((await client.get("/whoami")).json() is not None) == lives
    await services.db.close()
