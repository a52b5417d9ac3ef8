"""`litemaas doctor`."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli import fail, main
from gateway.settings import SettingsError, load_settings


@main.command("doctor")
def doctor_command(
    call: Annotated[
        bool,
        typer.Option(
            "--call",
            help="Have LiteLLM refuse a call, and wait for its callback. The refused call is in the ledger then.",
        ),
    ] = False,
) -> None:
    """Check the whole set-up: database, LiteLLM and its callback, issuer, certificates, clocks, Valkey, addresses, traces. Changes
    nothing without --call.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        fail("LiteMaaS can't start with these settings:", *(f"  {problem}" for problem in error.problems))
    # Here, since the other commands need none of what it looks with.
    from gateway.doctor import State, examine

    findings = asyncio.run(examine(settings, call=call))
    console = Console(highlight=False, soft_wrap=True, markup=False)
    marks = {State.GOOD: ("✓", "green"), State.UNKNOWN: ("?", "yellow"), State.BAD: ("✗", "red")}
    for finding in findings:
        mark, colour = marks[finding.state]
        console.print(f"{mark} {finding.part}: {finding.sentence}", style=colour)
        if finding.mend:
            console.print(f"    {finding.mend}")
    bad = sum(finding.state is State.BAD for finding in findings)
    console.print(f"{bad} of {len(findings)} findings are bad." if bad else "Nothing is wrong.")
    if bad:
        raise typer.Exit(1)
