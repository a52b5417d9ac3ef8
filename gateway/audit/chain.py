"""The chain: each seal holds the hash of its entry and of the seal before it."""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.retention import Removed, anchor_of
from gateway.audit.tables import AuditEntry, AuditSeal
from gateway.db import Database, table_of, utc_now

entry = table_of(AuditEntry)
seal = table_of(AuditSeal)

GENESIS = "0" * 64
BATCH = 1000
# An entry bears the time at which it was made and is seen when its transaction has ended: none lasts that long.
LONGEST_TRANSACTION = timedelta(hours=1)


@dataclass(frozen=True)
class Break:
    """The first place where the chain does not hold: what is wrong, in words, and with which entry (`None`: with no single one)."""

    position: int
    entry_id: str | None
    problem: str


@dataclass(frozen=True)
class Verified:
    """How many seals were looked at, the last one's hash, how many entries wait for theirs, and where the chain breaks, if it does.

    `begins`: the last entry before, which was removed; None if none was.
    """

    seals: int
    head: str
    waiting: int
    broken: Break | None
    begins: Removed | None = None


def sealed(previous: str, row: Any) -> str:
    """The hash that follows `previous` when this entry is sealed.

    A person's name is not in it where there is an id: it may be replaced by a pseudonym.
    """
    said = {
        "id": str(row.id),
        "seq": row.seq,
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": str(row.actor_id) if row.actor_id else row.actor,
        "action": row.action,
        "target": row.target,
        "outcome": row.outcome,
        "detail": row.detail,
        "request_id": row.request_id,
        "address": row.address,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


async def seal_next(session: AsyncSession) -> list[tuple[AuditSeal, Row[Any]]]:
    """Seal what is not sealed yet, at most a thousand entries. One caller at a time: the key of two would collide."""
    newest = select(seal).order_by(seal.c.position.desc()).limit(1)
    last = (await session.execute(newest)).one_or_none()
    position, previous = (last.position, last.hash) if last else (0, GENESIS)
    since = last.entry_at - LONGEST_TRANSACTION if last else None
    rows = (await session.execute(_unsealed(since).order_by(entry.c.seq).limit(BATCH))).all()
    done = []
    for row in rows:
        position += 1
        made = AuditSeal(
            position=position, entry_id=row.id, entry_at=row.at, previous=previous, hash=sealed(previous, row)
        )
        previous = made.hash
        done.append((made, row))
    if done:
        await session.execute(insert(seal), [made.model_dump() for made, _ in done])
    return done


def _unsealed(since: datetime | None) -> Any:
    has_seal = select(seal.c.position).where(seal.c.entry_id == entry.c.id).correlate(entry).exists()
    query = select(entry).where(~has_seal)
    return query if since is None else query.where(entry.c.at >= since)


async def verify(db: Database, head: str | None = None) -> Verified:
    """Walk the whole chain from its anchor on, in constant memory. `head`: the hash of a seal that must still be in it."""
    while True:
        begins = await anchor_of(db)
        found = await _walk(db, begins, head)
        if await anchor_of(db) == begins:  # else it was shortened meanwhile
            return found


async def _walk(db: Database, begins: Removed | None, head: str | None) -> Verified:
    first, previous = (begins.position, begins.hash) if begins else (0, GENESIS)
    position, has_head, is_told = first, head in (None, previous), begins is None

    def verified(waiting: int = 0, broken: Break | None = None) -> Verified:
        return Verified(position - first, previous, waiting, broken, begins)

    async for rows in _seals(db):
        for row in rows:
            if broken := _broken(row, position + 1, previous):
                return verified(broken=broken)
            position, previous = position + 1, row.hash
            has_head = has_head or row.hash == head
            is_told = is_told or (begins is not None and begins.is_told_by(row))
    if not has_head:
        problem = "the chain ends before the hash that was given"
        if begins:
            problem += f", or begins after it: what was before {begins.until.isoformat()} is removed"
        return verified(broken=Break(position + 1, None, problem))
    async with db.read() as session:
        waiting = (await session.execute(_unsealed(None).order_by(entry.c.seq).limit(BATCH))).all()
    for row in waiting:
        if row.at < utc_now() - LONGEST_TRANSACTION:
            problem = f"was never sealed, though it is of {row.at.isoformat()}"
            return verified(len(waiting), Break(position + 1, str(row.id), problem))
        is_told = is_told or (begins is not None and begins.is_told_by(row))
    if not is_told:
        problem = "what was before is gone, and no entry tells who removed it"
        return verified(len(waiting), Break(first, None, problem))
    return verified(len(waiting))


def _broken(row: Row[Any], expected: int, previous: str) -> Break | None:
    entry_id = str(row.entry_id)
    if row.position != expected:
        return Break(expected, None, f"the seal is missing; the next one is {row.position}")
    if row.previous != previous:
        return Break(expected, entry_id, "does not follow from the seal before it")
    if row.id is None:
        return Break(expected, entry_id, "is missing")
    if sealed(previous, row) != row.hash:
        return Break(expected, entry_id, "was changed after it was sealed")
    return None


async def _seals(db: Database) -> AsyncIterator[Sequence[Row[Any]]]:
    """Every seal with its entry (NULLs where it is gone), in batches, in order."""
    joined = select(seal.c.position, seal.c.entry_id, seal.c.entry_at, seal.c.previous, seal.c.hash, *entry.c)
    joined = joined.select_from(seal.outerjoin(entry, entry.c.id == seal.c.entry_id)).order_by(seal.c.position)
    after = 0
    while True:
        condition: ColumnElement[bool] = seal.c.position > after
        async with db.read() as session:
            rows = (await session.execute(joined.where(condition).limit(BATCH))).all()
        if not rows:
            return
        yield rows
        after = rows[-1].position
