"""The `litemaas` command. What goes wrong is one sentence on standard error and exit code 1, never a traceback."""

import asyncio
import contextlib
import errno
import gc
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import asyncpg
import structlog
import typer
import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from gateway import __version__, migrate, revision
from gateway.db import Database
from gateway.logs import configure_logging
from gateway.settings import DatabaseSettings, Settings, SettingsError, load_database_settings, load_settings, reference
from gateway.websockets import WebSocketProtocol

log = structlog.get_logger()
SEND_BUFFER = 256 * 1024  # bytes a connection

main = typer.Typer(
    help="LiteMaaS: a self-service portal and GraphQL gateway in front of a LiteLLM proxy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold secrets
)


@main.callback()
def begin() -> None:
    """Whatever a command logs, and what it ends with unexpectedly, is scrubbed."""
    configure_logging(pretty=False)


@main.command("serve")
def serve_command() -> None:
    """Run the gateway against real parts. Everything is configured by environment variables."""
    try:
        settings = load_settings()
    except SettingsError as error:
        fail("LiteMaaS can't start with these settings:", *(f"  {problem}" for problem in error.problems))
    asyncio.run(_check_schema(settings))
    listeners = [listen(settings.web.host, settings.web.port)]
    if metrics_port := settings.web.metrics_port:
        listeners.append(listen(settings.web.host, metrics_port, "METRICS_PORT"))
    if not settings.web.is_https:
        log.warning("public_url_is_not_https", public_url=settings.web.public_url)
    # Here, since the other commands need neither GraphQL nor the routes.
    from gateway.app import create_app

    log.info("serving", public_url=settings.web.public_url, host=settings.web.host, port=settings.web.port)
    server = uvicorn.Server(uvicorn_config(create_app(settings)))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=listeners)
    if not server.started:
        raise typer.Exit(3)


@main.command("migrate")
def migrate_command(
    runtime_role: Annotated[
        str | None,
        typer.Option(
            help="A role that `litemaas serve` signs in with, if it is not the owner: it is given what it needs."
        ),
    ] = None,
) -> None:
    """Bring the database in DATABASE_URL to the newest schema, from whatever it has."""
    settings = database_settings()
    try:
        schema = asyncio.run(_schema_of(settings.url))
        if schema.fit is revision.Fit.TOO_NEW:
            fail(_too_new(schema))
        if schema.fit is not revision.Fit.AHEAD:
            migrate.upgrade(settings.url)
        if runtime_role:
            asyncio.run(migrate.grant(settings.url, runtime_role))
    except (OSError, SQLAlchemyError, asyncpg.PostgresError) as error:
        fail(f"The database could not be migrated: {reason(error)}")
    if schema.fit is revision.Fit.AHEAD:
        typer.echo(f"The database is at revision {schema.revision} of a later release, which this one can work with.")
    else:
        typer.echo(f"The database is at revision {revision.head()}.")


@main.command("schema")
def schema_command(
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    examples: Annotated[
        Path | None, typer.Option(help="Write an example of each change to this file, as GraphiQL reads it.")
    ] = None,
    check_against: Annotated[
        Path | None,
        typer.Option(help="Print nothing, and fail if clients of the schema in this file would break unannounced."),
    ] = None,
) -> None:
    """Print the GraphQL schema."""
    from gateway import app

    if examples:
        examples.write_text(app.examples())
    elif check_against:
        today = datetime.now(UTC).date()
        if problems := app.unannounced_changes(check_against.read_text(), app.sdl(), today):
            fail(
                f"This would break clients of {check_against}:",
                *(f"  {problem}" for problem in problems),
                "Deprecate first, with a date, and keep it until then (docs/api.md, “What may change”).",
            )
    elif output:
        output.write_text(app.sdl())
    else:
        typer.echo(app.sdl(), nl=False)


@main.command("settings")
def settings_command() -> None:
    """Print what `litemaas serve` can be configured with, as docs/configuration.md has it."""
    typer.echo(reference(), nl=False)


@main.command("version")
def version_command() -> None:
    """Print the version."""
    typer.echo(__version__)


def uvicorn_config(app: object) -> uvicorn.Config:
    """How the gateway is served, here and in the sandbox. Sets when this process looks for garbage, too."""
    # A request makes thousands of objects and hardly a cycle. By default Python looks for cycles after each 700: a sixth
    # of the time that a page of models took.
    gc.set_threshold(10_000, 20, 50)
    gc.freeze()  # 200,000 objects of the schema and of modules that stay: to look through them stops every socket for 0.1 s
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # uvicorn would believe whoever is on this machine: see TRUSTED_PROXIES
        server_header=False,
        ws=WebSocketProtocol,
        ws_max_size=1024 * 1024,
        ws_per_message_deflate=False,  # it would double the memory of each connection
        # Longer than proxies and browsers keep an idle connection (nginx: 60 s): a request that meets our closing is lost to its sender.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


def listen(host: str, port: int, variable: str = "PORT") -> socket.socket:
    """A socket bound to `host` and `port`, or the end of the program with a sentence that says why not.

    `variable` is the one that chooses the port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. The kernel would let each live page that stopped reading fill some megabytes.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fail(f"Port {port} on {host} is taken by another program; set {variable} to a free one.")
        fail(f"LiteMaaS can't listen on {host} port {port}: {error.strerror or error}.")
    return listener


def database_settings() -> DatabaseSettings:
    """The database alone, or the end of the program with what is wrong with its variables."""
    try:
        return load_database_settings()
    except SettingsError as error:
        fail(*error.problems)


def fail(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


async def _check_schema(settings: Settings) -> None:
    try:
        schema = await asyncio.wait_for(_schema_of(settings.database.url), 10)
    except (OSError, SQLAlchemyError, TimeoutError) as error:
        fail(f"The database in DATABASE_URL does not answer: {reason(error)}")
    match schema.fit:
        case revision.Fit.EMPTY:
            fail("The database in DATABASE_URL is empty. Run `litemaas migrate` first.")
        case revision.Fit.BEHIND:
            needed = revision.head()
            fail(
                f"The database is at revision {schema.revision}, this release needs {needed}. Run `litemaas migrate` first."
            )
        case revision.Fit.AHEAD:
            log.info("database_is_ahead", revision=schema.revision)
        case revision.Fit.TOO_NEW:
            fail(_too_new(schema))


async def _schema_of(url: str) -> revision.Schema:
    db = Database(url)
    try:
        return await revision.schema_of(db)
    finally:
        await db.close()


def _too_new(schema: revision.Schema) -> str:
    return (
        f"The database is at revision {schema.revision} of a later release, which this one can't work with. "
        "Deploy that release again, or restore a backup from before it."
    )


def reason(error: BaseException) -> str:
    """The driver's own sentence, without the statement and the links that SQLAlchemy adds."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}."
    return (str(cause).splitlines() or [type(cause).__name__])[0].removesuffix(".") + "."


# They register their commands, and need what stands above.
from gateway.cli import audit as audit  # noqa: E402
from gateway.cli import doctor as doctor  # noqa: E402
from gateway.cli import sandbox as sandbox  # noqa: E402
from gateway.cli import usage as usage  # noqa: E402
