"""API keys: what should be true in LiteLLM. The secret itself is in no column."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Index, Numeric, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column, utc_now


class ApiKeyStatus(StrEnum):
    PROVISIONING = "PROVISIONING"
    ACTIVE = "ACTIVE"
    ROTATING = "ROTATING"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    FAILED = "FAILED"


class ApiKey(SQLModel, table=True):
    """One key as its owner knows it; its secrets come and go as generations."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_user_id_created_at", "user_id", "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id")
    name: str
    status: ApiKeyStatus = Field(sa_column=enum_column(ApiKeyStatus, nullable=False))
    max_budget: Decimal | None = Field(default=None, sa_type=Numeric)
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ApiKeyGeneration(SQLModel, table=True):
    """One secret of a key. `token_hash` is its SHA-256 in hex, which is also LiteLLM's name for it.

    `settle_due_at` is set while LiteLLM has still to be brought to this row: when to try next. NULL means that it was confirmed.
    """

    __tablename__ = "api_key_generation"
    __table_args__ = (
        UniqueConstraint("api_key_id", "number"),
        Index("ix_api_key_generation_due", "settle_due_at", postgresql_where=text("settle_due_at IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    api_key_id: UUID = Field(foreign_key="api_key.id")
    number: int = 1
    token_hash: str = Field(max_length=64, unique=True)
    prefix: str
    last_four: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    settle_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settle_attempts: int = 0


class ApiKeyModel(SQLModel, table=True):
    """Which models a key may call."""

    __tablename__ = "api_key_model"

    api_key_id: UUID = Field(foreign_key="api_key.id", primary_key=True)
    model_id: UUID = Field(foreign_key="model.id", primary_key=True, index=True)
