"""Alembic's entry: the metadata of every domain, over asyncpg, one transaction for each migration.

The URL comes from `-x url=…`, from the config (the `litemaas migrate` command) or from DATABASE_URL.
"""

import asyncio
import os
import re
from typing import Any

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import AutoString

import gateway.audit.tables
import gateway.auth.tables
import gateway.catalog.tables
import gateway.keys.tables
import gateway.subscriptions.tables
import gateway.usage.tables
import gateway.users.tables  # noqa: F401
from gateway.db import UtcDateTime, async_url, metadata

# Any number will do, as long as it is always the same: two migrations at once wait for each other.
MIGRATION_LOCK = 7_265_301
PARTITION = re.compile(r"usage_event_\d{8}")


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Migrations name plain database types: they must not change when our classes do."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    return False


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """The ledger's partitions come and go with time, without a migration."""
    return not (kind == "table" and name and PARTITION.fullmatch(name))


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        include_name=include_name,
        transaction_per_migration=True,
    )
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
    connection.commit()
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()


async def run_online() -> None:
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.attributes.get("url")
    engine = create_async_engine(async_url(url or os.environ["DATABASE_URL"]), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(run_online())
