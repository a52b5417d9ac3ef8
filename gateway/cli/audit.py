"""`litemaas audit`: is the record whole?"""

import asyncio
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from gateway.audit import AuditService, Verified
from gateway.cli import database_settings, fail, main, reason
from gateway.db import Database

audit = typer.Typer(help="The record of what was done and refused.", no_args_is_help=True)
main.add_typer(audit, name="audit")


@audit.callback()
def audit_command() -> None:
    """Keeps `verify` a command of its own, though it is the only one."""


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
    typer.echo(f"Head: {found.head}")


async def _verify(url: str, head: str | None) -> Verified:
    db = Database(url, pool_size=1)
    try:
        return await AuditService(db).verify(head)
    finally:
        await db.close()
