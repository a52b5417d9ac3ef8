"""A rolling upgrade with a change of the schema, under load, and the way back.

The next release is this one and a migration: it adds columns to tables that are in use, a table and an index. The one after it takes away
what this one needs.
"""

import shutil
from pathlib import Path

import pytest

from gateway.revision import head
from tests.deploy.tools import ROOT
from tests.domains.usage.ledger import sums_differ
from tests.replicas.cluster import Cluster, Replica
from tests.replicas.load import busy

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

SETTINGS = {"RATE_LIMIT_POINTS_PER_SECOND": "100000", "RATE_LIMIT_WRITES_PER_MINUTE": "1000"}
MIGRATION = """
from alembic import op

revision, down_revision, branch_labels, depends_on = '{revision}', '{before}', None, None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for statement in {statements!r}:
        op.execute(statement)
"""
EXPANDS = [
    "ALTER TABLE app_user ADD nickname varchar",
    "ALTER TABLE login_session ADD device varchar NOT NULL DEFAULT ''",
    "ALTER TABLE api_key ADD colour varchar NOT NULL DEFAULT 'blue'",
    "ALTER TABLE usage_event ADD region varchar",
    "ALTER TABLE usage_hourly ADD carbon numeric NOT NULL DEFAULT 0",
    "CREATE TABLE palette (colour varchar PRIMARY KEY)",
    "CREATE INDEX ix_api_key_colour ON api_key (colour)",
]
CONTRACTS = [
    "ALTER TABLE model DROP description",
    "UPDATE alembic_version SET works_from = 'next'",
]
ATTEMPTS = 6  # of the Job: a migration that has to wait for a lock fails and is tried again
TOO_NEW = (
    "The database is at revision after of a later release, which this one can't work with. "
    "Deploy that release again, or restore a backup from before it.\n"
)


def a_release(folder: Path, before: str, revision: str, statements: list[str], code: Path = ROOT) -> Path:
    """The tree of a release that is `code` and one more migration."""
    tree = folder / revision
    for part in ("gateway", "schema", "migrations"):
        shutil.copytree(code / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", "static"))
    (tree / "frontend").mkdir()
    shutil.copy(code / "frontend/operations.json", tree / "frontend")
    written = MIGRATION.format(revision=revision, before=before, statements=statements)
    (tree / "migrations/versions" / f"29990101_{revision}.py").write_text(written)
    return tree


async def migrate(cluster: Cluster, code: Path) -> None:
    """What the Job does before the pods of a release, as the owner of the tables."""
    job = Replica(
        cluster.replicas[0].address, "", {"DATABASE_URL": cluster.db.url}, cluster.folder / "job.log", code=code
    )
    for replica in cluster.replicas:
        for _ in range(ATTEMPTS):
            ran = await job.run("migrate", "--runtime-role", replica.role)
            if ran.returncode == 0:
                break
        assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def following(cluster: Cluster) -> Path:
    """The tree of the next release."""
    current = head()
    assert current is not None
    return a_release(cluster.folder, current, "next", EXPANDS)


async def replace(cluster: Cluster, replica: Replica, code: Path) -> None:
    """As a cluster does: nobody is sent there any more, it is told to stop, and the new one is asked when it says that it is ready."""
    await cluster.nginx.reload(out=replica)
    await replica.stop()
    replica.code = code
    replica.start()
    await replica.ready()
    await cluster.nginx.reload()


async def test_a_rolling_upgrade_keeps_serving(cluster: Cluster, following: Path) -> None:
    async with busy(cluster) as load:
        await load.goes_on()
        await migrate(cluster, following)
        assert await cluster.rows("SELECT version_num FROM alembic_version") == [("next",)]
        for replica in cluster.replicas:
            assert await replica.readiness() == 200
        await load.goes_on()
        for replica in cluster.replicas:
            await replace(cluster, replica, following)
            await load.goes_on()
    assert load.answers.keys() == {"ok"}
    assert set(load.made.values()) == {"CreateApiKeySuccess"}
    stored = await cluster.rows("SELECT call_id, seq FROM usage_event ORDER BY seq")
    assert sorted(call for call, _ in stored) == sorted(load.booked)
    assert load.seen == [seq for _, seq in stored]
    assert load.connections >= 2
    assert await sums_differ(cluster.db) == []


async def test_the_release_before_starts_on_the_next_ones_schema_but_not_on_one_that_took_away_what_it_needs(
    cluster: Cluster, following: Path
) -> None:
    old, new = cluster.replicas
    await migrate(cluster, following)
    await replace(cluster, new, following)
    await replace(cluster, old, ROOT)
    migrated = await old.run("migrate")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert "at revision next of a later release, which this one can work with" in migrated.stdout
    await migrate(cluster, a_release(cluster.folder, "next", "after", CONTRACTS, following))
    assert [await replica.readiness() for replica in cluster.replicas] == [503, 200]
    await old.stop()
    for command in ("serve", "migrate"):
        ran = await old.run(command)
        assert (ran.returncode, ran.stderr) == (1, TOO_NEW)
