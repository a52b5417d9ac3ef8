"""Notifications."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column, utc_now


class NotificationKind(StrEnum):
    API_KEY_EXPIRES = "API_KEY_EXPIRES"


class Notification(SQLModel, table=True):
    """`days` is the threshold that was passed and `expires_at` the expiry it was about: together they tell one notice from the next."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("kind", "api_key_id", "days", "expires_at"),
        Index("ix_notification_user_id_created_at", "user_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id")
    kind: NotificationKind = Field(sa_column=enum_column(NotificationKind, nullable=False))
    api_key_id: UUID = Field(foreign_key="api_key.id")
    days: int
    expires_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
