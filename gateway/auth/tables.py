"""Sessions of browsers."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, utc_now


class LoginSession(SQLModel, table=True):
    """`token_hash` is the SHA-256, in hex, of the cookie's value; the value itself is nowhere but in the browser."""

    __tablename__ = "login_session"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
