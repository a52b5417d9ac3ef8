"""What of the ledger was compared with LiteLLM's own spend log, and what came of it."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Column, Numeric, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, ExcludeConstraint
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime


class LedgerSlice(SQLModel, table=True):
    """A stretch of time, from `start` up to and without `until`, whose calls were compared with LiteLLM's spend log.

    Stretches never overlap and never cross a UTC midnight; neighbours are made one, so that there is about one a day. What
    lies in none of them is not checked. `passes` is 1, and 2 after the check for what LiteLLM wrote late. 0: it can't be
    checked, `problem` says why, and it is tried again at `due_at`. `calls` and `spend` are what LiteLLM's log has, `found`
    how many of them were booked before the last check, `filled` how many were booked by checks, `mismatches` how many are
    booked with other numbers, `only_here` how many booked calls LiteLLM's log does not have.
    """

    __tablename__ = "ledger_slice"
    __table_args__ = (
        CheckConstraint("start < until", name="in_order"),
        ExcludeConstraint((text("tstzrange(start, until)"), "&&"), using="gist", name="ex_ledger_slice_overlap"),
    )

    start: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    until: datetime = Field(sa_type=UtcDateTime)
    passes: int
    checked_at: datetime = Field(sa_type=UtcDateTime)
    calls: int = Field(default=0, sa_type=BigInteger)
    found: int = Field(default=0, sa_type=BigInteger)
    filled: int = Field(default=0, sa_type=BigInteger)
    mismatches: int = Field(default=0, sa_type=BigInteger)
    only_here: int = Field(default=0, sa_type=BigInteger)
    spend: Decimal = Field(default=Decimal(0), sa_type=Numeric)
    problem: str | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LedgerRepair(SQLModel, table=True):
    """What checks booked on one UTC day, by when they did it: calls since LiteMaaS compares, and older ones."""

    __tablename__ = "ledger_repair"

    day: date = Field(primary_key=True)
    repaired: int = Field(sa_type=BigInteger)
    imported: int = Field(sa_type=BigInteger)
    spend: Decimal = Field(sa_type=Numeric)
    last_at: datetime = Field(sa_type=UtcDateTime)


class LedgerMismatch(SQLModel, table=True):
    """A call whose booking is not what LiteLLM's log says: an example, of the newest ones. `theirs` is what the log says."""

    __tablename__ = "ledger_mismatch"

    call_id: str = Field(primary_key=True)
    success: bool = Field(primary_key=True)
    occurred_at: datetime = Field(sa_type=UtcDateTime, index=True)
    found_at: datetime = Field(sa_type=UtcDateTime)
    model_name: str
    problems: list[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    spend: Decimal | None = Field(default=None, sa_type=Numeric)
    total_tokens: int | None = Field(default=None, sa_type=BigInteger)
    their_spend: Decimal | None = Field(default=None, sa_type=Numeric)
    their_total_tokens: int | None = Field(default=None, sa_type=BigInteger)


class LedgerState(SQLModel, table=True):
    """One row. `began_at`: when comparing began; what is older, back to `horizon`, is LiteLLM's history.

    `failures` in a row since `failing_since`; until `due_at` LiteLLM is left alone.
    """

    __tablename__ = "ledger_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    began_at: datetime = Field(sa_type=UtcDateTime)
    horizon: datetime = Field(sa_type=UtcDateTime)
    settle_seconds: int
    history_days: int
    failures: int = 0
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
