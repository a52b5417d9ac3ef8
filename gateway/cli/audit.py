"""`litemaas audit`: is the record whole, and what of it is too old?"""

import asyncio
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from gateway.audit import AuditService, Verified
from gateway.cli import database_settings, fail, main, reason
from gateway.db import Database
from gateway.settings import DatabaseSettings

audit = typer.Typer(help="The record of what was done and refused.", no_args_is_help=True)
main.add_typer(audit, name="audit")


@audit.command("verify")
def verify_command(
    head: Annotated[
        str | None,
        typer.Option(
            help="A head that an earlier run printed: it must still be there, so that the end was not cut off."
        ),
    ] = None,
) -> None:
    """Check every seal in DATABASE_URL. Ends with 1 where the chain breaks, and names the first entry that does not fit."""
    settings = database_settings()
    try:
        found = asyncio.run(_verify(settings.url, head))
    except (OSError, SQLAlchemyError) as error:
        fail(f"The record can't be read: {reason(error)}")
    if broken := found.broken:
        entry = f"entry {broken.entry_id} " if broken.entry_id else ""
        fail(f"The record is broken at position {broken.position}: {entry}{broken.problem}.")
    typer.echo(f"The record is whole: {found.seals} entries sealed, {found.waiting} waiting for their seal.")
    if begins := found.begins:
        typer.echo(f"It begins after {begins.until.isoformat()}: the {begins.position} entries up to then are removed.")
    typer.echo(f"Head: {found.head}")


@audit.command("retention")
def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
) -> None:
    """Remove the entries that are older than AUDIT_KEEP_DAYS, as the gateway does every hour. What is left still verifies."""
    settings = database_settings()
    if settings.audit_keep_days is None:
        typer.echo("AUDIT_KEEP_DAYS is not set: the record is kept for good.")
        return
    try:
        count = asyncio.run(_retain(settings, dry_run))
    except (OSError, SQLAlchemyError) as error:
        fail(f"The record can't be shortened: {reason(error)}")
    entries = "1 entry" if count == 1 else f"{count:,} entries"
    typer.echo(f"{'Would remove' if dry_run else 'Removed'} {entries} older than {settings.audit_keep_days} days.")


async def _retain(settings: DatabaseSettings, dry_run: bool) -> int:
    db = Database(settings.url, pool_size=1)
    try:
        return await AuditService(db, keep_days=settings.audit_keep_days).retain(dry_run=dry_run)
    finally:
        await db.close()


async def _verify(url: str, head: str | None) -> Verified:
    db = Database(url, pool_size=1)
    try:
        return await AuditService(db).verify(head)
    finally:
        await db.close()
