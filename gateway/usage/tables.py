"""The ledger: one row per call, and sums per hour. No foreign keys: it outlives what it counts. No content, ever."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime


class UsageEvent(SQLModel, table=True):
    """One call to a model, as LiteLLM reported it. `call_id` is LiteLLM's `litellm_call_id`; money is in US dollars.

    A call that was answered after a fallback has two rows, the failure and the success. `seq` grows in the order of
    commits: what was committed later has a higher one. `occurred_at` is when the call began. `model_name` is what the
    caller wrote; the catalogue is joined by it.
    """

    __tablename__ = "usage_event"
    __table_args__ = (
        Index("ix_usage_event_user_id_occurred_at", "user_id", "occurred_at"),
        Index("ix_usage_event_api_key_id_seq", "api_key_id", "seq"),
        Index("ix_usage_event_token_hash_occurred_at", "token_hash", "occurred_at"),
    )

    call_id: str = Field(primary_key=True)
    success: bool = Field(primary_key=True)
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    request_id: str | None = None
    occurred_at: datetime = Field(sa_type=UtcDateTime, index=True)
    received_at: datetime = Field(sa_type=UtcDateTime)
    latency_ms: int | None = None
    token_hash: str | None = Field(default=None, max_length=64)
    api_key_id: UUID | None = None
    user_id: UUID | None = None
    model_name: str
    call_type: str
    error_code: str | None = None
    stream: bool = False
    prompt_tokens: int = Field(sa_type=BigInteger)
    completion_tokens: int = Field(sa_type=BigInteger)
    total_tokens: int = Field(sa_type=BigInteger)
    spend: Decimal = Field(sa_type=Numeric)


class UsageHourly(SQLModel, table=True):
    """Sums of the events of one hour that share person, key and model; a member that is unknown is NULL."""

    __tablename__ = "usage_hourly"
    __table_args__ = (
        UniqueConstraint("hour", "user_id", "api_key_id", "model_name", postgresql_nulls_not_distinct=True),
        Index("ix_usage_hourly_user_id_hour", "user_id", "hour"),
        Index("ix_usage_hourly_api_key_id_hour", "api_key_id", "hour"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    hour: datetime = Field(sa_type=UtcDateTime)
    user_id: UUID | None = None
    api_key_id: UUID | None = None
    model_name: str
    requests: int = Field(sa_type=BigInteger)
    failures: int = Field(sa_type=BigInteger)
    prompt_tokens: int = Field(sa_type=BigInteger)
    completion_tokens: int = Field(sa_type=BigInteger)
    total_tokens: int = Field(sa_type=BigInteger)
    spend: Decimal = Field(sa_type=Numeric)
    last_at: datetime = Field(sa_type=UtcDateTime)
