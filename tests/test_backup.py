"""A backup rehearsed: what pg_dump writes becomes the same rows in an empty database, and the record is whole there."""

import asyncio
import subprocess
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from gateway import audit
from gateway.audit import AuditService
from gateway.cli import main
from gateway.db import Database, asyncpg_dsn
from gateway.revision import head
from gateway.sandbox.binaries import find_binaries
from tests.builders import a_person
from tests.conftest import a_database


def program(name: str, *arguments: str) -> None:
    ran = subprocess.run([find_binaries() / name, *arguments], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


async def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    connection = await asyncpg.connect(asyncpg_dsn(url))
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return {
            name: [row[0] for row in await connection.fetch(f'SELECT t::text FROM "{name}" t ORDER BY 1')]
            for (name,) in tables
        }
    finally:
        await connection.close()


def command(*arguments: str, url: str) -> tuple[int, str]:
    ran = CliRunner().invoke(main, arguments, env={"DATABASE_URL": url})
    return ran.exit_code, ran.output


async def test_a_restored_backup_is_the_same(server_url: str, db: Database, tmp_path: Path) -> None:
    ada = await a_person(db, "ada")
    for number in range(5):
        async with db.write() as session:
            audit.record(session, ada, "key.blocked", "api_key", uuid4(), number=number)
    await AuditService(db).seal()
    async with db.write() as session:
        await session.execute(
            text("""INSERT INTO usage_event (call_id, success, occurred_at, received_at, model_name, call_type, status,
              stream, cache_hit, priced, prompt_tokens, cached_tokens, completion_tokens, total_tokens, spend)
            VALUES ('c', true, now(), now(), 'm', 'c', 'success', false, false, true, 1, 0, 1, 2, 0.1)""")
        )
    before = await contents(db.url)
    assert len(before["audit_seal"]) == 5
    archive = str(tmp_path / "litemaas.dump")
    program("pg_dump", "--format=custom", f"--file={archive}", db.url)
    async with a_database(server_url) as restored:
        program("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={restored}", archive)
        assert await contents(restored) == before
        migrated = await asyncio.to_thread(command, "migrate", url=restored)
        assert migrated == (0, f"The database is at revision {head()}.\n")
        code, said = await asyncio.to_thread(command, "audit", "verify", url=restored)
        assert (code, said.splitlines()[0]) == (0, "The record is whole: 5 entries sealed, 0 waiting for their seal.")
        connection = await asyncpg.connect(asyncpg_dsn(restored))
        try:
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute("DELETE FROM audit_entry")
            seq = await connection.fetchval("SELECT nextval('usage_event_seq')")
            assert seq > await connection.fetchval("SELECT max(seq) FROM usage_event")
        finally:
            await connection.close()
    assert await contents(db.url) == before
