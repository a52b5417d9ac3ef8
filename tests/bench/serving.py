"""Servers to measure: each a process of its own, with a real PostgreSQL beside it."""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.actor import Role
from gateway.migrate import upgrade
from gateway.sandbox.postgres import Postgres
from gateway.settings import ApiSettings, SandboxPerson, Settings
from tests.ports import own_port

MASTER_KEY, WEBHOOK_SECRET = "sk-bench-7204-1183", "callback-7204-1183-x"
HOST = "127.0.0.1"
_CLOCK = os.sysconf("SC_CLK_TCK")


def arguments(description: str, **options: int) -> argparse.Namespace:
    """`--smoke`, and an integer option for each of `options`, which are the defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--smoke", action="store_true", help="run for a moment only, to see that it runs")
    for name, default in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, help="default: %(default)s")
    return parser.parse_args()


def person(number: int) -> str:
    """The username of one of the people who may sign in; the first is alice."""
    return f"person-{number}" if number else "alice"


NOWHERE = "http://127.0.0.1:9"  # nothing answers there: LiteLLM has no part in what is measured
# What is measured is how many requests are answered, not how many are refused.
UNLIMITED = ApiSettings(points=10**9, points_per_second=10**9, writes=10**9, writes_per_minute=10**9, concurrency=10**5)


def settings(
    database_url: str,
    port: int,
    people: int = 1,
    role: Role = Role.USER,
    litellm_url: str = NOWHERE,
    api: ApiSettings = UNLIMITED,
) -> Settings:
    return Settings.for_sandbox(
        database_url=database_url,
        litellm_url=litellm_url,
        litellm_public_url=litellm_url,
        litellm_master_key=MASTER_KEY,
        webhook_secret=WEBHOOK_SECRET,
        session_secret="7204118372041183720411837204118a",
        people=[
            SandboxPerson(username=person(number), display_name=person(number), role=role) for number in range(people)
        ],
        host=HOST,
        port=port,
        api=api,
    )


@contextlib.contextmanager
def database() -> Iterator[str]:
    """The address of a database at head, on a server of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="litemaas-bench-") as directory,
        Postgres(Path(directory) / "postgres", durable=False) as postgres,
    ):
        postgres.create_database("bench")
        upgrade(postgres.url("bench"))
        yield postgres.url("bench")


@dataclass
class Server:
    """A running server process."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def cpu_seconds(self) -> float:
        """What the process has used so far, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK

    @property
    def memory(self) -> int:
        """Resident bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the server is gone")


@contextlib.contextmanager
def serving(module: str, database_url: str, *options: str) -> Iterator[Server]:
    """`python -m module PORT DATABASE_URL …`, from when it answers until the block is left. BENCH_PORT asks for a certain port."""
    port = own_port(int(os.environ.get("BENCH_PORT", "0")))
    process = subprocess.Popen([sys.executable, "-m", module, str(port), database_url, *options])
    try:
        _await_answer(f"http://{HOST}:{port}/healthz", process)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server at {url} does not answer")


class Connection:
    """HTTP/1.1 on one kept connection, as little of it as a measurement needs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, request: bytes) -> tuple[int, bytes, bytes]:
        """(status, head, body) of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 : lowered.index(b"\r\n", at)]) if at >= 0 else 0
        return int(head[9:12]), head, await self._reader.readexactly(length) if length else b""

    def close(self) -> None:
        self._writer.close()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    connection = Connection(*await asyncio.open_connection(HOST, port, limit=2**20))
    try:
        yield connection
    finally:
        connection.close()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request; underscores in header names are hyphens."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def sign_in(port: int, username: str = "alice") -> str:
    """The Cookie header of a new session."""
    form = f"username={username}".encode()
    kind = "application/x-www-form-urlencoded"
    async with connected(port) as connection:
        sent = request("POST", "/auth/sandbox", form, Content_Type=kind, X_LiteMaaS_Request="1")
        status, head, body = await connection.send(sent)
    for line in head.decode().splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "set-cookie":
            return value.strip().partition(";")[0]
    raise RuntimeError(f"signing in answered {status} without a cookie: {body!r}")
