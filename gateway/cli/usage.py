"""`litemaas usage`: what an operator does with the ledger."""

import asyncio
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from gateway.cli import database_settings, fail, main, reason
from gateway.db import Database
from gateway.events import Bus
from gateway.settings import DatabaseSettings
from gateway.usage import Partition, UsageService

usage = typer.Typer(help="The usage ledger.", no_args_is_help=True)
main.add_typer(usage, name="usage")


@usage.command("retention")
def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be dropped, and drop nothing.")] = False,
) -> None:
    """Drop the single calls that are older than USAGE_KEEP_DAYS, as the gateway does every hour. Sums are kept for good."""
    settings = database_settings()
    if settings.usage_keep_days is None:
        typer.echo("USAGE_KEEP_DAYS is not set: single calls are kept for good.")
        return
    try:
        weeks = asyncio.run(_retain(settings, dry_run))
    except (OSError, SQLAlchemyError) as error:
        fail(f"The ledger can't be reached: {reason(error)}")
    for week in weeks:
        calls = f"about {week.calls:,} calls, {week.bytes / 1e6:,.1f} MB"
        typer.echo(f"{'would drop' if dry_run else 'dropped'} the week from {week.start:%Y-%m-%d} on: {calls}")
    if not weeks:
        typer.echo(f"No week is older than {settings.usage_keep_days} days.")


async def _retain(settings: DatabaseSettings, dry_run: bool) -> list[Partition]:
    db = Database(settings.url)
    try:
        return await UsageService(db, Bus(settings.url), settings.usage_keep_days).retain(dry_run=dry_run)
    finally:
        await db.close()


@usage.command("rebuild")
def rebuild_command() -> None:
    """Make all sums anew from the single calls that are kept: for when rows were changed by hand.

    Sums of calls that are kept no longer stay as they are. Calls can't be booked while a stretch of sixteen days is made; a
    gateway that runs meanwhile may refuse LiteLLM's callbacks, and books those calls from LiteLLM's spend log afterwards.
    """
    settings = database_settings()
    try:
        asyncio.run(_rebuild(settings))
    except (OSError, SQLAlchemyError) as error:
        fail(f"The sums can't be made: {reason(error)}")


async def _rebuild(settings: DatabaseSettings) -> None:
    db, stretches = Database(settings.url, pool_size=1), 0
    try:
        async for start, end in UsageService(db, Bus(settings.url)).rebuild_sums():
            stretches += 1
            typer.echo(f"made the sums from {start:%Y-%m-%d} to {end:%Y-%m-%d}")
    finally:
        await db.close()
    if not stretches:
        typer.echo("There are no calls.")
