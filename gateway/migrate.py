"""Bring a database to the newest schema."""

import asyncio

import asyncpg
from alembic import command

from gateway.db import asyncpg_dsn
from gateway.revision import alembic_config


def upgrade(database_url: str) -> None:
    """From whatever is there, nothing included, to head. Not to be called inside a running event loop: see `upgrade_async`."""
    command.upgrade(alembic_config(database_url), "head")


async def upgrade_async(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url)


# What the running gateway needs, and no more: of the audit record nothing but adding to it, a pseudonym for a name, and what `cut_audit`
# takes from its beginning.
_GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry, audit_seal FROM {role};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_anchor FROM {role};
GRANT UPDATE (actor) ON audit_entry TO {role};
GRANT EXECUTE ON FUNCTION make_usage_week, drop_usage_week, cut_audit TO {role};
"""


async def grant(database_url: str, role: str) -> None:
    """Let the role run the gateway on a database that somebody else owns. To be repeated after each upgrade."""
    quoted = '"' + role.replace('"', '""') + '"'
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    try:
        await connection.execute(_GRANTS.format(role=quoted))
    finally:
        await connection.close()
