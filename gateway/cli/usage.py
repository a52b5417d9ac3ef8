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
