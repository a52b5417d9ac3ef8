"""`litemaas sandbox`: PostgreSQL as a child, a LiteLLM and the gateway in one event loop, until somebody says stop."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

import uvicorn
from alembic.util import CommandError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

from gateway.migrate import upgrade_async
from gateway.sandbox import litellm
from gateway.sandbox.errors import SandboxError
from gateway.sandbox.people import PEOPLE
from gateway.sandbox.postgres import Postgres
from gateway.sandbox.seed import sample_callers
from gateway.sandbox.traffic import run_traffic
from gateway.settings import ApiSettings, Settings, TracingSettings
from gateway.web.frontend import PLACES

T = TypeVar("T")

_GATEWAY_DATABASE = "litemaas"
_LITELLM_DATABASE = "litellm"


@dataclass(frozen=True)
class Sandbox:
    """What to run. The sockets are bound already; `public_url` is where browsers find the gateway.

    `configure` makes uvicorn's configuration for the gateway. `parent` is a process to end with.
    """

    data_dir: Path
    gateway_socket: socket.socket
    litellm_socket: socket.socket
    configure: Callable[[Starlette], uvicorn.Config]
    public_url: str | None = None
    api: ApiSettings = field(default_factory=ApiSettings)
    tracing: TracingSettings = field(default_factory=TracingSettings)
    traffic: bool = False
    pages: bool = True
    parent: int | None = None


class _Stopped(Exception):
    """Somebody said stop while the sandbox was starting."""


async def run_sandbox(sandbox: Sandbox, console: Console) -> None:
    """Start everything, say what to open, and stop everything on Ctrl-C or SIGTERM. Raises SandboxError."""
    if sandbox.pages and not any((place / "index.html").is_file() for place in PLACES):
        raise SandboxError(
            "The pages are not built: use `make run`, or run `npm ci && npm run build` in frontend/ first."
        )
    own_secrets = _secrets(sandbox.data_dir)
    progress = _Progress(console)
    with _stop_signals() as stop:
        async with AsyncExitStack() as stack:
            try:
                postgres = await _or_stop(stop, _start_postgres(sandbox, stack, progress))
                await _or_stop(stop, _migrate(postgres, sandbox.data_dir, progress))
                settings = _settings(sandbox, postgres, own_secrets)
                with progress("Starting the sandbox's LiteLLM"):
                    config = uvicorn.Config(
                        litellm.create_app(_litellm_options(postgres, settings)),
                        log_config=None,
                        access_log=False,
                        lifespan="on",
                        timeout_graceful_shutdown=3,
                    )
                    litellm_server = _Server("The sandbox's LiteLLM", config, sandbox.litellm_socket)
                    await _or_stop(stop, stack.enter_async_context(litellm_server))
                with progress("Starting the gateway"):
                    # Here, since it is some seconds' work to load, and what stands above should fail before that.
                    from gateway.app import create_app

                    gateway_app = create_app(settings)
                    server = _Server("The gateway", sandbox.configure(gateway_app), sandbox.gateway_socket)
                    await _or_stop(stop, stack.enter_async_context(server))
                    # It was the first to start and is to stop first too: it then reports its last calls to the gateway.
                    stack.push_async_callback(litellm_server.stop)
                with progress("Reading the models"):
                    await _or_stop(stop, gateway_app.state.services.system.check_litellm())
                    await _or_stop(stop, gateway_app.state.services.catalog.sync())
                if sandbox.traffic:
                    with progress("Starting sample traffic"):
                        running = _traffic(gateway_app, settings.litellm.base_url)
                        await _or_stop(stop, stack.enter_async_context(running))
                _welcome(console, settings, sandbox)
                await _until_stopped(stop, postgres, sandbox.parent)
            except _Stopped:
                pass
            console.print("Stopping…")
        console.print("Stopped. The data is kept for the next run.")


async def _start_postgres(sandbox: Sandbox, stack: AsyncExitStack, progress: "_Progress") -> Postgres:
    data_dir = sandbox.data_dir / "postgres"
    first = "" if data_dir.exists() else " for the first time"
    with progress(f"Starting PostgreSQL{first}"):
        postgres = await stack.enter_async_context(Postgres(data_dir))
        for name in (_GATEWAY_DATABASE, _LITELLM_DATABASE):
            await asyncio.to_thread(postgres.create_database, name)
    return postgres


async def _migrate(postgres: Postgres, data_dir: Path, progress: "_Progress") -> None:
    with progress("Bringing the database to the newest schema"):
        try:
            await upgrade_async(postgres.url(_GATEWAY_DATABASE))
        except CommandError as error:
            raise SandboxError(
                f"The data in {data_dir} is not of this version of LiteMaaS ({error}): move the directory away to start afresh."
            ) from error
        except (OSError, SQLAlchemyError) as error:
            if "No space left on device" in str(error):
                raise SandboxError(f"The disk is full: the database in {data_dir} can't grow.") from error
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise SandboxError(f"The database in {data_dir} could not be migrated: {reason}.") from error


def _settings(sandbox: Sandbox, postgres: Postgres, own_secrets: dict[str, str]) -> Settings:
    host, port = sandbox.gateway_socket.getsockname()[:2]
    litellm_host, litellm_port = sandbox.litellm_socket.getsockname()[:2]
    litellm_url = f"http://{litellm_host}:{litellm_port}"
    return Settings.for_sandbox(
        database_url=postgres.url(_GATEWAY_DATABASE),
        litellm_url=litellm_url,
        litellm_public_url=litellm_url,
        litellm_master_key=own_secrets["litellm_master_key"],
        webhook_secret=own_secrets["webhook_secret"],
        session_secret=own_secrets["session_secret"],
        people=PEOPLE,
        host=host,
        port=port,
        public_url=sandbox.public_url,
        api=sandbox.api,
        tracing=sandbox.tracing,
    )


def _litellm_options(postgres: Postgres, settings: Settings) -> litellm.Options:
    return litellm.Options(
        database_url=postgres.url(_LITELLM_DATABASE),
        master_key=settings.litellm.master_key.get_secret_value(),
        callback_url=f"http://{settings.web.host}:{settings.web.port}/webhooks/litellm",
        callback_headers={"Authorization": f"Bearer {settings.litellm.webhook_secret.get_secret_value()}"},
    )


def _secrets(data_dir: Path) -> dict[str, str]:
    """The sandbox's own secrets, the same in each run: who is signed in stays so over a restart."""
    file = data_dir / "secrets.json"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if file.exists():
            kept: dict[str, str] = json.loads(file.read_text())
            return kept
        made = {"litellm_master_key": f"sk-{secrets.token_urlsafe(24)}"}
        made |= {name: secrets.token_urlsafe(32) for name in ("webhook_secret", "session_secret")}
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(made))
        new.rename(file)
        return made
    except OSError as error:
        raise SandboxError(f"The sandbox can't keep its data in {data_dir}: {error.strerror}.") from error
    except ValueError as error:
        raise SandboxError(f"{file} is damaged: remove it, and sign in again.") from error


