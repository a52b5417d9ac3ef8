"""What was done and what was refused, by whom, to what, from where.

What it promises. An entry is written in the transaction of the change it tells of: both happen or neither. A refusal is written by itself,
since what was refused changed nothing. Entries are never changed, and none is deleted but the oldest, all of them up to a day that a
setting chooses: the database refuses everything else, whoever asks. Within seconds each entry is sealed into a chain, in which every seal
holds the hash of its entry and of the seal before it, so that whoever gets past the database's refusal is found by `verify`. Secrets are in
no entry.

One thing may be rewritten, and the seals allow it: the name of a person who asked to be forgotten, to a pseudonym.
"""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Actor
from gateway.audit.chain import Break, Verified, entry
from gateway.audit.origin import Origin, origin, set_origin
from gateway.audit.queries import AuditFilter
from gateway.audit.retention import Removal
from gateway.audit.service import AuditService, entry_as_json
from gateway.audit.stream import stream_to
from gateway.audit.tables import AuditAnchor, AuditEntry, AuditSeal, Outcome

__all__ = [
    "AuditAnchor",
    "AuditEntry",
    "AuditFilter",
    "AuditSeal",
    "AuditService",
    "Break",
    "Origin",
    "Outcome",
    "Removal",
    "Verified",
    "entry_as_json",
    "forget_name",
    "origin",
    "record",
    "set_origin",
    "stream_to",
]


def record(session: AsyncSession, actor: Actor | str, action: str, kind: str, target: UUID, **detail: object) -> None:
    """Add an entry to the session. `actor` is a person, or a string that names one of our own jobs. `detail` must be plain JSON."""
    session.add(AuditEntry.of(actor, action, f"{kind}:{target}", dict(detail)))


async def forget_name(session: AsyncSession, actor_id: UUID, pseudonym: str) -> int:
    """The one thing that may be rewritten, in a transaction of the caller's. Returns how many entries bore another name."""
    named = update(entry).where(entry.c.actor_id == actor_id, entry.c.actor != pseudonym).values(actor=pseudonym)
    return len((await session.execute(named.returning(entry.c.id))).all())
