"""The record is only added to, and its chain tells when somebody got past that."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway import audit
from gateway.audit import AuditEntry, AuditService, chain
from gateway.db import Database, utc_now
from tests.builders import a_person


async def entries(db: Database, number: int) -> Sequence[AuditEntry]:
    """So many, each in a transaction of its own, by a person."""
    ada = await a_person(db, "ada")
    made = []
    for at in range(number):
        async with db.write() as session:
            audit.record(session, ada, "key.blocked", "api_key", uuid4(), number=at, name="naïve – 名前")
            made.append(next(iter(session.new)))
    return made


async def tampered(db: Database, statement: str) -> None:
    """As by a superuser who has switched the triggers off."""
    async with db.write() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'key.unblocked'",
        "UPDATE audit_entry SET actor = 'bob'",
        "UPDATE audit_entry SET actor = 'erased-1', action = 'key.unblocked'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_seal SET hash = repeat('0', 64)",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
    ],
)
async def test_the_database_refuses_to_rewrite(db: Database, statement: str) -> None:
    await entries(db, 2)
    await AuditService(db).seal()
    with pytest.raises(DBAPIError, match="only ever added to"):
        async with db.write() as session:
            await session.execute(text(statement))
    assert (await AuditService(db).verify()).seals == 2


async def test_a_name_may_become_a_pseudonym(db: Database) -> None:
    await entries(db, 2)
    service = AuditService(db)
    await service.seal()
    async with db.write() as session:
        await session.execute(text("UPDATE audit_entry SET actor = 'erased-7d1'"))
    found = await service.verify()
    assert (found.seals, found.broken) == (2, None)


async def test_what_a_job_did_keeps_its_name(db: Database) -> None:
    async with db.write() as session:
        audit.record(session, "key-reconciler", "key.expired", "api_key", uuid4())
    with pytest.raises(DBAPIError, match="only ever added to"):
        async with db.write() as session:
            await session.execute(text("UPDATE audit_entry SET actor = 'erased-7d1'"))


async def test_each_entry_is_sealed_once_in_order(db: Database) -> None:
    made = await entries(db, 5)
    service = AuditService(db)
    assert [await service.seal(), await service.seal()] == [5, 0]
    async with db.read() as session:
        rows = (
            await session.execute(text("SELECT position, entry_id, previous, hash FROM audit_seal ORDER BY 1"))
        ).all()
    assert [(row.position, row.entry_id) for row in rows] == [(at, each.id) for at, each in enumerate(made, start=1)]
    assert [row.previous for row in rows] == [chain.GENESIS, *(row.hash for row in rows[:-1])]
    found = await service.verify()
    assert (found.seals, found.head, found.waiting, found.broken) == (5, rows[-1].hash, 0, None)


async def test_many_batches(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 3)
    await entries(db, 10)
    service = AuditService(db)
    assert await service.seal() == 10
    assert (await service.verify()).seals == 10


@pytest.mark.parametrize(
    ("statement", "position", "problem"),
    [
        ("UPDATE audit_entry SET action = 'key.unblocked' WHERE detail->>'number' = '2'", 3, "changed after"),
        (
            "UPDATE audit_entry SET detail = detail || '{\"name\": \"x\"}' WHERE detail->>'number' = '0'",
            1,
            "changed after",
        ),
        ("UPDATE audit_entry SET at = at - interval '1 s' WHERE detail->>'number' = '4'", 5, "changed after"),
        ("UPDATE audit_entry SET actor_id = gen_random_uuid() WHERE detail->>'number' = '3'", 4, "changed after"),
        ("DELETE FROM audit_entry WHERE detail->>'number' = '1'", 2, "is missing"),
        ("DELETE FROM audit_seal WHERE position = 2", 2, "the seal is missing"),
        ("UPDATE audit_seal SET previous = repeat('a', 64) WHERE position = 4", 4, "does not follow"),
        ("UPDATE audit_seal SET hash = repeat('a', 64) WHERE position = 3", 3, "changed after"),
    ],
)
async def test_the_first_broken_place_is_named(db: Database, statement: str, position: int, problem: str) -> None:
    made = await entries(db, 5)
    service = AuditService(db)
    await service.seal()
    await tampered(db, statement)
    broken = (await service.verify()).broken
    assert broken is not None
    assert (broken.position, problem in broken.problem) == (position, True), broken
    assert broken.entry_id == (None if "seal is missing" in problem else str(made[position - 1].id))


async def test_a_hash_that_was_kept_shows_that_the_end_is_gone(db: Database) -> None:
    await entries(db, 5)
    service = AuditService(db)
    await service.seal()
    head = (await service.verify()).head
    assert (await service.verify(head)).broken is None
    await tampered(db, "DELETE FROM audit_seal WHERE position > 3")
    await tampered(db, "DELETE FROM audit_entry WHERE (detail->>'number')::int >= 3")
    assert (await service.verify()).broken is None  # nobody can know without the hash
    broken = (await service.verify(head)).broken
    assert broken is not None
    assert broken.position == 4


async def test_an_entry_that_was_never_sealed_is_found(db: Database) -> None:
    await entries(db, 1)
    async with db.write() as session:
        old = AuditEntry.of("somebody", "key.blocked", "portal", {})
        old.at = utc_now() - timedelta(days=2)
        session.add(old)
        old_id = old.id
    service = AuditService(db)
    await tampered(
        db,
        f"INSERT INTO audit_seal SELECT 1, id, at, repeat('0', 64), '', now() FROM audit_entry WHERE id <> '{old_id}'",
    )
    async with db.read() as session:
        row = (
            await session.execute(text("SELECT e.* FROM audit_entry e JOIN audit_seal s ON s.entry_id = e.id"))
        ).one()
    await tampered(db, f"UPDATE audit_seal SET hash = '{chain.sealed(chain.GENESIS, row)}'")
    assert await service.seal() == 0  # it is older than any transaction lasts
    broken = (await service.verify()).broken
    assert broken is not None
    assert (broken.position, broken.entry_id) == (2, str(old_id))


async def test_late_commits_are_sealed_too(db: Database) -> None:
    """An entry whose transaction ends after others that began later."""
    service, ada = AuditService(db), await a_person(db)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with db.write() as session:
            audit.record(session, ada, "key.blocked", "api_key", uuid4())
            await session.flush()
            begun.set()
            await may_end.wait()

    late = asyncio.create_task(slow())
    await begun.wait()
    async with db.write() as session:
        audit.record(session, ada, "key.blocked", "api_key", uuid4())
    assert await service.seal() == 1
    may_end.set()
    await late
    assert await service.seal() == 1
    found = await service.verify()
    assert (found.seals, found.waiting, found.broken) == (2, 0, None)


async def test_the_stream_has_each_entry_with_its_seal(db: Database) -> None:
    made, lines = await entries(db, 3), list[str]()
    await AuditService(db, lines.append).seal()
    told = [json.loads(line) for line in lines]
    assert [(line["position"], line["audit"]["id"]) for line in told] == [(n, str(e.id)) for n, e in enumerate(made, 1)]
    assert told[0]["audit"] | {"at": None} == {
        "id": str(made[0].id),
        "at": None,
        "actor": "ada",
        "actor_id": str(made[0].actor_id),
        "action": "key.blocked",
        "target": made[0].target,
        "outcome": "DONE",
        "detail": {"number": 0, "name": "naïve – 名前"},
        "request_id": None,
        "address": None,
    }


async def test_a_stream_that_breaks_is_told_again(db: Database) -> None:
    await entries(db, 2)
    lines: list[str] = []

    def broken(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await AuditService(db, broken).seal()
    assert (await AuditService(db).verify()).seals == 0
    again: list[str] = []
    await AuditService(db, again.append).seal()
    assert again == lines


async def test_the_running_gateway_needs_no_right_to_rewrite(limited: Database) -> None:
    """A role of its own can do the gateway's work, and nothing but add to the record."""
    made = await entries(limited, 2)
    assert await AuditService(limited).seal() == 2
    assert made[0].actor_id is not None
    async with limited.write() as session:
        assert await audit.forget_name(session, made[0].actor_id, "erased-1") == 2
    for statement in (
        "DELETE FROM audit_entry",
        "UPDATE audit_seal SET hash = ''",
        "UPDATE audit_entry SET action = ''",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with limited.write() as session:
                await session.execute(text(statement))
    with pytest.raises(DBAPIError, match="must be owner"):
        async with limited.write() as session:
            await session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
