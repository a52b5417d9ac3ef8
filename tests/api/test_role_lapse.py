"""Roles that an issuer's groups gave, and that nobody confirms any more: with a session, with an access token, and in an open socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import websockets
from sqlalchemy import text

from schema.relay import encode_id
from tests.documents import CREATE_TOKEN
from tests.graphql import Client, Portal, served
from tests.issuers import OidcIssuer, serving
from tests.portal import settings_of
from tests.ports import own_port

ME = "{ viewer { user { username role roleUntil } } }"
EVERYBODY = "{ admin { users(first: 10) { edges { node { username role roleUntil } } } } }"
NOTICES = "{ viewer { notifications(first: 10) { edges { node { kind expiresAt } } } } }"
COUNTED = "subscription { notificationReceived { kind } }"


@dataclass
class World:
    """A portal that trusts an issuer, which signs in whoever it is told to."""

    portal: Portal
    issuer: OidcIssuer

    async def sign_in(self, username: str, *groups: str, as_subject: str | None = None) -> Client:
        self.issuer.person = {
            "sub": as_subject or username,
            "preferred_username": username,
            "groups": list(groups),
        }
        client = self.portal.nobody()
        await client.http.get("/auth/login", follow_redirects=True)
        return client

    async def run(self, statement: str, **values: Any) -> list[Any]:
        async with self.portal.services.db.write() as session:
            result = await session.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def let_pass(self, username: str) -> None:
        """The time for which the role counts."""
        await self.run("UPDATE app_user SET role_until = now() - interval '1 second' WHERE username = :u", u=username)

    async def lapse(self) -> int:
        return await self.portal.services.auth.lapse_roles()

    async def changes(self) -> list[Any]:
        return await self.run(
            "SELECT actor, detail->>'before', detail->>'after' FROM audit_entry WHERE action = 'user.role_changed' ORDER BY seq"
        )


@pytest.fixture(scope="module")
def one_issuer() -> Iterator[OidcIssuer]:
    issuer = OidcIssuer()
    with serving(issuer.app()) as issuer.url:
        yield issuer


@pytest.fixture
async def world(one_issuer: OidcIssuer, database_url: str) -> AsyncIterator[World]:
    port = own_port()
    url = f"http://127.0.0.1:{port}"
    one_issuer.redirect_uri = f"{url}/auth/callback"
    settings = settings_of(
        database_url,
        OIDC_ISSUER=one_issuer.url,
        PUBLIC_URL=url,
        PORT=str(port),
        ADMIN_GROUPS="sre",
        AUDITOR_GROUPS="audit",
        INITIAL_ADMINS="root",
        ROLES_CONFIRMED_HOURS="48",
    )
    async with served(settings) as portal:
        yield World(portal, one_issuer)


async def me(client: Client) -> tuple[str, datetime | None]:
    user = (await client.execute(ME))["viewer"]["user"]
    return user["role"], user["roleUntil"] and datetime.fromisoformat(user["roleUntil"])


def is_about(moment: datetime | None, hours: float) -> bool:
    return moment is not None and abs(moment - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=5)


async def a_program(world: World, owner: Client, *scopes: str) -> Client:
    wanted = {"name": "report", "scopes": scopes, "expiresAt": (datetime.now(UTC) + timedelta(days=300)).isoformat()}
    made = (await owner.execute(CREATE_TOKEN, {"input": wanted}))["createAccessToken"]
    return world.portal.bearer(made["secret"])


async def test_a_role_counts_until_a_moment_that_its_holder_sees(world: World) -> None:
    grace, audrey = await world.sign_in("grace", "sre"), await world.sign_in("audrey", "audit")
    eve, root = await world.sign_in("eve", "developers"), await world.sign_in("root")
    for client, role in ((grace, "ADMIN"), (audrey, "AUDITOR")):
        found, until = await me(client)
        assert found == role
        assert is_about(until, 48)
    assert await me(eve) == ("USER", None)
    assert await me(root) == ("ADMIN", None)
    listed = (await grace.execute(EVERYBODY))["admin"]["users"]["edges"]
    assert [edge["node"]["username"] for edge in listed if edge["node"]["roleUntil"]] == ["audrey", "grace"]
    assert await world.lapse() == 0
    assert (await me(grace))[0] == "ADMIN"


async def test_who_is_not_confirmed_in_time_is_a_user_with_session_and_token(world: World) -> None:
    grace = await world.sign_in("grace", "sre")
    program = await a_program(world, grace, "READ", "ADMIN")
    await program.execute(EVERYBODY)
    await world.let_pass("grace")
    assert await world.lapse() == 1
    for client in (grace, program):
        assert await me(client) == ("USER", None)
        assert await client.refused(EVERYBODY) == {"code": "FORBIDDEN"}
    assert await world.changes() == [("role-lapse", "ADMIN", "USER")]
    assert await world.lapse() == 0
    # The group is still theirs: signing in again brings it back, to programs as well.
    again = await world.sign_in("grace", "sre")
    assert (await me(again))[0] == "ADMIN"
    await program.execute(EVERYBODY)
    # It is not: signing in again does not.
    await world.let_pass("grace")
    assert await world.lapse() == 1
    assert await me(await world.sign_in("grace")) == ("USER", None)
    assert await program.refused(EVERYBODY) == {"code": "FORBIDDEN"}


@pytest.mark.parametrize("with_token", [False, True])
async def test_an_open_socket_hears_of_it(world: World, with_token: bool) -> None:
    grace = await world.sign_in("grace", "sre")
    client = await a_program(world, grace, "READ", "ADMIN") if with_token else grace
    async with client.socket() as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": COUNTED}}))
        await world.let_pass("grace")
        assert await world.lapse() == 1
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4412
    async with client.socket():
        assert await client.refused(EVERYBODY) == {"code": "FORBIDDEN"}


async def test_who_a_setting_made_an_admin_stays_one_and_nobody_else_of_that_name(world: World) -> None:
    root = await world.sign_in("root")
    await world.run(
        "UPDATE app_user SET role_until = now() - interval '1 day', last_login_at = now() - interval '1 day'"
    )
    assert await world.lapse() == 0
    assert await me(root) == ("ADMIN", None)
    # The name was given anew. Of the two the setting means who signed in last.
    heir = await world.sign_in("root", as_subject="another")
    assert await world.lapse() == 0
    assert is_about((await me(root))[1], 48)
    assert await me(heir) == ("ADMIN", None)
    await world.run("UPDATE app_user SET role_until = now() WHERE subject = 'root'")
    assert await world.lapse() == 1
    assert await me(root) == ("USER", None)
    assert await me(heir) == ("ADMIN", None)


@pytest.mark.parametrize("was", ["NULL", "now() + interval '300 days'"])
async def test_no_role_outlives_what_is_set_now(world: World, was: str) -> None:
    """Of before there were ends, or of when they were farther away; also of an issuer that nobody is sent to any more."""
    grace = await world.sign_in("grace", "sre")
    await world.run(f"UPDATE app_user SET role_until = {was}, issuer = 'https://former.test'")
    assert await world.lapse() == 0
    role, until = await me(grace)
    assert role == "ADMIN"
    assert is_about(until, 48)


async def test_its_holder_is_told_before_once(world: World) -> None:
    grace = await world.sign_in("grace", "sre")
    notifications = world.portal.services.notifications
    assert await notifications.announce_expiries() == 0
    await world.run("UPDATE app_user SET role_until = now() + interval '11 hours 59 minutes'")
    assert await notifications.announce_expiries() == 1
    assert await notifications.announce_expiries() == 0
    (edge,) = (await grace.execute(NOTICES))["viewer"]["notifications"]["edges"]
    assert edge["node"]["kind"] == "ROLE_EXPIRES"
    assert is_about(datetime.fromisoformat(edge["node"]["expiresAt"]), 12)
    await world.sign_in("grace", "sre")
    await world.run("UPDATE app_user SET role_until = role_until - interval '37 hours'")
    assert await notifications.announce_expiries() == 1, "another end, another notice"


async def test_an_erased_admin_has_no_role_and_no_end_of_one(world: World) -> None:
    grace, root = await world.sign_in("grace", "sre"), await world.sign_in("root")
    (grace_id,) = (await world.run("SELECT id FROM app_user WHERE username = 'grace'"))[0]
    erase = 'mutation { erasePerson(input: {userId: "%s", username: "grace"}) { __typename } }'
    answer = await root.execute(erase % encode_id("User", grace_id))
    assert answer["erasePerson"]["__typename"] == "ErasePersonSuccess"
    assert await world.run("SELECT role, role_until FROM app_user WHERE erased_at IS NOT NULL") == [("USER", None)]
    assert (await grace.http.post("/graphql", json={"query": "{ viewer { user { id } } }"})).json()["errors"]
