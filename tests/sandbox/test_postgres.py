"""The embedded PostgreSQL: it keeps its data, and never outlives or trips over its owner."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import asyncpg
import pytest

from gateway.sandbox import run_as
from gateway.sandbox.errors import SandboxError
from gateway.sandbox.postgres import Postgres

ROOT = Path(__file__).parents[2]


async def _value(server: Postgres, sql: str, database: str = "postgres") -> object:
    connection = await asyncpg.connect(server.url(database))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while _alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def _owner(data_dir: Path) -> tuple[subprocess.Popen[str], int, Path]:
    """Another process that owns a server on `data_dir`; also the server's process id and its socket directory."""
    program = f"""
        import time
        from pathlib import Path
        from gateway.sandbox.postgres import Postgres
        with Postgres(Path({str(data_dir)!r}), durable=False) as server:
            server.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
            print(server.pid, server.url("postgres").partition("host=")[2], flush=True)
            time.sleep(60)
    """
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid, socket_dir = owner.stdout.readline().split()
    return owner, int(pid), Path(socket_dir)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory to copy, since making one is the slow part."""
    data_dir = tmp_path_factory.mktemp("made") / "data"
    with Postgres(data_dir, durable=False):
        pass
    return data_dir


@pytest.fixture
def data_dir(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


async def test_starts_from_nothing_and_keeps_data_over_a_restart(tmp_path: Path) -> None:
    data_dir = tmp_path / "deep" / "down" / "data"
    async with Postgres(data_dir) as server:
        server.create_database("litemaas")
        server.execute("CREATE TABLE t AS SELECT 'ä' AS name", database="litemaas")
        assert await _value(server, "SHOW fsync") == "on"
        assert await _value(server, "SHOW listen_addresses") == ""
        assert await _value(server, "SHOW timezone") == "UTC"
        pid = server.pid
    assert not _alive(pid)

    async with Postgres(data_dir) as server:
        server.create_database("litemaas")  # is there already
        assert await _value(server, "SELECT upper(name) FROM t", "litemaas") == "Ä"


async def test_databases_come_from_a_template_and_go_with_their_connections(data_dir: Path) -> None:
    with Postgres(data_dir, durable=False, settings={"max_connections": "17"}) as server:
        assert await _value(server, "SHOW fsync") == "off"
        assert await _value(server, "SHOW max_connections") == "17"
        server.create_database("template")
        server.execute("CREATE TABLE t AS SELECT 7 AS n", database="template")
        server.create_database('odd "name"', template="template")
        connection = await asyncpg.connect(server.url('odd "name"'))
        assert await connection.fetchval("SELECT n FROM t") == 7
        server.drop_database('odd "name"')
        server.drop_database('odd "name"')
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await connection.fetchval("SELECT 1")
        assert server.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1") == (
            "postgres\ntemplate"
        )
        with pytest.raises(SandboxError, match="does not exist"):
            server.execute("SELECT * FROM nowhere")


def test_the_socket_goes_at_the_end(data_dir: Path) -> None:
    with Postgres(data_dir, durable=False) as server:
        socket_dir = Path(server.url("x").partition("host=")[2])
        assert [path.name for path in socket_dir.iterdir() if path.is_socket()] == [".s.PGSQL.5432"]
        assert len(str(socket_dir / ".s.PGSQL.5432")) <= 103
        assert socket_dir.stat().st_mode & 0o077 == 0
    assert not socket_dir.exists()


def test_a_long_temporary_directory_does_not_matter(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Postgres(data_dir, durable=False) as server:
        assert server.execute("SELECT 1") == "1"


def test_a_killed_owner_leaves_no_server_and_the_next_start_finds_the_data(data_dir: Path) -> None:
    owner, server_pid, socket_dir = _owner(data_dir)
    owner.kill()
    owner.wait()
    with Postgres(data_dir, durable=False) as server:  # at once: the old one may still be going down
        assert server.execute("SELECT answer FROM kept") == "42"
    _wait_until_gone(server_pid)
    deadline = time.monotonic() + 5
    while socket_dir.exists():
        assert time.monotonic() < deadline, "the killed owner's socket directory is still there"
        time.sleep(0.05)


def test_ctrl_c_does_not_reach_the_server(data_dir: Path) -> None:
    owner, server_pid, _ = _owner(data_dir)
    try:
        assert os.getpgid(server_pid) != os.getpgid(owner.pid)
    finally:
        owner.send_signal(signal.SIGINT)
        owner.wait()
    assert not _alive(server_pid), "an owner that ends in good order waits for its server"


def test_a_killed_server_starts_again(data_dir: Path) -> None:
    with Postgres(data_dir) as server:
        server.execute("CREATE TABLE kept AS SELECT 1 AS n")
        pid = server.pid
        os.kill(pid, signal.SIGKILL)
        _wait_until_gone(pid)
    assert (data_dir / "postmaster.pid").exists()
    with Postgres(data_dir, durable=False) as server:
        assert server.execute("SELECT n FROM kept") == "1"


def _kill_and_leave_a_process_behind(server: Postgres) -> int:
    """A killed server's child that can't notice yet, since it is stopped."""
    child = int(server.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"))
    os.kill(child, signal.SIGSTOP)
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    _wait_until_gone(pid)
    return child


def test_what_a_killed_server_left_behind_is_waited_for(data_dir: Path) -> None:
    with Postgres(data_dir, durable=False) as server:
        child = _kill_and_leave_a_process_behind(server)
    threading.Timer(1.0, os.kill, (child, signal.SIGCONT)).start()
    with Postgres(data_dir, durable=False) as server:
        assert server.execute("SELECT 1") == "1"
    assert not _alive(child)


def test_what_a_killed_server_left_behind_for_good(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.sandbox.postgres._PREDECESSOR_SECONDS", 0.3)
    with Postgres(data_dir, durable=False) as server:
        child = _kill_and_leave_a_process_behind(server)
    try:
        with pytest.raises(SandboxError, match=r"^Processes of an earlier PostgreSQL server are still running on "):
            Postgres(data_dir, durable=False).start()
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_stale_process_id_that_somebody_else_has_now_is_no_obstacle(data_dir: Path) -> None:
    (data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{data_dir}\n0\n5432\n/nowhere\n\n  1 1\nready\n")
    with Postgres(data_dir, durable=False) as server:
        assert server.execute("SELECT 1") == "1"


def test_two_owners_at_once(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.sandbox.postgres._PREDECESSOR_SECONDS", 0.3)
    with Postgres(data_dir, durable=False) as first:
        with pytest.raises(SandboxError, match=f"^Another sandbox is using {data_dir}: stop it first.$"):
            Postgres(data_dir, durable=False).start()
        assert first.execute("SELECT 1") == "1"


def test_a_server_that_somebody_else_runs_on_the_data(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.sandbox.postgres._PREDECESSOR_SECONDS", 0.3)
    with Postgres(data_dir, durable=False) as first:
        (data_dir.parent / "data.lock").unlink()  # a foreign server holds no lock of ours
        with pytest.raises(SandboxError, match=rf"\(process {first.pid}\) is already running"):
            Postgres(data_dir, durable=False).start()
        assert first.execute("SELECT 1") == "1"


def test_data_of_another_version(data_dir: Path) -> None:
    (data_dir / "PG_VERSION").write_text("9\n")
    with pytest.raises(SandboxError, match=r"was made by PostgreSQL 9 and this is PostgreSQL \d+: move"):
        Postgres(data_dir).start()


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("precious")
    with pytest.raises(SandboxError, match="is not empty and is no PostgreSQL data directory"):
        Postgres(tmp_path / "data").start()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["thesis.txt"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match="in the way: it is not a directory"):
        Postgres(tmp_path / "file" / "data").start()


def test_a_setting_that_the_server_refuses(data_dir: Path) -> None:
    with pytest.raises(SandboxError, match="could not start: unrecognized configuration parameter"):
        Postgres(data_dir, settings={"no_such_setting": "1"}).start()
    with Postgres(data_dir, durable=False) as server:  # nothing was left locked or running
        assert server.execute("SELECT 1") == "1"


def test_a_missing_program_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITEMAAS_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(SandboxError, match="LITEMAAS_POSTGRES_BIN"):
        Postgres(tmp_path / "data").start()


@pytest.mark.parametrize("size", ["256k", "16m"], ids=["at once", "while it is made"])
def test_a_full_disk(tmp_path: Path, size: str) -> None:
    small = tmp_path / "small"
    small.mkdir()
    program = textwrap.dedent(f"""
        from pathlib import Path
        from gateway.sandbox.errors import SandboxError
        from gateway.sandbox.postgres import Postgres
        try:
            Postgres(Path({str(small)!r}) / "data").start()
        except SandboxError as error:
            print(error)
    """)
    script = f'mount -t tmpfs -o size={size} none "$0" && exec "$1" -c "$2"'
    in_own_mounts = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    if subprocess.run([*in_own_mounts[:-1], f"mount -t tmpfs none {small}"], capture_output=True).returncode != 0:
        pytest.skip("a small file system needs user namespaces")
    run = subprocess.run(
        [*in_own_mounts, str(small), sys.executable, program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.startswith("The disk is full: PostgreSQL "), run
    assert run.stderr == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
class TestAsRoot:
    @pytest.fixture(autouse=True)
    def _without_user_namespaces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run_as, "_unshare_works", lambda: False)

    def test_runs_as_nobody_where_user_namespaces_are_off(self, data_dir: Path) -> None:
        for parent in data_dir.parents:
            if parent == Path(tempfile.gettempdir()):
                break
            parent.chmod(0o755)  # pytest's own directories are closed to others
        with Postgres(data_dir, durable=False) as server:
            assert server.execute("SELECT 1") == "1"
            assert Path(f"/proc/{server.pid}").stat().st_uid == data_dir.stat().st_uid != 0

    def test_says_what_to_do_when_nobody_can_not_reach_the_data(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        with pytest.raises(SandboxError, match="DATABASE_URL"):
            Postgres(closed / "data").start()
        assert closed.stat().st_mode & 0o777 == 0o700
        assert not (closed / "data").exists()


async def test_many_servers_do_not_meet(made: Path, tmp_path: Path) -> None:
    async def one(number: int) -> str:
        data = Path(await asyncio.to_thread(shutil.copytree, made, tmp_path / str(number)))
        async with Postgres(data, durable=False) as server:
            return await asyncio.to_thread(server.execute, f"SELECT {number}")

    assert await asyncio.gather(one(1), one(2)) == ["1", "2"]
