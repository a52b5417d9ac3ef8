"""Sessions: what the database keeps of them, and how they end."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from gateway.actor import Actor, Role
from gateway.auth import AccountDisabled, AuthService, service
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotAvailable
from gateway.events import Bus
from gateway.users import Identity
from tests.portal import sandbox_settings, settings_of

GRACE = Identity("https://issuer.test", "0001", "grace", "Grace Hopper", role=Role.AUDITOR)


@pytest.fixture
def auth(db: Database, database_url: str) -> AuthService:
    return AuthService(db, settings_of(database_url))


async def run(db: Database, statement: str, **values: Any) -> list[Any]:
    async with db.write() as session:
        result = await session.execute(text(statement), values)
        return list(result) if result.returns_rows else []


async def test_a_session_says_who_it_is(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    actor = await auth.actor(token)
    ((user_id, session_id),) = await run(db, "SELECT user_id, id FROM login_session")
    assert actor is not None
    assert (actor.user_id, actor.session_id) == (user_id, session_id)
    assert (actor.username, actor.role) == ("grace", Role.AUDITOR)


async def test_the_database_keeps_the_hash_and_never_the_token(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    ((row,),) = await run(db, "SELECT to_jsonb(login_session) FROM login_session")
    assert row["token_hash"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row)
    assert len(token) == 43, "256 bits in base64url"


async def test_every_session_has_a_token_of_its_own(auth: AuthService, db: Database) -> None:
    tokens = {await auth.open_session(GRACE) for _ in range(5)}
    assert len(tokens) == 5
    assert await run(db, "SELECT count(*), count(DISTINCT user_id) FROM login_session") == [(5, 1)]


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5000, "\x00" * 43, "é" * 43])
async def test_a_token_that_nobody_was_given_is_nobody(auth: AuthService, token: str) -> None:
    await auth.open_session(GRACE)
    assert await auth.actor(token) is None


async def test_the_hash_is_no_token(auth: AuthService) -> None:
    token = await auth.open_session(GRACE)
    assert await auth.actor(hashlib.sha256(token.encode()).hexdigest()[:43]) is None


async def test_signing_out_ends_this_session_alone(auth: AuthService) -> None:
    here, elsewhere = await auth.open_session(GRACE), await auth.open_session(GRACE)
    await auth.close_session(here)
    await auth.close_session(here)
    assert await auth.actor(here) is None
    assert await auth.actor(elsewhere) is not None


async def test_a_session_ends_after_8_hours_without_a_request(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    await run(db, "UPDATE login_session SET last_seen_at = now() - interval '7 hours 59 minutes'")
    assert await auth.actor(token) is not None, "and this request keeps it alive"
    await run(db, "UPDATE login_session SET last_seen_at = last_seen_at - interval '8 hours'")
    assert await auth.actor(token) is None
    assert await auth.actor(token) is None, "it does not come back"


async def test_a_session_ends_after_24_hours_however_busy(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    ((expires_at,),) = await run(db, "SELECT expires_at FROM login_session")
    assert abs(expires_at - utc_now() - timedelta(hours=24)) < timedelta(minutes=1)
    await run(db, "UPDATE login_session SET expires_at = now() - interval '1 second'")
    assert await auth.actor(token) is None


async def test_being_seen_is_written_at_most_once_a_minute(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    ((opened,),) = await run(db, "SELECT last_seen_at FROM login_session")
    await auth.actor(token)
    assert await run(db, "SELECT last_seen_at FROM login_session") == [(opened,)]
    await run(db, "UPDATE login_session SET last_seen_at = now() - interval '61 seconds'")
    await auth.actor(token)
    ((seen,),) = await run(db, "SELECT last_seen_at FROM login_session")
    assert utc_now() - seen < timedelta(seconds=30)


async def test_finding_out_who_asks_is_one_query(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    asked: list[str] = []
    connection = await db.engine.raw_connection()
    connection.driver_connection.add_query_logger(lambda record: asked.append(record.query))
    connection.close()
    await auth.actor(token)
    await asyncio.sleep(0.01)  # the driver logs a moment later
    assert len(asked) == 1, asked
    assert "FROM login_session" in asked[0]


async def test_a_database_that_restarts_is_found_again(auth: AuthService, db: Database, database_url: str) -> None:
    token = await auth.open_session(GRACE)
    async with db.read() as session, db.read() as another:
        for busy in (session, another):
            await busy.execute(text("SELECT 1"))
    other = await asyncpg.connect(database_url)
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
    assert len(await other.fetch(query, other.get_server_pid())) == 2
    await other.close()
    await asyncio.sleep(0.1)
    assert await auth.actor(token) is not None
    assert await run(db, "SELECT count(*) FROM login_session") == [(1,)]


async def test_a_disabled_person_is_out_at_once_and_stays_out(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    await run(db, "UPDATE app_user SET disabled_at = now()")
    assert await auth.actor(token) is None
    with pytest.raises(AccountDisabled):
        await auth.open_session(GRACE)
    assert await run(db, "SELECT count(*) FROM login_session") == [(1,)]


async def test_a_new_role_holds_at_the_next_request(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    await run(db, "UPDATE app_user SET role = 'ADMIN'")
    actor = await auth.actor(token)
    assert actor is not None
    assert actor.role is Role.ADMIN


async def test_a_long_connection_can_ask_again(auth: AuthService, db: Database) -> None:
    token = await auth.open_session(GRACE)
    actor = await auth.actor(token)
    assert actor is not None
    assert await auth.recheck(actor) == actor
    await auth.close_session(token)
    assert await auth.recheck(actor) is None


@pytest.fixture
async def bus(database_url: str) -> AsyncIterator[Bus]:
    bus = Bus(database_url)
    await bus.start()
    yield bus
    await bus.stop()


async def waiting(auth: AuthService, bus: Bus, token: str) -> "asyncio.Task[Actor | None]":
    """Somebody who waits for a change, and has found none yet."""
    actor = await auth.actor(token)
    assert actor is not None
    task = asyncio.create_task(auth.until_changed(bus, actor))
    await asyncio.sleep(0.2)
    assert not task.done()
    return task


async def test_signing_out_is_heard_at_once(auth: AuthService, bus: Bus) -> None:
    token, other = await auth.open_session(GRACE), await auth.open_session(GRACE)
    ended, stays = await waiting(auth, bus, token), await waiting(auth, bus, other)
    await auth.close_session(token)
    assert await asyncio.wait_for(ended, 5) is None
    await asyncio.sleep(0.3)
    assert not stays.done()
    stays.cancel()


async def test_a_role_given_at_another_sign_in_is_heard_at_once(auth: AuthService, bus: Bus) -> None:
    task = await waiting(auth, bus, await auth.open_session(GRACE))
    await auth.open_session(replace(GRACE, role=Role.USER))
    present = await asyncio.wait_for(task, 5)
    assert present is not None
    assert present.role is Role.USER


async def test_what_nobody_publishes_is_found_by_the_clock(
    auth: AuthService, bus: Bus, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RECHECK", 0.1)
    task = await waiting(auth, bus, await auth.open_session(GRACE))
    await run(db, "UPDATE login_session SET expires_at = now()")
    assert await asyncio.wait_for(task, 5) is None


async def test_a_database_that_is_away_ends_nobody(
    auth: AuthService, bus: Bus, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RECHECK", 0.1)
    task = await waiting(auth, bus, await auth.open_session(GRACE))
    await run(db, "ALTER TABLE login_session RENAME TO away")
    await asyncio.sleep(0.5)
    await run(db, "ALTER TABLE away RENAME TO login_session")
    assert not task.done()
    await run(db, "UPDATE app_user SET disabled_at = now()")
    assert await asyncio.wait_for(task, 5) is None


async def test_a_bus_that_stops_ends_nobody(auth: AuthService, bus: Bus) -> None:
    task = await waiting(auth, bus, await auth.open_session(GRACE))
    await bus.stop()
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()


async def test_ended_sessions_are_forgotten_and_living_ones_are_not(auth: AuthService, db: Database) -> None:
    idle, old, alive = [await auth.open_session(GRACE) for _ in range(3)]
    for token, column in ((idle, "last_seen_at = now() - interval '9 hours'"), (old, "expires_at = now()")):
        token_hash = hashlib.sha256(token.encode()).hexdigest()
        await run(db, f"UPDATE login_session SET {column} WHERE token_hash = :hash", hash=token_hash)
    assert await auth.forget_ended_sessions() == 2
    assert await auth.forget_ended_sessions() == 0
    assert await auth.actor(alive) is not None


async def test_the_sandbox_knows_its_people_by_name(db: Database, database_url: str) -> None:
    auth = AuthService(db, sandbox_settings(database_url))
    actor = await auth.actor(await auth.sign_in_by_name("audrey"))
    assert actor is not None
    assert (actor.username, actor.role) == ("audrey", Role.AUDITOR)
    with pytest.raises(InvalidInput) as refused:
        await auth.sign_in_by_name("eve")
    assert refused.value.field == "username"
    assert await run(db, "SELECT username FROM app_user") == [("audrey",)]
    with pytest.raises(NotAvailable):
        await auth.begin_sign_in("/")


async def test_nobody_signs_in_by_name_outside_the_sandbox(auth: AuthService, db: Database) -> None:
    with pytest.raises(NotAvailable):
        await auth.sign_in_by_name("alice")
    assert await run(db, "SELECT count(*) FROM app_user") == [(0,)]
