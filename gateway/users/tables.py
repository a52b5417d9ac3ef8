"""People, as their sign-in named them."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.actor import Role
from gateway.db import UtcDateTime, enum_column, utc_now


class User(SQLModel, table=True):
    """`issuer` and `subject` say who it is for good; `username` can be given to somebody else later, by the issuer.

    `role_until` is when a role is over that groups gave, unless they confirm it before; NULL for a plain user's, and for one that a
    setting gives. Of an erased person all names are a pseudonym, and `email` is NULL.
    """

    __tablename__ = "app_user"  # "user" is a reserved word in SQL
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    issuer: str
    subject: str
    username: str = Field(index=True)
    display_name: str
    email: str | None = None
    role: Role = Field(default=Role.USER, sa_column=enum_column(Role, nullable=False))
    role_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_login_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
