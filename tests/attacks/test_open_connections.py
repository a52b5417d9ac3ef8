"""Whoever is connected and loses the right to be: each WebSocket and each event stream ends, and none opens again.

What somebody does is heard at once: the clock looks every 50 seconds, and no test waits so long. What ends by the clock is found by the
clock, which is fast here.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import websockets

from gateway import services as looking
from gateway.actor import Role
from tests.api.conftest import World
from tests.api.test_access_tokens import EVERYTHING, REVOKE_TOKEN, create, handshake, run, user_id
from tests.api.test_first_call import subscribed_key
from tests.api.test_keys import BLOCK, FINISH, LEAK, ROTATE, UNDO
from tests.api.test_people import DISABLE, OFFBOARD
from tests.api.test_privacy import ERASE
from tests.api.test_sessions import END as END_SESSION
from tests.api.test_sessions import END_OTHERS, MINE
from tests.documents import REVOKE
from tests.graphql import Client

LIVE = "subscription { usageChanged { totals { requests } } }"
GONE, OTHER_RIGHTS = "UNAUTHENTICATED", "RIGHTS_CHANGED"
CLOSED = {GONE: 4403, OTHER_RIGHTS: 4412}


class Connections:
    """A socket whose handshake says who it is, one whose first message does where that is possible, and an event stream."""

    def __init__(self, sockets: list[websockets.ClientConnection], stream: AsyncIterator[str]) -> None:
        self.sockets, self._stream = sockets, stream

    async def begin(self) -> None:
        for socket in self.sockets:
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": LIVE}}))
            assert (await self.message(socket))["type"] == "next"
        assert "data" in await self.event()

    async def end(self, code: str) -> None:
        for socket in self.sockets:
            async with asyncio.timeout(20):
                with suppress(websockets.ConnectionClosedError):
                    async for _ in socket:  # what was told before
                        pass
            assert socket.close_code == CLOSED[code]
        assert [error["extensions"]["code"] for error in (await self.event())["errors"]] == [code]
        assert [line async for line in self._stream if line.startswith("data: ")] == []

    async def go_on(self) -> None:
        """Each answers a query: nothing that came before was the end."""
        for socket in self.sockets:
            await socket.send(
                json.dumps({"id": "2", "type": "subscribe", "payload": {"query": "{ portal { version } }"}})
            )
            while (message := await self.message(socket)).get("id") != "2":
                assert message["type"] == "next"
            assert message["type"] == "next"
            assert await self.message(socket) == {"id": "2", "type": "complete"}

    async def message(self, socket: websockets.ClientConnection) -> dict[str, Any]:
        async with asyncio.timeout(20):
            return dict(json.loads(await socket.recv()))

    async def event(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            async for line in self._stream:
                if line.startswith("data: "):
                    return dict(json.loads(line.removeprefix("data: ")))
        raise AssertionError("the stream has ended without a word")


@asynccontextmanager
async def connected(world: World, client: Client) -> AsyncIterator[Connections]:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(client.socket())]
        if bearer := client.http.headers.get("authorization"):
            by_message = await stack.enter_async_context(handshake(world))
            await by_message.send(json.dumps({"type": "connection_init", "payload": {"Authorization": bearer}}))
            assert json.loads(await by_message.recv())["type"] == "connection_ack"
            sockets.append(by_message)
        asked = client.http.stream("POST", "/graphql", json={"query": LIVE}, headers={"Accept": "text/event-stream"})
        response = await stack.enter_async_context(asked)
        made = Connections(sockets, response.aiter_lines())
        await made.begin()
        yield made


async def is_nobody(client: Client) -> None:
    """What was shown opens nothing any more."""
    answer = await client.http.post("/graphql", json={"query": "{ viewer { __typename } }"})
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == [GONE]
    with suppress(websockets.InvalidStatus):  # that of a bearer; a browser's cookie is nobody's
        async with client.socket() as socket:
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": LIVE}}))
            assert json.loads(await socket.recv())["type"] == "error"
    with pytest.raises(AssertionError):
        await client.execute("{ viewer { __typename } }")


@pytest.fixture
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "RECHECK", 0.1)


def test_the_clock_keeps_the_promise() -> None:
    assert looking.RECHECK + looking.RECHECK_PAUSE < 60


# Sessions


async def test_signing_out(world: World) -> None:
    phone = await world.portal.sign_in("alice")
    async with connected(world, world.alice) as mine, connected(world, phone) as other:
        assert (await world.alice.http.post("/auth/logout")).status_code < 400
        await mine.end(GONE)
        await other.go_on()
    await is_nobody(world.alice)


@pytest.mark.parametrize("which", ["that one", "all others"])
async def test_a_session_ended_from_another_device(world: World, which: str) -> None:
    phone = await world.portal.sign_in("alice")
    async with connected(world, phone) as there, connected(world, world.alice) as here:
        listed = (await phone.execute(MINE))["viewer"]["sessions"]["edges"]
        (session,) = [edge["node"]["id"] for edge in listed if edge["node"]["current"]]
        if which == "that one":
            await world.alice.execute(END_SESSION, {"s": session})
        else:
            await world.alice.execute(END_OTHERS, {"all": False})
        await there.end(GONE)
        await here.go_on()
    await is_nobody(phone)


@pytest.mark.parametrize("end", ["expires_at = now()", "last_seen_at = now() - interval '9 hours'"])
async def test_a_session_that_is_over_by_the_clock(world: World, fast_clock: None, end: str) -> None:
    async with connected(world, world.alice) as mine:
        await run(world, f"UPDATE login_session SET {end}")
        await mine.end(GONE)
    await is_nobody(world.alice)


@pytest.mark.parametrize("after", [Role.USER, Role.AUDITOR])
async def test_a_role_that_is_taken_away(world: World, after: Role) -> None:
    """As the job does it that asks for groups every minute. A token that has the role's scope loses as much."""
    token = world.portal.bearer((await create(world.ada, *EVERYTHING))["secret"])
    async with connected(world, world.ada) as session, connected(world, token) as program:
        roles = {"ada": after, "audrey": Role.AUDITOR}
        changed = await world.portal.services.users.refresh_roles(
            "sandbox", lambda name: (roles.get(name, Role.USER), None), "role-refresh"
        )
        assert changed == 1
        await session.end(OTHER_RIGHTS)
        await program.end(OTHER_RIGHTS)
    awaiting = "subscription { approvalsChanged { pendingCount } }"
    async with world.ada.subscribe(awaiting) as answers:
        answer = await anext(answers)
        if after is Role.USER:
            assert [error["extensions"]["code"] for error in answer] == ["FORBIDDEN"]
        else:
            assert answer["data"]["approvalsChanged"] == {"pendingCount": 0}


