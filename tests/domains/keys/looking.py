"""What the tests of keys look at, and how they let time pass."""

import hashlib

from sqlalchemy import text

from gateway.db import Database


def sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def statuses(db: Database) -> list[str]:
    async with db.read() as session:
        return list((await session.scalars(text("SELECT status FROM api_key ORDER BY created_at"))).all())


async def everything_stored(db: Database) -> str:
    """Every row of every table, as text."""
    async with db.read() as session:
        tables = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        dumps = [str((await session.scalars(text(f'SELECT t::text FROM "{table}" t'))).all()) for table in tables.all()]
    return "\n".join(dumps)


async def tables_holding(db: Database, words: list[str]) -> list[str]:
    """The tables in which a row, as text, has one of the words."""
    async with db.read() as session:
        tables = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        holds = 'SELECT EXISTS (SELECT FROM "{}" t, unnest(CAST(:words AS text[])) word WHERE position(word IN t::text) > 0)'
        return [name for name in tables.all() if await session.scalar(text(holds.format(name)), {"words": words})]


async def execute(db: Database, statement: str) -> None:
    async with db.write() as session:
        await session.execute(text(statement))


async def make_due(db: Database) -> None:
    """Let five minutes pass, the most that settlement waits: for a maker that may be alive, between attempts, for who has claimed a key."""
    await execute(
        db,
        "UPDATE api_key_generation SET claimed_until = claimed_until - interval '5 min',"
        " settle_due_at = settle_due_at - interval '5 min'",
    )
