"""API keys: what should be true in LiteLLM. The secret itself is in no column."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Column, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column, table_of, utc_now


class ApiKeyStatus(StrEnum):
    PROVISIONING = "PROVISIONING"
    ACTIVE = "ACTIVE"
    ROTATING = "ROTATING"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    FAILED = "FAILED"


class ApiKey(SQLModel, table=True):
    """One key as its owner knows it; its secrets come and go as generations.

    `client_mutation_id` is what the request that made it called itself, so that the same request again makes no second one.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        Index("ix_api_key_user_id_created_at", "user_id", "created_at", "id"),
        Index(
            "uq_api_key_client_mutation",
            "user_id",
            "client_mutation_id",
            unique=True,
            postgresql_where=text("client_mutation_id IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id")
    name: str
    status: ApiKeyStatus = Field(sa_column=enum_column(ApiKeyStatus, nullable=False))
    max_budget: Decimal | None = Field(default=None, sa_type=Numeric)
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    max_parallel_requests: int | None = None
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    client_mutation_id: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ApiKeyGeneration(SQLModel, table=True):
    """One secret of a key. `token_hash` is its SHA-256 in hex, which is also LiteLLM's name for it.

    `ends_at` is set while an old secret still works beside a new one, `ended_at` once it should not work any more.

    `told` is what LiteLLM last confirmed, in the shape of `desired.wanted`: NULL while it has never confirmed anything, and with
    `"sure": false` in it from before each request until its answer (true: all is to be told again). `drift` is what a sweep found
    there instead. `settle_due_at` is when LiteLLM may be asked next (NULL: at any time), `claimed_until` set while somebody is
    asking, `failing_since` from the first attempt that failed until one succeeds. `lost_at` is when something was told after a
    request whose fate nobody knows: LiteLLM may carry that one out last, so for a while a sweep looks whether it did.
    """

    __tablename__ = "api_key_generation"
    __table_args__ = (
        UniqueConstraint("api_key_id", "number"),
        UniqueConstraint("api_key_id", "client_mutation_id"),
        Index(
            "ix_api_key_generation_living",
            "api_key_id",
            postgresql_where=text("told IS DISTINCT FROM '{\"exists\": false}'"),
        ),
        Index("ix_api_key_generation_drifted", "api_key_id", postgresql_where=text("drift IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    api_key_id: UUID = Field(foreign_key="api_key.id")
    number: int = 1
    token_hash: str = Field(max_length=64, unique=True)
    prefix: str
    last_four: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    client_mutation_id: str | None = None
    told: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    drift: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lost_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settle_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settle_attempts: int = 0
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKeyModel(SQLModel, table=True):
    """Which models a key may call, as far as its owner's subscriptions allow."""

    __tablename__ = "api_key_model"

    api_key_id: UUID = Field(foreign_key="api_key.id", primary_key=True)
    model_id: UUID = Field(foreign_key="model.id", primary_key=True, index=True)


class KeyRules(SQLModel, table=True):
    """What keys may have at most, set by an admin; NULL: no maximum. One row, or none before anybody has set anything."""

    __tablename__ = "key_rules"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    max_budget: Decimal | None = Field(default=None, sa_type=Numeric)
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    max_parallel_requests: int | None = None
    max_life_days: int | None = None
    default_life_days: int | None = None
    max_keys: int | None = None
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


key_rules = table_of(KeyRules)
api_key = table_of(ApiKey)
generation = table_of(ApiKeyGeneration)
api_key_model = table_of(ApiKeyModel)
