"""An installation with two replicas: `litemaas serve` twice on one PostgreSQL and one Valkey, with nginx in front as deploy/nginx has it.

Sign-in is at an OpenID Connect issuer, LiteLLM the sandbox's. Each replica has a loopback address and a role in the database of its own, so
that its port is nobody else's and its locks can be told from the other's.
"""

import asyncio
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.db import Database
from gateway.migrate import grant
from gateway.sandbox.litellm import Options, create_app
from tests.deploy.tools import DEPLOY, ROOT, find
from tests.graphql import Client, on_port
from tests.issuers import OidcIssuer, certificate, serving
from tests.portal import environment
from tests.proxies import MASTER_KEY

WEBHOOK_SECRET = environment()["LITELLM_WEBHOOK_SECRET"]
COMMAND = (sys.executable, "-c", "from gateway.cli import main; main()")
PATIENCE = 120  # seconds, for whatever must come


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


async def until(happened: Callable[[], Any], what: str) -> Any:
    """The first truth that `happened()` gives, asked again and again; it may be a coroutine function."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                found = happened()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what}: waited in vain") from None


@dataclass
class Replica:
    """`litemaas serve`, run from the tree `code`."""

    address: str
    role: str
    env: dict[str, str]
    log: Path
    code: Path = ROOT
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = free_port(self.address)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], **self.env, "HOST": self.address, "PORT": str(self.port)}

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*COMMAND, "serve"], cwd=self.code, env=self._environment, stderr=log)

    async def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The `litemaas` command with these arguments, in this replica's environment."""
        command = [*COMMAND, *arguments]
        return await asyncio.to_thread(
            subprocess.run, command, cwd=self.code, env=self._environment, capture_output=True, text=True, timeout=100
        )

    async def ready(self) -> None:
        async def answers() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            try:
                return await self.readiness() == 200
            except httpx.TransportError:
                return False

        await until(answers, f"{self.url} is ready")

    async def readiness(self) -> int:
        async with httpx.AsyncClient() as http:
            return (await http.get(f"{self.url}/readyz")).status_code

    async def metric(self, name: str) -> float:
        """The sample's value; 0 while there is none."""
        async with httpx.AsyncClient(timeout=30) as http:
            lines = (await http.get(f"{self.url}/metrics")).text.splitlines()
        return sum(float(line.removeprefix(f"{name} ")) for line in lines if line.startswith(f"{name} "))

    def kill(self) -> None:
        """As when its machine is lost: no signal that it could catch."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def stop(self) -> None:
        """As Kubernetes does; gives it the time that it wants."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self.process.wait, 20)
            except subprocess.TimeoutExpired:
                self.kill()

    def at(self, cookie: str = "") -> Client:
        """Somebody who asks this very replica; `cookie` is the header."""
        headers = {"X-LiteMaaS-Request": "1", **({"Cookie": cookie} if cookie else {})}
        return Client(httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30))


@dataclass
class Nginx:
    """deploy/nginx/litemaas.conf with the addresses of the replicas, and a certificate."""

    folder: Path
    address: str
    replicas: list[Replica]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = free_port(self.address)
        self.certificate, self._key = certificate(self.folder, self.address)

    def configure(self, out: Replica | None = None) -> None:
        """Nothing goes to the replica that is `out`."""
        text = (DEPLOY / "nginx/litemaas.conf").read_text()
        changes = {
            "listen 443 ssl": f"listen {self.address}:{self.port} ssl",
            "litemaas.example.com;": f"{self.address};",
            "/etc/nginx/tls/litemaas.crt": str(self.certificate),
            "/etc/nginx/tls/litemaas.key": str(self._key),
        }
        for number, replica in enumerate(self.replicas):
            down = " down" if replica is out else ""
            changes[f"10.0.0.1{number + 1}:8080"] = f"{replica.address}:{replica.port}{down}"
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / "litemaas.conf").write_text(text)
        scratch = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        (self.folder / "nginx.conf").write_text(
            "\n".join(
                [
                    "user root;" if os.geteuid() == 0 else "",
                    "daemon off;",
                    f"pid {self.folder}/nginx.pid;",
                    f"error_log {self.folder}/error.log notice;",
                    "events { worker_connections 4096; }",
                    "http {",
                    "access_log off;",
                    *(f"{kind}_temp_path {self.folder}/{kind};" for kind in scratch),
                    f"include {self.folder}/litemaas.conf;",
                    "}",
                ]
            )
        )

    def _run(self, *arguments: str) -> list[str]:
        return [find("nginx"), "-e", f"{self.folder}/error.log", "-c", f"{self.folder}/nginx.conf", *arguments]

    def start(self) -> None:
        self.configure()
        self.process = subprocess.Popen(self._run())

    async def ready(self) -> None:
        await until((self.folder / "nginx.pid").exists, "nginx starts")

    async def reload(self, out: Replica | None = None) -> None:
        """Returns when nothing more is taken on by what was configured before."""
        before = self._left()
        self.configure(out)
        await asyncio.to_thread(subprocess.run, self._run("-s", "reload"), check=True, timeout=30)
        await until(lambda: self._left() > before, "nginx works as it is configured")

    def _left(self) -> int:
        """How many workers take on nothing more."""
        return (self.folder / "error.log").read_text().count("gracefully shutting down")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)


