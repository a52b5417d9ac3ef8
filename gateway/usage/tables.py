"""The ledger: one row per call, and sums of them. No foreign keys: it outlives what it counts. No content, ever."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Numeric, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime

_NEXT_SEQ = text("nextval('usage_event_seq')")


class UsageEvent(SQLModel, table=True):
    """One call to a model, as LiteLLM reported it. `call_id` is LiteLLM's `litellm_call_id`; money is in US dollars.

    A call that was answered after a fallback has two rows, the failure and the success. `seq` grows in the order of
    commits: what was committed later has a higher one. `occurred_at` is when the call began. `model_name` is what the
    caller wrote; the catalogue is joined by it. `status` is "success", or what a failure answered.

    A partition holds the calls of a week, which `gateway.usage.partitions` makes and drops. PostgreSQL wants the time in a
    partitioned table's key; that no call has two rows is for the writers to see to, who look for it by its hash.
    """

    __tablename__ = "usage_event"
    __table_args__ = (
        Index("ix_usage_event_call_occurred_at", text("hashtextextended(call_id, 0)"), "occurred_at"),
        Index("ix_usage_event_occurred_at_seq", "occurred_at", "seq"),
        Index("ix_usage_event_user_id_occurred_at", "user_id", "occurred_at"),
        Index("ix_usage_event_model_name_occurred_at", "model_name", "occurred_at"),
        Index("ix_usage_event_api_key_id_seq", "api_key_id", "seq"),
        Index("ix_usage_event_token_occurred_at", text("hashtextextended(token_hash, 0)"), "occurred_at"),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )

    seq: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, server_default=_NEXT_SEQ))
    occurred_at: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    call_id: str
    success: bool
    request_id: str | None = None
    received_at: datetime = Field(sa_type=UtcDateTime)
    latency_ms: int | None = None
    first_token_ms: int | None = None
    token_hash: str | None = Field(default=None, max_length=64)
    api_key_id: UUID | None = None
    user_id: UUID | None = None
    team_id: UUID | None = None
    model_name: str
    provider: str | None = None
    call_type: str
    status: str
    error_code: str | None = None
    stream: bool = False
    cache_hit: bool = False
    priced: bool = True
    prompt_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    completion_tokens: int = Field(sa_type=BigInteger)
    total_tokens: int = Field(sa_type=BigInteger)
    spend: Decimal = Field(sa_type=Numeric)


class _Measured(SQLModel):
    """What is summed. `unpriced` counts the calls whose price LiteLLM did not know."""

    requests: int = Field(sa_type=BigInteger)
    failures: int = Field(sa_type=BigInteger)
    prompt_tokens: int = Field(sa_type=BigInteger)
    completion_tokens: int = Field(sa_type=BigInteger)
    total_tokens: int = Field(sa_type=BigInteger)
    spend: Decimal = Field(sa_type=Numeric)
    cached_tokens: int = Field(sa_type=BigInteger)
    cache_hits: int = Field(sa_type=BigInteger)
    unpriced: int = Field(sa_type=BigInteger)


_CROSSED = ("user_id", "team_id", "api_key_id", "model_name", "provider", "status")


class UsageHourly(_Measured, table=True):
    """Sums of the events of one hour that share person, team, key, model, provider and status; an unknown member is NULL."""

    __tablename__ = "usage_hourly"
    __table_args__ = (
        UniqueConstraint("hour", *_CROSSED, name="uq_usage_hourly_members", postgresql_nulls_not_distinct=True),
        Index("ix_usage_hourly_user_id_hour", "user_id", "hour"),
        Index("ix_usage_hourly_api_key_id_hour", "api_key_id", "hour"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    hour: datetime = Field(sa_type=UtcDateTime)
    user_id: UUID | None = None
    team_id: UUID | None = None
    api_key_id: UUID | None = None
    model_name: str
    provider: str | None = None
    status: str
    last_at: datetime = Field(sa_type=UtcDateTime)


class UsageDaily(_Measured, table=True):
    """The same for one day of UTC."""

    __tablename__ = "usage_daily"
    __table_args__ = (
        UniqueConstraint("day", *_CROSSED, name="uq_usage_daily_members", postgresql_nulls_not_distinct=True),
        Index("ix_usage_daily_user_id_day", "user_id", "day"),
        Index("ix_usage_daily_api_key_id_day", "api_key_id", "day"),
        Index("ix_usage_daily_model_name_day", "model_name", "day"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    day: datetime = Field(sa_type=UtcDateTime)
    user_id: UUID | None = None
    team_id: UUID | None = None
    api_key_id: UUID | None = None
    model_name: str
    provider: str | None = None
    status: str


class UsageBlock(_Measured, table=True):
    """The same for so many `hours` that are over, as far as `usage_folded` says: see `gateway.usage.folding`."""

    __tablename__ = "usage_block"
    __table_args__ = (
        Index("ix_usage_block_hours_start", "hours", "start"),
        Index("ix_usage_block_user_id_hours_start", "user_id", "hours", "start"),
        Index("ix_usage_block_api_key_id_hours_start", "api_key_id", "hours", "start"),
        Index("ix_usage_block_model_name_hours_start", "model_name", "hours", "start"),
        Index("ix_usage_block_provider_hours_start", "provider", "hours", "start"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    hours: int
    start: datetime = Field(sa_type=UtcDateTime)
    user_id: UUID | None = None
    team_id: UUID | None = None
    api_key_id: UUID | None = None
    model_name: str
    provider: str | None = None
    status: str


class UsageFolded(SQLModel, table=True):
    """A block that `usage_block` has, made when so many calls of it were booked. With more calls it is not good any more."""

    __tablename__ = "usage_folded"

    hours: int = Field(primary_key=True)
    start: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    requests: int = Field(sa_type=BigInteger)


class UsageArranged(SQLModel, table=True):
    """Six hours whose sums of members stand in the order in which they are read, put there when so many calls of them were booked."""

    __tablename__ = "usage_arranged"

    start: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    requests: int = Field(sa_type=BigInteger)


class UsageQuarter(_Measured, table=True):
    """Sums over everything, and by model, provider and status, of a quarter of an hour: all midnights of the world begin one.

    `dimension` is "all" (its member is "") or a value of `Dimension`; an unknown member is "".
    """

    __tablename__ = "usage_quarter"

    dimension: str = Field(primary_key=True)
    member: str = Field(primary_key=True)
    quarter: datetime = Field(sa_type=UtcDateTime, primary_key=True)


class UsageMember(_Measured, table=True):
    """Sums over everything (`dimension` "all") and for each member of each `Dimension`, in blocks of so many `hours`.

    The sizes are `policy.BLOCKS`; blocks count from 1 January 2000 in UTC. Ids are text, an unknown member is "".
    """

    __tablename__ = "usage_member"
    __table_args__ = (Index("ix_usage_member_hours_start_dimension", "hours", "start", "dimension"),)

    dimension: str = Field(primary_key=True)
    member: str = Field(primary_key=True)
    hours: int = Field(primary_key=True)
    start: datetime = Field(sa_type=UtcDateTime, primary_key=True)


class UsageSpeed(SQLModel, table=True):
    """How many calls were how fast: histograms of an hour and of a day (`unit`), over everything, by model and by provider.

    Bucket n holds from 1.08^n up to 1.08^(n+1) milliseconds: its middle is at most 4 % from any of them. Histograms of
    several hours or members are added up.
    """

    __tablename__ = "usage_speed"

    unit: str = Field(primary_key=True)
    dimension: str = Field(primary_key=True)
    member: str = Field(primary_key=True)
    start: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    bucket: int = Field(primary_key=True)
    latency: int = Field(sa_type=BigInteger)
    first_token: int = Field(sa_type=BigInteger)


class UsageProgress(SQLModel, table=True):
    """One row. Single calls that began before `dropped_before` are kept no longer, only what they added to the sums; calls up
    to `speeds_seq` are in the histograms."""

    __tablename__ = "usage_progress"

    id: int = Field(default=1, primary_key=True)
    dropped_before: datetime = Field(sa_type=UtcDateTime)
    speeds_seq: int = Field(sa_type=BigInteger)
