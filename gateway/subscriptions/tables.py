"""Who may use which model."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Index, Numeric, text
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column, utc_now


class SubscriptionStatus(StrEnum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    DENIED = "DENIED"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class ModelSubscription(SQLModel, table=True):
    """One person's right to one model. At most one per person and model is open (pending, active or suspended)."""

    __tablename__ = "model_subscription"
    __table_args__ = (
        Index(
            "uq_model_subscription_open",
            "user_id",
            "model_id",
            unique=True,
            postgresql_where=text("status IN ('PENDING', 'ACTIVE', 'SUSPENDED')"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id", index=True)
    model_id: UUID = Field(foreign_key="model.id", index=True)
    status: SubscriptionStatus = Field(sa_column=enum_column(SubscriptionStatus, nullable=False))
    justification: str | None = None
    reason: str | None = None
    max_budget: Decimal | None = Field(default=None, sa_type=Numeric)
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
