"""The record of what was done and refused, and its seals. Triggers refuse every other change than what the door says."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway.actor import Actor
from gateway.audit.origin import origin
from gateway.db import UtcDateTime, enum_column, utc_now


class Outcome(StrEnum):
    DONE = "DONE"
    REFUSED = "REFUSED"


class AuditEntry(SQLModel, table=True):
    """`actor` is a username, or the name of a job of ours; `target` is `kind:id`, or "portal"; `detail` never holds a secret.

    `seq` tells entries of the same moment apart.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_actor_at", "actor", "at"),
        Index("ix_audit_entry_action_at", "action", "at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    actor_id: UUID | None = None
    actor: str
    action: str
    target: str = Field(index=True)
    outcome: Outcome = Field(
        default=Outcome.DONE, sa_column=enum_column(Outcome, nullable=False, server_default=Outcome.DONE.value)
    )
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    request_id: str | None = None
    address: str | None = None

    @classmethod
    def of(
        cls, actor: Actor | str, action: str, target: str, detail: dict[str, object], outcome: Outcome = Outcome.DONE
    ) -> Self:
        """An entry of this moment, from where the present request came."""
        name, actor_id = (actor, None) if isinstance(actor, str) else (actor.username, actor.user_id)
        came = origin()
        return cls(
            actor=name,
            actor_id=actor_id,
            action=action,
            target=target,
            outcome=outcome,
            detail=detail,
            request_id=came.request_id,
            address=came.address,
        )


class AuditSeal(SQLModel, table=True):
    """The place of an entry in the chain. `hash` is SHA-256 in hex over the hash before and the entry (`chain.sealed`).

    Positions begin with 1 and have no gaps. The first one's `previous` is 64 zeros. Those up to the newest anchor are gone.
    """

    __tablename__ = "audit_seal"

    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry_id: UUID = Field(unique=True)
    entry_at: datetime = Field(sa_type=UtcDateTime)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    sealed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class AuditAnchor(SQLModel, table=True):
    """Up to where the record was removed when its time was over: the last seal that is gone, when its entry was, and when it went.

    Only the database's own `cut_audit` writes these rows, which stay.
    """

    __tablename__ = "audit_anchor"

    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: str = Field(max_length=64)
    entry_at: datetime = Field(sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime)
