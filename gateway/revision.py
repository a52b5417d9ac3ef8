"""Which schema a database has, and which one this release brings."""

from dataclasses import dataclass
from enum import Enum, auto
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


@cache
def _known() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions())


class Fit(Enum):
    """How the schema of a database stands to this release."""

    SAME = auto()
    EMPTY = auto()
    BEHIND = auto()
    AHEAD = auto()
    """Of a later release, and this one can work with it: as during a rolling upgrade, and after going back."""
    TOO_NEW = auto()

    @property
    def is_good(self) -> bool:
        """Whether this release can serve from it."""
        return self in (Fit.SAME, Fit.AHEAD)


@dataclass(frozen=True)
class Schema:
    """What a database has: its revision, and the oldest one whose release still can work with it."""

    revision: str | None
    works_from: str | None

    @property
    def fit(self) -> Fit:
        if self.revision is None:
            return Fit.EMPTY
        if self.revision == head():
            return Fit.SAME
        if self.revision in _known():
            return Fit.BEHIND
        return Fit.AHEAD if self.works_from in _known() else Fit.TOO_NEW


async def schema_of(db: Database) -> Schema:
    """Raises when the database does not answer."""
    async with db.read() as session:
        try:
            # By way of JSON, since a database that is behind may lack the column.
            found = await session.execute(
                text("SELECT version_num, to_jsonb(v) ->> 'works_from' FROM alembic_version AS v")
            )
        except ProgrammingError:  # there is no such table
            return Schema(None, None)
        row = found.one_or_none()
        return Schema(*row) if row else Schema(None, None)