class Gate:
    """Before LiteLLM: keeps back the answers to what is asked of a path, which is done, until it is opened."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._path: str | None = None
        self._open = asyncio.Event()
        self.kept_back = 0

    def close(self, path: str) -> None:
        self._path = path
        self._open.clear()

    def open(self) -> None:
        self._path = None
        self._open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_when_open(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] == self._path:
                self.kept_back += 1
                await self._open.wait()
            await send(message)

        await self._app(scope, receive, send_when_open)


@dataclass
class Cluster:
    replicas: list[Replica]
    nginx: Nginx
    issuer: OidcIssuer
    litellm: Gate
    litellm_url: str
    db: Database
    folder: Path
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    @property
    def url(self) -> str:
        return f"https://{self.nginx.address}:{self.nginx.port}"

    def nobody(self) -> Client:
        """Somebody at the front who is not signed in."""
        return Client(self._http(self.url, {"X-LiteMaaS-Request": "1"}), self.tls)

    def _http(self, base_url: str, headers: dict[str, str]) -> httpx.AsyncClient:
        # A connection for each request: nginx may close one that was kept, upon which browsers ask again and httpx does not.
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.AsyncClient(base_url=base_url, verify=self.tls, headers=headers, limits=limits, timeout=30)

    async def sign_in(self, username: str) -> Client:
        client = self.nobody()
        departure = (await client.http.get("/auth/login")).headers["location"]
        arrived = await client.http.get(await self.at_issuer(departure, username))
        assert (arrived.status_code, arrived.headers["location"]) == (303, "/"), arrived.text
        return client

    async def at_issuer(self, departure: str, username: str) -> str:
        """The way back from the issuer: path and query of the callback."""
        self.issuer.person = {"sub": username, "preferred_username": username, "name": username.title()}
        async with httpx.AsyncClient() as http:
            answer = await http.get(departure)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"].removeprefix(self.url)

    def litellm_calls(self, base_url: str) -> httpx.AsyncClient:
        """LiteLLM, as it reports calls."""
        return self._http(base_url, {"Authorization": f"Bearer {WEBHOOK_SECRET}"})

    async def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.db.read() as session:
            return [tuple(row) for row in await session.execute(text(statement), values)]

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.db.write() as session:
            await session.execute(text(statement), values)


@asynccontextmanager
async def a_cluster(
    database_url: str, litellm_database_url: str, valkey_url: str, folder: Path, **settings: str
) -> AsyncIterator[Cluster]:
    net = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
    options = Options(database_url=litellm_database_url, master_key=MASTER_KEY, latency=0, spend_interval=0.1)
    gate = Gate(create_app(options))
    issuer = OidcIssuer()
    async with AsyncExitStack() as stack:
        issuer.url = stack.enter_context(serving(issuer.app()))
        litellm_url = await stack.enter_async_context(on_port(gate))
        db = Database(database_url)
        stack.push_async_callback(db.close)
        replicas = []
        for number in range(2):
            role = f"replica_{number}_{uuid4().hex[:8]}"
            async with db.write() as session:
                await session.execute(text(f"CREATE ROLE {role} LOGIN"))
            stack.push_async_callback(_drop_role, db, role)
            await grant(database_url, role)
            replicas.append(Replica(f"{net}.{number + 11}", role, {}, folder / f"replica-{number}.log"))
        nginx = Nginx(folder, f"{net}.1", replicas)
        cluster = Cluster(replicas, nginx, issuer, gate, litellm_url, db, folder)
        cluster.tls.load_verify_locations(nginx.certificate)
        issuer.redirect_uri = f"{cluster.url}/auth/callback"
        for replica in replicas:
            own_url = make_url(database_url).set(username=replica.role).render_as_string(hide_password=False)
            replica.env = environment(
                DATABASE_URL=own_url,
                REDIS_URL=valkey_url,
                LITELLM_BASE_URL=litellm_url,
                LITELLM_MASTER_KEY=MASTER_KEY,
                OIDC_ISSUER=issuer.url,
                PUBLIC_URL=cluster.url,
                INITIAL_ADMINS="ada",
                TRUSTED_PROXIES="127.0.0.0/8",
                **settings,
            )
            stack.push_async_callback(replica.stop)
            replica.start()
        stack.callback(nginx.stop)
        nginx.start()
        await nginx.ready()
        for replica in replicas:
            await replica.ready()
        yield cluster


async def _drop_role(db: Database, role: str) -> None:
    async with db.write() as session:
        for statement in (
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'",
            f"DROP OWNED BY {role}",
            f"DROP ROLE {role}",
        ):
            await session.execute(text(statement))
