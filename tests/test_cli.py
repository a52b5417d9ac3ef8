"""The command: what it says when it can't start, and a gateway that starts, serves and stops."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

import gateway
from gateway.cli import main
from gateway.db import Database
from gateway.events import Bus
from gateway.revision import head
from gateway.usage import UsageService
from tests.domains.usage.ledger import a_call
from tests.portal import environment, restored_logging
from tests.ports import own_port

ROOT = Path(gateway.__file__).parents[1]


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    with restored_logging():
        yield


def run(*arguments: str, **env: str | None) -> Result:
    """The command in a process environment that holds `env` and nothing else of ours."""
    ours: dict[str, str | None] = dict.fromkeys((*environment(), "HOST", "PORT", "REDIS_URL"))
    return CliRunner().invoke(main, arguments, env=ours | env)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
async def empty_database(server_url: str, database_url: str) -> str:
    """A database that nobody has migrated."""
    db = Database(database_url)
    async with db.write() as session:
        await session.execute(text("DROP SCHEMA public CASCADE"))
        await session.execute(text("CREATE SCHEMA public"))
    await db.close()
    return database_url


def test_version() -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (run("version").exit_code, run("version").stdout) == (0, f"{written}\n")


def test_schema_prints_the_schema(tmp_path: Path) -> None:
    result = run("schema")
    assert result.exit_code == 0
    assert {"Query", "Mutation", "Subscription", "ApiKey"} <= set(re.findall(r"^type (\w+)", result.stdout, re.M))
    assert run("schema", "--output", str(tmp_path / "out.graphql")).stdout == ""
    assert (tmp_path / "out.graphql").read_text() == result.stdout


def test_serve_lists_every_problem_by_name() -> None:
    result = run("serve", **environment(DATABASE_URL=None, SESSION_SECRET="0" * 32, PORT="http"))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "LiteMaaS can't start with these settings:",
        "  DATABASE_URL is missing",
        "  PORT must be a whole number from 1 to 65535",
        "  SESSION_SECRET repeats itself and can be guessed; make one with `openssl rand -hex 32`",
    ]


def test_serve_refuses_the_sandbox_sign_in() -> None:
    result = run("serve", **environment(AUTH_PROVIDER="sandbox"))
    assert result.exit_code == 1
    assert "sandbox lets anybody in by name alone and works under `litemaas sandbox` only" in result.stderr
    assert "Traceback" not in result.stderr


def test_serve_says_that_the_database_does_not_answer() -> None:
    url = f"postgresql://litemaas:hunter2@127.0.0.1:{own_port()}/litemaas"
    result = run("serve", **environment(DATABASE_URL=url))
    assert result.exit_code == 1
    assert result.stderr.startswith("The database in DATABASE_URL does not answer: ")
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_serve_needs_a_migrated_database(empty_database: str) -> None:
    result = run("serve", **environment(DATABASE_URL=empty_database))
    assert result.exit_code == 1
    assert result.stderr == "The database in DATABASE_URL is empty. Run `litemaas migrate` first.\n"


def test_serve_says_that_the_port_is_taken(database_url: str, taken_port: int) -> None:
    result = run("serve", **environment(DATABASE_URL=database_url, PORT=str(taken_port)))
    assert result.exit_code == 1
    assert result.stderr == (f"Port {taken_port} on 127.0.0.1 is taken by another program; set PORT to a free one.\n")


def test_serve_says_that_the_port_of_metrics_is_taken(database_url: str, taken_port: int) -> None:
    result = run("serve", **environment(DATABASE_URL=database_url, PORT=str(own_port()), METRICS_PORT=str(taken_port)))
    assert result.exit_code == 1
    assert result.stderr == (
        f"Port {taken_port} on 127.0.0.1 is taken by another program; set METRICS_PORT to a free one.\n"
    )


def test_serve_says_that_the_host_is_not_here(database_url: str) -> None:
    result = run("serve", **environment(DATABASE_URL=database_url, HOST="192.0.2.1"))
    assert result.exit_code == 1
    assert result.stderr.startswith("LiteMaaS can't listen on 192.0.2.1 port 8080: ")


def test_migrate_goes_from_nothing_to_head_and_again(empty_database: str) -> None:
    for _ in range(2):
        result = run("migrate", DATABASE_URL=empty_database)
        assert (result.exit_code, result.stdout) == (0, f"The database is at revision {head()}.\n")
    assert run("serve", **environment(DATABASE_URL=empty_database, HOST="192.0.2.1")).stderr.startswith(
        "LiteMaaS can't listen"
    ), "the database is good enough to serve from"


async def _set_revision(database_url: str, assignment: str) -> None:
    db = Database(database_url)
    async with db.write() as session:
        await session.execute(text(f"UPDATE alembic_version SET {assignment}"))
    await db.close()


async def _run_in_thread(*arguments: str, **env: str | None) -> Result:
    return await asyncio.to_thread(lambda: run(*arguments, **env))


async def test_a_later_release_has_been_here_and_this_one_can_live_with_it(database_url: str) -> None:
    await _set_revision(database_url, "version_num = 'later'")
    result = await _run_in_thread("migrate", DATABASE_URL=database_url)
    said = "The database is at revision later of a later release, which this one can work with.\n"
    assert (result.exit_code, result.stdout) == (0, said)
    served = await _run_in_thread("serve", **environment(DATABASE_URL=database_url, HOST="192.0.2.1"))
    assert "LiteMaaS can't listen" in served.stderr, "the database is good enough to serve from"


async def test_a_later_release_has_been_here_and_taken_away_what_this_one_needs(database_url: str) -> None:
    await _set_revision(database_url, "version_num = 'later', works_from = 'later'")
    said = (
        "The database is at revision later of a later release, which this one can't work with. "
        "Deploy that release again, or restore a backup from before it.\n"
    )
    for command, env in (
        ("migrate", {"DATABASE_URL": database_url}),
        ("serve", environment(DATABASE_URL=database_url)),
    ):
        result = await _run_in_thread(command, **env)
        assert (result.exit_code, result.stderr) == (1, said)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "DATABASE_URL is missing"),
        ("sqlite:///x.db", "DATABASE_URL must be a postgresql:// address"),
        ("postgresql://litemaas:hunter2@127.0.0.1:9/x", "The database could not be migrated: "),
    ],
)
def test_migrate_says_what_is_wrong(url: str | None, words: str) -> None:
    result = run("migrate", DATABASE_URL=url)
    assert result.exit_code == 1
    assert result.stderr.startswith(words)
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_serve_serves_and_stops_when_it_is_told(database_url: str) -> None:
    port, metrics_port = own_port(), own_port()
    ports = {"PORT": str(port), "METRICS_PORT": str(metrics_port)}
    env = environment(DATABASE_URL=database_url, PUBLIC_URL=f"http://127.0.0.1:{port}", **ports)
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "serve"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={"PATH": os.environ["PATH"]} | env, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 180
        while True:
            try:
                ready = httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
                break
            except httpx2.TransportError:
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
                assert time.monotonic() < deadline, "it did not start within three minutes"
                time.sleep(0.1)
        assert ready.status_code == 200
        assert "server" not in ready.headers
        refused = httpx2.post(f"http://127.0.0.1:{port}/auth/sandbox", data={"username": "alice"})
        assert refused.status_code == 404
        found = {
            (at, path): httpx2.get(f"http://127.0.0.1:{at}{path}").status_code
            for at in (port, metrics_port)
            for path in ("/metrics", "/metrics/", "/healthz", "/")
        }
        assert {where for where, status in found.items() if status != 404} == {
            *((port, "/healthz"), (port, "/"), (metrics_port, "/metrics")),
        }
        # By whatever name it is called: the socket counts, and not what the request says.
        forged = {"Host": f"127.0.0.1:{metrics_port}", "X-Forwarded-Port": str(metrics_port)}
        assert httpx2.get(f"http://127.0.0.1:{port}/metrics", headers=forged).status_code == 404
        told = httpx2.get(f"http://127.0.0.1:{metrics_port}/metrics")
        assert "litemaas_build_info" in told.text
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log
    assert [secret for secret in (env["SESSION_SECRET"], env["LITELLM_MASTER_KEY"]) if secret in log] == []


def test_retention_says_what_it_would_do(database_url: str) -> None:
    assert "kept for good" in run("usage", "retention", "--dry-run", DATABASE_URL=database_url).stdout
    answer = run("usage", "retention", "--dry-run", DATABASE_URL=database_url, USAGE_KEEP_DAYS="30")
    assert (answer.exit_code, answer.stdout) == (0, "No week is older than 30 days.\n")
    wrong = run("usage", "retention", DATABASE_URL=database_url, USAGE_KEEP_DAYS="3")
    assert (wrong.exit_code, "USAGE_KEEP_DAYS" in wrong.stderr) == (1, True)


def test_retention_says_that_the_database_does_not_answer() -> None:
    answer = run("usage", "retention", DATABASE_URL="postgresql://x@127.0.0.1:1/x", USAGE_KEEP_DAYS="30")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "can't be reached" in answer.stderr


def test_rebuild_says_what_it_has_made(database_url: str) -> None:
    assert run("usage", "rebuild", DATABASE_URL=database_url).stdout == "There are no calls.\n"

    async def book() -> None:
        db = Database(database_url)
        await UsageService(db, Bus(database_url)).ingest([a_call(occurred_at=datetime(2025, 3, 10, 12, tzinfo=UTC))])
        await db.close()

    asyncio.run(book())
    answer = run("usage", "rebuild", DATABASE_URL=database_url)
    assert (answer.exit_code, answer.stdout) == (0, "made the sums from 2025-03-10 to 2025-03-26\n")
    refused = run("usage", "rebuild", DATABASE_URL="postgresql://x@127.0.0.1:1/x")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "The sums can't be made" in refused.stderr
