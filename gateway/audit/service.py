"""Reading the record, and keeping it whole."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, tuple_
from sqlalchemy.exc import SQLAlchemyError

from gateway.actor import Actor
from gateway.audit import chain, queries, retention
from gateway.audit.chain import Verified, entry
from gateway.audit.queries import EVERYTHING, AuditFilter
from gateway.audit.retention import Removal
from gateway.audit.stream import Stream
from gateway.audit.tables import AuditEntry, AuditSeal, Outcome
from gateway.db import Database, utc_now
from gateway.errors import NotPermitted
from gateway.paging import Page, fetch_page

log = structlog.get_logger()

ANYBODY = "anonymous"
PORTAL = "portal"
RETENTION_JOB = "audit-retention"
EXPORTED_AT_ONCE = 1000


class AuditService:
    """`stream` is given each entry once it is sealed, as a line of JSON: at least once, and always in the order of the chain.

    `keep_days`: how long entries are kept at least; None for good.
    """

    def __init__(self, db: Database, stream: Stream | None = None, keep_days: int | None = None) -> None:
        self._db, self._stream, self._keep_days = db, stream, keep_days

    async def page(
        self, actor: Actor, first: int, after: str | None = None, wanted: AuditFilter = EVERYTHING
    ) -> Page[Row[Any]]:
        """Entries, newest first. Raises NotPermitted for a plain user, and InvalidInput."""
        _check(actor)
        return await fetch_page(self._db, queries.listed(wanted), queries.NEWEST_FIRST, first, after)

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        """Those of the entries that exist; none for a plain user."""
        if not actor.reads_all:
            return {}
        return {row.id: row for row in await self._db.rows(queries.by_ids(ids))}

    async def export(self, actor: Actor, wanted: AuditFilter = EVERYTHING) -> AsyncGenerator[Sequence[Row[Any]], None]:
        """All that the filter finds, newest first, in batches; memory does not grow with their number. That somebody did this is an
        entry of its own, written first. Raises NotPermitted for a plain user, before anything is written.
        """
        _check(actor)
        async with self._db.write() as session:
            session.add(AuditEntry.of(actor, "audit.exported", PORTAL, _plain(wanted)))
        after: tuple[Any, Any] | None = None
        newest_first = queries.listed(wanted).order_by(entry.c.at.desc(), entry.c.id.desc()).limit(EXPORTED_AT_ONCE)
        while True:
            query = newest_first if after is None else newest_first.where(tuple_(entry.c.at, entry.c.id) < after)
            async with self._db.read() as session:
                rows = (await session.execute(query)).all()
            if not rows:
                return
            yield rows
            after = (rows[-1].at, rows[-1].id)

    async def refused(self, actor: Actor | None, action: str, target: str | None, detail: Mapping[str, object]) -> None:
        """Put down that somebody was refused something. Never raises: the refusal itself has to be answered."""
        made = AuditEntry.of(actor or ANYBODY, action, target or PORTAL, dict(detail), Outcome.REFUSED)
        try:
            async with self._db.write() as session:
                session.add(made)
        except (SQLAlchemyError, OSError) as error:
            log.error("refusal_not_recorded", action=action, error=type(error).__name__)

    async def seal(self) -> int:
        """What the job does: seal what is not sealed yet. Returns how many entries. Not to be run twice at the same time."""
        count = 0
        while True:
            async with self._db.write() as session:
                done = await chain.seal_next(session)
                # Before the commit: should the process end between the two, they are sealed and told again.
                if self._stream is not None:
                    for made, row in done:
                        self._stream(_line(made, row))
            count += len(done)
            if len(done) < chain.BATCH:
                return count

    async def retain(self, *, dry_run: bool = False) -> int:
        """What the job does: remove the oldest part of the record, as long as it is older than is kept. Returns how many entries.

        With `dry_run` nothing is removed.
        """
        if self._keep_days is None:
            return 0
        before = utc_now() - timedelta(days=self._keep_days)
        if dry_run:
            async with self._db.read() as session:
                return await retention.count_removable(session, before)
        count = 0
        while True:
            async with self._db.write() as session:
                removed = await retention.remove(session, RETENTION_JOB, before)
            count += removed
            if not removed:
                return count

    async def removal(self, actor: Actor) -> Removal | None:
        """What is gone from the beginning; None where nothing is. Raises NotPermitted for a plain user."""
        _check(actor)
        async with self._db.read() as session:
            return await retention.removal(session, self._keep_days)

    async def verify(self, head: str | None = None) -> Verified:
        """Whether the chain holds, and where it first breaks. Reads everything. `head`: a hash that must still be in it."""
        return await chain.verify(self._db, head)


def _check(actor: Actor) -> None:
    if not actor.reads_all:
        raise NotPermitted


def _plain(wanted: AuditFilter) -> dict[str, object]:
    """What was asked for; of what may be a person's name only that there was something, since entries stay for good."""
    given: dict[str, object] = {name: str(value) for name, value in vars(wanted).items() if value is not None}
    return given | {name: "given" for name in ("actor", "search") if name in given}


def entry_as_json(row: Any) -> dict[str, Any]:
    """An entry as exports and streams write it."""
    return {
        "id": str(row.id),
        "at": row.at.isoformat(),
        "actor": row.actor,
        "actor_id": str(row.actor_id) if row.actor_id else None,
        "action": row.action,
        "target": row.target,
        "outcome": row.outcome,
        "detail": row.detail,
        "request_id": row.request_id,
        "address": row.address,
    }


def _line(made: AuditSeal, row: Any) -> str:
    return json.dumps({"audit": entry_as_json(row), "position": made.position, "hash": made.hash}, ensure_ascii=False)
