"""Bring a database to the newest schema, with the migrations that are installed beside this package."""

import asyncio

from alembic import command
from alembic.config import Config

from gateway.revision import MIGRATIONS


def alembic_config(database_url: str | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """From whatever is there, nothing included, to head. Not to be called inside a running event loop: see `upgrade_async`."""
    command.upgrade(alembic_config(database_url), "head")


async def upgrade_async(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url)
