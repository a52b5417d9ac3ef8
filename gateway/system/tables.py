"""Our own jobs, as they last ran."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column


class JobOutcome(StrEnum):
    """WAITING: LiteLLM did not answer; the next run tries again."""

    DONE = "DONE"
    WAITING = "WAITING"
    FAILED = "FAILED"


class JobRun(SQLModel, table=True):
    """The last run of one job, on whichever replica. `every` is in seconds from the end of a run to the start of the next.

    `count` is what the run says that it did or found, where it says so: keys settled, keys that differ.
    """

    __tablename__ = "job_run"

    name: str = Field(primary_key=True)
    every: float
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime = Field(sa_type=UtcDateTime)
    outcome: JobOutcome = Field(sa_column=enum_column(JobOutcome, nullable=False))
    count: int | None = None
