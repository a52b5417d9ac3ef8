"""What was done, by whom, to what. An entry is written in the transaction of the change it tells of: both happen or neither."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.actor import Actor
from gateway.audit.service import AuditService
from gateway.audit.tables import AuditEntry

__all__ = ["AuditEntry", "AuditService", "record"]


def record(session: AsyncSession, actor: Actor | str, action: str, kind: str, target: UUID, **detail: object) -> None:
    """Add an entry to the session. `actor` is a person, or a string that names one of our own jobs. `detail` must be plain JSON."""
    name, actor_id = (actor, None) if isinstance(actor, str) else (actor.username, actor.user_id)
    session.add(AuditEntry(actor=name, actor_id=actor_id, action=action, target=f"{kind}:{target}", detail=detail))
