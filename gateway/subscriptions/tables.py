"""Who may use which model, for how much and until when, and how it came to that."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Enum, Identity, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column, utc_now


class SubscriptionStatus(StrEnum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    DENIED = "DENIED"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class QuotaChangeStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    CANCELLED = "CANCELLED"


class SubscriptionAction(StrEnum):
    """What was done, where the two statuses alone do not say it."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    CANCELLED = "CANCELLED"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"
    EXPIRED = "EXPIRED"
    CHANGED = "CHANGED"
    QUOTA_REQUESTED = "QUOTA_REQUESTED"
    QUOTA_APPROVED = "QUOTA_APPROVED"
    QUOTA_DENIED = "QUOTA_DENIED"
    QUOTA_CANCELLED = "QUOTA_CANCELLED"


class Limits(SQLModel):
    """Columns that several tables share. NULL: no limit. The first three count per window of `budget_duration`
    (in LiteLLM's words; NULL: one window that never ends), the last two per minute. Money is in US dollars.
    """

    max_budget: Decimal | None = Field(default=None, sa_type=Numeric)
    max_requests: int | None = Field(default=None, sa_type=BigInteger)
    max_tokens: int | None = Field(default=None, sa_type=BigInteger)
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None


class ModelSubscription(Limits, table=True):
    """One person's right to one model. At most one per person and model is open (pending, active or suspended).

    A trigger refuses every change of `status` that `policy.TRANSITIONS` does not have. `awaiting_since` is set while an admin's
    decision is awaited, on the request or on other limits. `exhausted_until` is set by the ledger's job while a quota is used up;
    once it lies in the past it means nothing.
    """

    __tablename__ = "model_subscription"
    __table_args__ = (
        Index(
            "uq_model_subscription_open",
            "user_id",
            "model_id",
            unique=True,
            postgresql_where=text("status IN ('PENDING', 'ACTIVE', 'SUSPENDED')"),
        ),
        Index("ix_model_subscription_awaiting", "awaiting_since", postgresql_where=text("awaiting_since IS NOT NULL")),
        Index("ix_model_subscription_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index(
            "ix_model_subscription_exhausted_until",
            "exhausted_until",
            postgresql_where=text("exhausted_until IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id", index=True)
    model_id: UUID = Field(foreign_key="model.id", index=True)
    status: SubscriptionStatus = Field(sa_column=enum_column(SubscriptionStatus, nullable=False))
    justification: str | None = None
    reason: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    awaiting_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    exhausted_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SubscriptionRules(Limits, table=True):
    """What a subscription gets when nobody says anything: to this model or, without one, to every model without rules of its own."""

    __tablename__ = "subscription_rules"
    __table_args__ = (UniqueConstraint("model_id", postgresql_nulls_not_distinct=True),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    model_id: UUID | None = Field(default=None, foreign_key="model.id")
    life_days: int | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class QuotaChange(Limits, table=True):
    """Other limits that the owner of a subscription asks for: all of them, as they would be. At most one is open at a time."""

    __tablename__ = "quota_change"
    __table_args__ = (
        Index("uq_quota_change_open", "subscription_id", unique=True, postgresql_where=text("status = 'PENDING'")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    subscription_id: UUID = Field(foreign_key="model_subscription.id", index=True)
    status: QuotaChangeStatus = Field(sa_column=enum_column(QuotaChangeStatus, nullable=False))
    justification: str | None = None
    reason: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def _status(*, nullable: bool) -> Column[Any]:
    """A copy of what stood in `model_subscription.status`, where the CHECK is."""
    return Column(Enum(SubscriptionStatus, native_enum=False, length=32), nullable=nullable)


class SubscriptionChange(SQLModel, table=True):
    """One line of a subscription's history, never changed. `limits` is `{column: [before, after]}` of what was changed, as text.

    `seq` is the order. `actor` is a username or the name of one of our jobs, as in the audit log.
    """

    __tablename__ = "subscription_change"
    __table_args__ = (
        Index("ix_subscription_change_subscription_id_seq", "subscription_id", "seq"),
        Index("ix_subscription_change_at", "at"),
    )

    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    subscription_id: UUID = Field(foreign_key="model_subscription.id")
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    actor: str
    actor_id: UUID | None = None
    action: SubscriptionAction = Field(sa_column=enum_column(SubscriptionAction, nullable=False))
    from_status: SubscriptionStatus | None = Field(default=None, sa_column=_status(nullable=True))
    to_status: SubscriptionStatus = Field(sa_column=_status(nullable=False))
    reason: str | None = None
    limits: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
