"""From nothing to head and back, and the tables are what the code says they are."""

import asyncio
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from alembic import command
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.events import Bus
from gateway.migrate import upgrade
from gateway.notifications import NotificationService
from gateway.revision import alembic_config, head
from gateway.usage import UsageService
from tests.domains.usage.ledger import a_call, sums_differ

ID = "00000000-0000-0000-0000-00000000000"
NOTICED_BEFORE = [
    f"""INSERT INTO app_user (id, issuer, subject, username, display_name, role, created_at)
    VALUES ('{ID}1', 'i', 's', 'alice', 'Alice', 'USER', now())""",
    f"""INSERT INTO api_key (id, user_id, name, status, expires_at, created_at, updated_at)
    VALUES ('{ID}2', '{ID}1', 'k', 'ACTIVE', now() + interval '6.5 days', now() - interval '90 days', now())""",
    f"""INSERT INTO notification (id, user_id, kind, api_key_id, days, expires_at, created_at)
    SELECT '{ID}3', '{ID}1', 'API_KEY_EXPIRES', '{ID}2', 7, expires_at, now() FROM api_key""",
]


async def tables(url: str) -> set[str]:
    db = Database(url)
    async with db.read() as session:
        found = set((await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all())
    await db.close()
    return found


async def test_empty_to_head_and_back(litellm_database_url: str) -> None:
    url = litellm_database_url  # any empty database
    await asyncio.to_thread(upgrade, url)
    assert {"app_user", "model", "model_subscription", "api_key", "usage_event", "audit_entry"} <= await tables(url)
    await asyncio.to_thread(upgrade, url)
    await asyncio.to_thread(command.downgrade, alembic_config(url), "base")
    assert await tables(url) == {"alembic_version"}


async def test_nothing_is_missing_from_the_migrations(database_url: str) -> None:
    try:
        await asyncio.to_thread(command.check, alembic_config(database_url))
    except CommandError as difference:
        raise AssertionError(f"the tables have changed: make migration ({difference})") from None


# What the release before may be using.
TAKES_AWAY = re.compile(
    r"op\.(drop_(table|column)|alter_column|rename_table)|\b(DROP|RENAME|ALTER) (TABLE|COLUMN|TO)\b"
)


def takes_away(migration: Script) -> bool:
    downgrade = inspect.getsource(migration.module.downgrade)
    return bool(TAKES_AWAY.search(inspect.getsource(migration.module).replace(downgrade, "")))


def test_a_migration_that_takes_away_says_which_releases_can_still_work() -> None:
    """Those before 0013 are of no release."""
    migrations = {each.revision: each for each in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    assert takes_away(migrations["0009"])
    assert not takes_away(migrations["0008"])
    for revision, each in migrations.items():
        if revision > "0013" and takes_away(each):
            assert "SET works_from" in inspect.getsource(each.module.upgrade), f"{each.path} (see 0013)"


async def test_notices_from_before_are_not_told_again(litellm_database_url: str) -> None:
    url = litellm_database_url
    await asyncio.to_thread(command.upgrade, alembic_config(url), "0001")
    db = Database(url)
    async with db.write() as session:
        for statement in NOTICED_BEFORE:
            await session.execute(text(statement))
    await asyncio.to_thread(upgrade, url)
    notifications = NotificationService(db)
    assert await notifications.announce_expiries() == 0
    alice = Actor(user_id=UUID(int=1), username="alice", role=Role.USER)
    ((row,), key) = (await notifications.page(alice, 10)).rows, UUID(int=2)
    assert (row.kind, row.api_key_id, row.days) == ("API_KEY_EXPIRES", key, 7)
    await db.close()
    await asyncio.to_thread(command.downgrade, alembic_config(url), "0001")


async def test_two_at_once_wait_for_each_other(litellm_database_url: str) -> None:
    url = litellm_database_url
    await asyncio.gather(*(asyncio.to_thread(_upgrade_in_process, url) for _ in range(2)))
    db = Database(url)
    async with db.read() as session:
        assert (await session.scalars(text("SELECT version_num FROM alembic_version"))).all() == [head()]
    await db.close()


def _upgrade_in_process(url: str) -> None:
    """Alembic keeps its state in a module, so two at once need two processes."""
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "migrate"]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True, capture_output=True)


async def test_the_ledger_moves_into_weeks_with_its_sums(litellm_database_url: str) -> None:
    url = litellm_database_url
    await asyncio.to_thread(command.upgrade, alembic_config(url), "0005")
    db = Database(url)
    async with db.write() as session:
        await session.execute(
            text("""
            INSERT INTO usage_event (call_id, success, occurred_at, received_at, model_name, call_type, error_code, stream,
              prompt_tokens, completion_tokens, total_tokens, spend)
            SELECT 'c' || n, n % 4 <> 0, '2025-03-01Z'::timestamptz + n * interval '5 hours', now(), 'm' || n % 3, 'acompletion',
              CASE WHEN n % 8 = 0 THEN '429' END, false, n, 2 * n, 3 * n, n * 0.001
            FROM generate_series(1, 100) AS n""")
        )
    seqs = await _all(db, "SELECT call_id, seq FROM usage_event ORDER BY seq")
    await asyncio.to_thread(upgrade, url)
    assert await _all(db, "SELECT call_id, seq FROM usage_event ORDER BY seq") == seqs
    assert await sums_differ(db) == []
    assert len(await _all(db, "SELECT 1 FROM usage_hourly")) == 100
    await UsageService(db, Bus(url)).ingest(
        [a_call(call_id="new"), a_call(call_id="c4", success=False, occurred_at=FOURTH)]
    )
    assert (await _all(db, "SELECT call_id FROM usage_event ORDER BY seq DESC LIMIT 1"))[0].call_id == "new"
    assert len(await _all(db, "SELECT 1 FROM usage_event")) == 101
    await asyncio.to_thread(command.downgrade, alembic_config(url), "0005")
    assert len(await _all(db, "SELECT 1 FROM usage_event")) == 101
    await db.close()


FOURTH = datetime(2025, 3, 1, 20, tzinfo=UTC)


async def _all(db: Database, statement: str) -> Sequence[Any]:
    async with db.read() as session:
        return (await session.execute(text(statement))).all()