# Access tokens


@pytest.mark.parametrize("by", ["its owner", "an admin"])
async def test_a_revoked_token(world: World, by: str) -> None:
    made, other = await create(world.alice, "READ"), await create(world.alice, "READ")
    program, beside = world.portal.bearer(made["secret"]), world.portal.bearer(other["secret"])
    async with connected(world, program) as ended, connected(world, beside) as goes_on:
        await (world.alice if by == "its owner" else world.ada).execute(REVOKE_TOKEN, {"t": made["accessToken"]["id"]})
        await ended.end(GONE)
        await goes_on.go_on()
    await is_nobody(program)


async def test_a_token_that_expires(world: World, fast_clock: None) -> None:
    program = world.portal.bearer((await create(world.alice, "READ"))["secret"])
    async with connected(world, program) as ended:
        await run(world, "UPDATE access_token SET expires_at = now()")
        await ended.end(GONE)
    await is_nobody(program)


# Keys


async def a_key(world: World) -> tuple[str, Client]:
    made = await subscribed_key(world.alice)
    return made["apiKey"]["id"], world.portal.bearer(made["secret"])


@pytest.mark.parametrize("by", ["its owner", "an admin"])
async def test_a_revoked_key(world: World, by: str) -> None:
    key, program = await a_key(world)
    async with connected(world, program) as ended:
        await (world.alice if by == "its owner" else world.ada).execute(REVOKE, {"k": key})
        await ended.end(GONE)
    await is_nobody(program)


