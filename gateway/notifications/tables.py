"""Notifications."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column, utc_now


class NotificationKind(StrEnum):
    API_KEY_EXPIRES = "API_KEY_EXPIRES"
    API_KEY_BLOCKED = "API_KEY_BLOCKED"
    API_KEY_UNBLOCKED = "API_KEY_UNBLOCKED"
    API_KEY_REVOKED = "API_KEY_REVOKED"
    API_KEY_LEAKED = "API_KEY_LEAKED"
    API_KEY_DRIFTED = "API_KEY_DRIFTED"
    SUBSCRIPTION_APPROVED = "SUBSCRIPTION_APPROVED"
    SUBSCRIPTION_DENIED = "SUBSCRIPTION_DENIED"
    SUBSCRIPTION_SUSPENDED = "SUBSCRIPTION_SUSPENDED"
    SUBSCRIPTION_RESUMED = "SUBSCRIPTION_RESUMED"
    SUBSCRIPTION_CHANGED = "SUBSCRIPTION_CHANGED"
    SUBSCRIPTION_CANCELLED = "SUBSCRIPTION_CANCELLED"
    SUBSCRIPTION_EXPIRED = "SUBSCRIPTION_EXPIRED"
    QUOTA_CHANGE_APPROVED = "QUOTA_CHANGE_APPROVED"
    QUOTA_CHANGE_DENIED = "QUOTA_CHANGE_DENIED"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    MODEL_DEPRECATED = "MODEL_DEPRECATED"
    MODEL_RETIRED = "MODEL_RETIRED"
    ROLE_EXPIRES = "ROLE_EXPIRES"


class Notification(SQLModel, table=True):
    """`source` names the event that it tells of, so that each makes one row however often it is found.

    Of the columns after it those are filled that the kind needs: what it is about, who did it (a username) and why, the threshold in
    days that was passed, and the moment that it speaks of.
    """

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_user_id_created_at", "user_id", "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id")
    kind: NotificationKind = Field(sa_column=enum_column(NotificationKind, nullable=False))
    source: str = Field(unique=True)
    api_key_id: UUID | None = Field(default=None, foreign_key="api_key.id")
    subscription_id: UUID | None = Field(default=None, foreign_key="model_subscription.id")
    model_id: UUID | None = Field(default=None, foreign_key="model.id")
    actor: str | None = None
    reason: str | None = None
    days: int | None = None
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
