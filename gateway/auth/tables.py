"""Sessions of browsers, and access tokens of programs."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Column, String
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, table_of, utc_now


class LoginSession(SQLModel, table=True):
    """`token_hash` is the SHA-256, in hex, of the cookie's value; the value itself is nowhere but in the browser.

    `sealed_id_token` is what a sign-out tells the issuer, encrypted with the cookie's value: without the browser nobody can read it.
    """

    __tablename__ = "login_session"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    address: str | None = None
    user_agent: str | None = None
    sealed_id_token: str | None = None


class AccessToken(SQLModel, table=True):
    """`token_hash` is the SHA-256, in hex, of a secret that was shown once. Rows stay after their end, to be looked at."""

    __tablename__ = "access_token"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id", ondelete="CASCADE", index=True)
    name: str
    token_hash: str = Field(max_length=64, unique=True)
    last_four: str
    scopes: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_address: str | None = None


login_session = table_of(LoginSession)
access_token = table_of(AccessToken)