async def test_a_leaked_key(world: World) -> None:
    key, program = await a_key(world)
    async with connected(world, program) as ended:
        await world.alice.execute(LEAK, {"k": key, "s": datetime.now(UTC).isoformat()})
        await ended.end(GONE)
    await is_nobody(program)


async def test_a_blocked_key_may_still_ask_why(world: World) -> None:
    key, program = await a_key(world)
    async with connected(world, program) as stays:
        await world.alice.execute(BLOCK, {"k": key})
        await stays.go_on()
        assert (await program.execute("{ viewer { apiKey { status } } }"))["viewer"]["apiKey"] == {"status": "BLOCKED"}
        await world.alice.execute(REVOKE, {"k": key})
        await stays.end(GONE)


@pytest.mark.parametrize("end", ["no overlap", "finished", "undone"])
async def test_a_rotated_key(world: World, end: str) -> None:
    key, old = await a_key(world)
    async with connected(world, old) as with_old:
        rotated = (await world.alice.execute(ROTATE, {"k": key, "o": 0 if end == "no overlap" else 3600}))[
            "rotateApiKey"
        ]
        new = world.portal.bearer(rotated["secret"])
        if end != "no overlap":
            await with_old.go_on()
        async with connected(world, new) as with_new:
            if end != "no overlap":
                await world.alice.execute(FINISH if end == "finished" else UNDO, {"k": key})
            over, stays = (with_new, with_old) if end == "undone" else (with_old, with_new)
            await over.end(GONE)
            await stays.go_on()
    await is_nobody(new if end == "undone" else old)


async def test_an_overlap_that_is_over_and_that_the_job_has_ended(world: World) -> None:
    key, old = await a_key(world)
    await world.alice.execute(ROTATE, {"k": key, "o": 3600})
    async with connected(world, old) as ended:
        await run(world, "UPDATE api_key_generation SET ends_at = now() WHERE ends_at IS NOT NULL")
        await world.portal.services.keys.settle()
        await ended.end(GONE)
    await is_nobody(old)


@pytest.mark.parametrize("end", ["api_key SET expires_at = now()", "api_key_generation SET ends_at = now()"])
async def test_a_key_that_is_over_by_the_clock(world: World, fast_clock: None, end: str) -> None:
    """Whether or not a job has seen it."""
    _, program = await a_key(world)
    async with connected(world, program) as ended:
        await run(world, f"UPDATE {end}")
        await ended.end(GONE)
    await is_nobody(program)


# People


def disabling(person: str) -> tuple[str, dict[str, Any]]:
    return DISABLE, {"i": {"userId": person}}


def offboarding(person: str) -> tuple[str, dict[str, Any]]:
    return OFFBOARD, {"i": {"userId": person, "keys": "REVOKE", "subscriptions": "CANCEL"}}


def erasing(person: str) -> tuple[str, dict[str, Any]]:
    return ERASE, {"u": person, "n": "alice"}


@pytest.mark.parametrize("end", [disabling, offboarding, erasing])
async def test_a_person_who_is_let_out(world: World, end: Callable[[str], tuple[str, dict[str, Any]]]) -> None:
    _, key = await a_key(world)
    token = world.portal.bearer((await create(world.alice, "READ"))["secret"])
    callers = [world.alice, token, key]
    async with AsyncExitStack() as stack:
        open_ = [await stack.enter_async_context(connected(world, each)) for each in callers]
        bobs = await stack.enter_async_context(connected(world, world.bob))
        done = await world.ada.execute(*end(await user_id(world.ada, "alice")))
        assert next(iter(done.values()))["__typename"].endswith("Success")
        for each in open_:
            await each.end(GONE)
        await bobs.go_on()
    for caller in callers:
        await is_nobody(caller)
