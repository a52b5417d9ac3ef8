"""Bring a database to the newest schema."""

import asyncio

from alembic import command

from gateway.revision import alembic_config


def upgrade(database_url: str) -> None:
    """From whatever is there, nothing included, to head. Not to be called inside a running event loop: see `upgrade_async`."""
    command.upgrade(alembic_config(database_url), "head")


async def upgrade_async(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url)
