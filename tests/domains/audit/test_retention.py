"""The oldest part of the record goes when its time is over, nothing else ever does, and what is left verifies."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from gateway.audit import AuditEntry, AuditService, retention
from gateway.cli import main
from gateway.db import Database, utc_now
from tests.domains.audit.test_chain import tampered

CUT = "SELECT cut_audit(now(), 1000)"


async def record(db: Database, *days: float) -> None:
    """Sealed entries that were made so many days ago, in this order."""
    async with db.write() as session:
        for each in days:
            made = AuditEntry.of("somebody", "key.blocked", "portal", {"days": each})
            made.at = utc_now() - timedelta(days=each)
            session.add(made)
            await session.flush()
    await AuditService(db).seal()


async def rows(db: Database, statement: str) -> list[Any]:
    async with db.read() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def left(db: Database) -> list[float]:
    found = await rows(db, "SELECT detail->>'days' FROM audit_entry WHERE action = 'key.blocked' ORDER BY seq")
    return [float(days) for (days,) in found]


async def test_what_is_old_goes_and_the_rest_verifies(db: Database) -> None:
    await record(db, 400, 300, 200, 150, 50)
    service = AuditService(db, keep_days=180)
    before = await service.verify()
    (third,) = await rows(db, "SELECT hash, entry_at FROM audit_seal WHERE position = 3")
    assert await service.retain(dry_run=True) == 3
    assert await left(db) == [400, 300, 200, 150, 50]
    assert await service.retain() == 3
    assert await service.retain() == 0
    assert await left(db) == [150, 50]
    found = await service.verify(before.head)
    assert (found.seals, found.waiting, found.broken, found.head) == (2, 1, None, before.head)
    assert found.begins == retention.Removed(3, *third)
    detail = {"entries": 3, "until": third[1].isoformat(), "position": 3, "hash": third[0]}
    told = "SELECT actor, outcome, target, detail FROM audit_entry WHERE action = 'audit.removed'"
    assert await rows(db, told) == [("audit-retention", "DONE", "portal", detail)]
    assert await service.seal() == 1
    found = await service.verify(third[0])
    assert (found.seals, found.broken) == (3, None), "what went last is known by its hash"
    await record(db, 0)
    assert (await rows(db, "SELECT max(position) FROM audit_seal")) == [(7,)], "places go on"


async def test_without_a_setting_nothing_goes(db: Database) -> None:
    await record(db, 4000, 1)
    service = AuditService(db)
    assert await service.retain() == 0
    assert await left(db) == [4000, 1]
    assert (await service.verify()).begins is None


async def test_whole_stretches_go_in_batches_and_the_newest_seal_stays(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    # One that came late among older ones keeps all that follows it.
    await record(db, 400, 390, 380, 370, 360, 10, 350, 340)
    service = AuditService(db, keep_days=100)
    assert await service.retain() == 5
    assert await left(db) == [10, 350, 340]
    assert await rows(db, "SELECT position FROM audit_anchor ORDER BY 1") == [(2,), (4,), (5,)]
    assert (await service.verify()).broken is None


async def test_a_record_of_old_entries_alone_keeps_its_last_one(db: Database) -> None:
    await record(db, 400, 390, 380)
    service = AuditService(db, keep_days=90)
    assert await service.retain(dry_run=True) == 2
    assert await service.retain() == 2
    assert await left(db) == [380]
    await service.seal()
    found = await service.verify()
    assert (found.seals, found.waiting, found.broken) == (2, 0, None)


async def test_what_is_not_sealed_stays(db: Database) -> None:
    await record(db, 400, 390, 1)
    async with db.write() as session:
        late = AuditEntry.of("somebody", "key.blocked", "portal", {"days": 395})
        late.at = utc_now() - timedelta(days=395)
        session.add(late)
    assert await AuditService(db, keep_days=90).retain() == 2
    assert await left(db) == [1, 395]


async def test_nothing_younger_than_90_days_goes_whatever_is_asked(db: Database) -> None:
    await record(db, 100, 89, 80)
    async with db.write() as session:
        assert (await session.scalar(text(CUT))) == 1
    assert await left(db) == [89, 80]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entry",
        "DELETE FROM audit_seal",
        "DELETE FROM audit_anchor",
        "UPDATE audit_anchor SET position = 3",
        "TRUNCATE audit_anchor",
        "INSERT INTO audit_anchor SELECT position, hash, entry_at, now() FROM audit_seal WHERE position = 3",  # too young
        "INSERT INTO audit_anchor SELECT position, hash, entry_at, now() FROM audit_seal WHERE position = 4",  # the newest
        "INSERT INTO audit_anchor SELECT position, repeat('0', 64), entry_at, now() FROM audit_seal WHERE position = 2",
        "INSERT INTO audit_anchor SELECT 9, hash, entry_at, now() FROM audit_seal WHERE position = 2",
        "INSERT INTO audit_anchor SELECT position, hash, now() - interval '1 year', now() FROM audit_seal WHERE position = 3",
    ],
)
async def test_the_database_refuses_everything_else_to_its_owner_too(db: Database, statement: str) -> None:
    await record(db, 400, 300, 20, 10)
    service = AuditService(db, keep_days=350)
    assert await service.retain() == 1
    await service.seal()
    everything = " UNION ALL ".join(
        f"SELECT to_jsonb(t) FROM {table} t" for table in ("audit_entry", "audit_seal", "audit_anchor")
    )
    before = await rows(db, everything)
    with pytest.raises(DBAPIError, match=r"only ever added to|must not begin there"):
        async with db.write() as session:
            await session.execute(text(statement))
    assert await rows(db, everything) == before
    assert (await service.verify()).broken is None


async def test_the_running_gateway_may_let_the_old_go_and_nothing_else(limited: Database, db: Database) -> None:
    await record(db, 400, 300, 20, 15)
    for statement in (
        "DELETE FROM audit_entry",
        "DELETE FROM audit_seal",
        "INSERT INTO audit_anchor SELECT position, hash, entry_at, now() FROM audit_seal WHERE position = 1",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with limited.write() as session:
                await session.execute(text(statement))
    # Nor by tables of its own with the names of ours.
    async with limited.write() as session:
        for table in ("audit_seal", "audit_anchor"):
            await session.execute(text(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS SELECT * FROM public.{table}"))
            await session.execute(text(f"GRANT ALL ON {table} TO PUBLIC"))
        await session.execute(text("UPDATE audit_seal SET entry_at = now() - interval '1 year'"))
        assert await session.scalar(text(CUT)) == 2
    assert await left(db) == [20, 15]
    service = AuditService(limited, keep_days=90)
    broken = (await service.verify()).broken
    assert broken is not None
    assert broken.problem == "what was before is gone, and no entry tells who removed it"
    await record(db, 15, 15)
    await tampered(db, "UPDATE audit_seal SET entry_at = entry_at - interval '1 year' WHERE position = 3")
    assert await service.retain() == 1
    assert (await service.verify()).broken is None


async def test_two_at_once_remove_each_entry_once(db: Database) -> None:
    await record(db, *range(400, 100, -10), 1)
    service = AuditService(db, keep_days=90)
    assert sum(await asyncio.gather(*(service.retain() for _ in range(3)))) == 30
    assert await left(db) == [1]
    assert (await service.verify()).broken is None


@pytest.mark.parametrize(
    ("statement", "position", "problem"),
    [
        ("UPDATE audit_anchor SET hash = repeat('a', 64)", 2, "does not follow"),
        ("UPDATE audit_anchor SET position = 2", 3, "the seal is missing"),
        ("DELETE FROM audit_anchor", 1, "the seal is missing"),
        ("DELETE FROM audit_entry WHERE detail->>'days' = '300'", 2, "is missing"),
        ("DELETE FROM audit_seal WHERE position = 2", 2, "the seal is missing"),
    ],
)
async def test_who_gets_past_that_is_found(db: Database, statement: str, position: int, problem: str) -> None:
    await record(db, 400, 300, 20)
    service = AuditService(db, keep_days=350)
    assert await service.retain() == 1
    await service.seal()
    await tampered(db, statement)
    broken = (await service.verify()).broken
    assert broken is not None
    assert (broken.position, problem in broken.problem) == (position, True), broken


async def test_a_removal_that_no_entry_tells_of_is_found(db: Database) -> None:
    """As by a superuser who writes an anchor and takes what is before it."""
    await record(db, 400, 300, 20)
    await tampered(
        db, "INSERT INTO audit_anchor SELECT position, hash, entry_at, now() FROM audit_seal WHERE position = 2"
    )
    await tampered(db, "DELETE FROM audit_entry e USING audit_seal s WHERE s.entry_id = e.id AND s.position <= 2")
    await tampered(db, "DELETE FROM audit_seal WHERE position <= 2")
    broken = (await AuditService(db).verify()).broken
    assert broken is not None
    assert (broken.position, broken.problem) == (2, "what was before is gone, and no entry tells who removed it")


async def test_a_hash_of_what_is_gone_is_not_taken_for_one_that_is_there(db: Database) -> None:
    await record(db, 400, 390, 1)
    ((first,),) = await rows(db, "SELECT hash FROM audit_seal WHERE position = 1")
    service = AuditService(db, keep_days=90)
    await service.retain()
    broken = (await service.verify(first)).broken
    assert broken is not None
    assert "begins after it" in broken.problem


async def test_the_command_says_what_would_go_and_removes_it(db: Database, database_url: str) -> None:
    await record(db, 400, 390, 1)

    async def command(*arguments: str, **env: str) -> tuple[int, str]:
        ran = await asyncio.to_thread(
            CliRunner().invoke, main, ["audit", *arguments], env={"DATABASE_URL": database_url, **env}
        )
        return ran.exit_code, ran.output.strip()

    kept = (0, "AUDIT_KEEP_DAYS is not set: the record is kept for good.")
    assert await command("retention") == kept
    assert await command("retention", "--dry-run", AUDIT_KEEP_DAYS="90") == (
        0,
        "Would remove 2 entries older than 90 days.",
    )
    assert await left(db) == [400, 390, 1]
    assert await command("retention", AUDIT_KEEP_DAYS="89") == (
        1,
        "AUDIT_KEEP_DAYS must be a whole number from 90 to 36500",
    )
    assert await command("retention", AUDIT_KEEP_DAYS="90") == (0, "Removed 2 entries older than 90 days.")
    assert await left(db) == [1]
    code, said = await command("verify")
    assert code == 0
    assert said.startswith("The record is whole: 1 entries sealed, 1 waiting for their seal.\nIt begins after ")
    assert "the 2 entries up to then are removed." in said