class _Server(uvicorn.Server):
    """One of two in this process: signals are the sandbox's business. Serves until left, or stopped before."""

    def __init__(self, name: str, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self._name = name
        self._listener = listener

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.serve(sockets=[self._listener]))
        while not self.started and not self._task.done():  # noqa: ASYNC110 - uvicorn has only this flag
            await asyncio.sleep(0.01)
        if self._task.done():
            error = None if self._task.cancelled() else self._task.exception()
            raise SandboxError(f"{self._name} did not start; its log above says why.") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Let running requests come to their end, for a short time, and then stop. Once is enough, twice no harm."""
        self.should_exit = True
        await self._task

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _traffic(gateway_app: Starlette, litellm_url: str) -> AsyncIterator[None]:
    async with sample_callers(gateway_app.state.services) as callers:
        stop = asyncio.Event()
        running = asyncio.create_task(run_traffic(litellm_url, callers, stop))
        try:
            yield
        finally:
            stop.set()
            await running


@contextmanager
def _stop_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set. A second Ctrl-C ends the process at once; PostgreSQL looks after itself."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, on_signal)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _or_stop(stop: asyncio.Event, step: Awaitable[T]) -> T:
    """The step's result. It is always brought to its end, since half a step can't be undone; then raises _Stopped if asked."""
    result = await step
    if stop.is_set():
        raise _Stopped
    return result


async def _until_stopped(stop: asyncio.Event, postgres: Postgres, parent: int | None) -> None:
    while not stop.is_set() and parent in (None, os.getppid()):
        if not postgres.running:
            raise SandboxError(f"PostgreSQL has ended by itself; see {postgres.log_path}.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=1)


class _Progress:
    """`with progress("Doing this"):` prints the line, and when it is done how long it took."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        self._console.print(f"{what}… ", end="")
        begun = time.monotonic()
        try:
            yield
        except _Stopped:
            self._console.print("stopped")
            raise
        except BaseException:
            self._console.print("[red]failed[/red]")
            raise
        self._console.print(f"[green]done[/green] [dim]({time.monotonic() - begun:.1f} s)[/dim]")


def _welcome(console: Console, settings: Settings, sandbox: Sandbox) -> None:
    names = ", ".join(f"[bold]{person.username}[/bold] ({person.role.lower()})" for person in settings.sandbox_people)
    traffic = "; sample traffic is running" if sandbox.traffic else ""
    lines = (
        "",
        f"LiteMaaS is ready: [bold]{settings.web.public_url}[/bold]",
        f"  Sign in as {names}; no password.",
        f"  GraphiQL:  {settings.web.public_url}/graphiql",
        f"  LiteLLM:   {settings.litellm.public_url} (the sandbox's own; models answer by themselves)",
        f"  Data:      {sandbox.data_dir}{traffic}",
        "  Stop with Ctrl-C.",
    )
    console.print("\n".join(lines), soft_wrap=True)
