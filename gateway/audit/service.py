"""Reading the record."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from gateway.actor import Actor
from gateway.audit.tables import AuditEntry
from gateway.db import Database, table_of
from gateway.errors import NotPermitted
from gateway.paging import Order, Page, fetch_page

_entry = table_of(AuditEntry)
_NEWEST_FIRST = Order("audit", ((_entry.c.at, datetime), (_entry.c.id, UUID)), descending=True)


class AuditService:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, actor: Actor, first: int, after: str | None = None) -> Page[Row[Any]]:
        """All entries, newest first. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            return await fetch_page(self._db, session, select(_entry), _NEWEST_FIRST, first, after)
