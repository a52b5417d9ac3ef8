"""`litemaas sandbox`."""

import os
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from gateway.cli import fail, listen, main, uvicorn_config
from gateway.logs import configure_logging
from gateway.settings import SettingsError, load_api_settings, load_tracing_settings

_HOST = "127.0.0.1"  # sign-in there is by name alone, so nobody else must reach it


@main.command("sandbox")
def sandbox_command(
    port: Annotated[
        int, typer.Option(envvar="PORT", min=0, max=65535, help="The gateway's port; 0: a free one.")
    ] = 8080,
    litellm_port: Annotated[
        int | None,
        typer.Option(envvar="LITELLM_PORT", min=0, max=65535, help="LiteLLM's port.", show_default="the next one"),
    ] = None,
    data: Annotated[
        Path, typer.Option(envvar="LITEMAAS_SANDBOX_DIR", help="Where the data is kept.", file_okay=False)
    ] = Path(".sandbox"),
    traffic: Annotated[bool, typer.Option(envvar="TRAFFIC", help="Let sample programs call models.")] = False,
    pages: Annotated[bool, typer.Option(help="Insist on the built frontend.")] = True,
    stop_with_parent: Annotated[
        bool, typer.Option("--stop-with-parent", help="Stop when the process that started this one is gone.")
    ] = False,
) -> None:
    """Try LiteMaaS on this machine, with everything it needs: its own PostgreSQL, LiteLLM and people."""
    parent = os.getppid() if stop_with_parent else None
    try:
        api, tracing = load_api_settings(), load_tracing_settings()
    except SettingsError as error:
        fail(*error.problems)
    console = Console(highlight=False)
    console.print("Starting LiteMaaS in its sandbox.")  # at once: loading the rest takes some seconds
    try:
        # These come with the extra `sandbox`.
        from gateway.sandbox.errors import SandboxError
        from gateway.sandbox.run import Sandbox, run_sandbox
    except ImportError as error:
        fail(f"The sandbox is not installed ({error}): install `litemaas[sandbox]`.")
    configure_logging(pretty=True)
    sandbox = Sandbox(
        data_dir=data.absolute(),
        gateway_socket=listen(_HOST, port),
        litellm_socket=listen(_HOST, (port and port + 1) if litellm_port is None else litellm_port, "LITELLM_PORT"),
        configure=uvicorn_config,
        public_url=os.environ.get("PUBLIC_URL") or None,
        api=api,
        tracing=tracing,
        traffic=traffic,
        pages=pages,
        parent=parent,
    )
    try:
        uvloop.run(run_sandbox(sandbox, console))
    except SandboxError as error:
        fail(str(error))
