"""Which schema a database has, and which one this release brings."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gateway.db import Database

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def alembic_config(database_url: str | None = None) -> Config:
    """Alembic's configuration, with the migrations that are installed beside this package."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = database_url
    return config


@cache
def head() -> str | None:
    """The newest revision that this release brings."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


async def current(db: Database) -> str | None:
    """The revision of the database; None when it was never migrated. Raises when the database does not answer."""
    async with db.read() as session:
        try:
            found = await session.execute(text("SELECT version_num FROM alembic_version"))
        except ProgrammingError:  # there is no such table
            return None
        revision: str | None = found.scalar_one_or_none()
        return revision
