"""The record of what was done."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, utc_now


class AuditEntry(SQLModel, table=True):
    """`actor` is a username, or the name of a job of ours; `target` is `kind:id`; `detail` never holds a secret."""

    __tablename__ = "audit_entry"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    actor_id: UUID | None = None
    actor: str
    action: str
    target: str = Field(index=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
