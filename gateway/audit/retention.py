"""The oldest part of the record goes when its time is over, and the chain is verified from there on.

What may go is the database's to say (`cut_audit`, in the migration of anchors): whole stretches from the beginning, sealed, of at least 90
days ago, and never the newest seal. An entry of the same transaction tells of each removal; without it the chain does not verify.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.tables import AuditAnchor, AuditEntry, AuditSeal
from gateway.db import Database, table_of

ACTION = "audit.removed"
AT_ONCE = 20_000

_anchor = table_of(AuditAnchor)
_seal = table_of(AuditSeal)
_CUT = text("SELECT cut_audit(:before, :most)")


@dataclass(frozen=True)
class Removed:
    """The last of the entries that are gone: its place in the chain, which is how many they are, its seal's hash, and when it was made."""

    position: int
    hash: str
    until: datetime

    def is_told_by(self, row: Any) -> bool:
        """Whether this entry says that they were removed."""
        told = row.detail.get("position"), row.detail.get("hash")
        return row.action == ACTION and told == (self.position, self.hash)


@dataclass(frozen=True)
class Removal:
    """How many entries are gone from the beginning of the record, when the oldest that is left was made, and after how many days they go
    at present; None: they stay.
    """

    entries: int
    begins: datetime
    keep_days: int | None


async def newest_anchor(session: AsyncSession) -> Removed | None:
    row = (await session.execute(select(_anchor).order_by(_anchor.c.position.desc()).limit(1))).one_or_none()
    return Removed(row.position, row.hash, row.entry_at) if row else None


async def removal(session: AsyncSession, keep_days: int | None) -> Removal | None:
    """None where nothing was removed."""
    if (last := await newest_anchor(session)) is None:
        return None
    begins = await session.execute(select(func.min(_seal.c.entry_at)).where(_seal.c.position == last.position + 1))
    return Removal(last.position, begins.scalar_one(), keep_days)


async def count_removable(session: AsyncSession, before: datetime) -> int:
    """How many entries there are from the beginning of the chain to the first that is not older than `before`."""
    newest = select(func.max(_seal.c.position)).scalar_subquery()
    kept = select(func.min(_seal.c.position)).where(_seal.c.entry_at >= before).scalar_subquery()
    removable = select(func.count()).select_from(_seal).where(_seal.c.position < func.coalesce(kept, newest))
    return int((await session.execute(removable)).scalar_one())


async def remove(session: AsyncSession, by: str, before: datetime) -> int:
    """Remove some of them, oldest first, and say so; how many. 0: none is left."""
    removed = int((await session.execute(_CUT, {"before": before, "most": AT_ONCE})).scalar_one())
    if removed and (last := await newest_anchor(session)):
        detail = {"entries": removed, "until": last.until.isoformat(), "position": last.position, "hash": last.hash}
        session.add(AuditEntry.of(by, ACTION, "portal", detail))
    return removed


async def anchor_of(db: Database) -> Removed | None:
    async with db.read() as session:
        return await newest_anchor(session)
