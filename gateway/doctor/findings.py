"""What a look at one part found, and what several looks have in common."""

import ssl
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx2

from gateway.db import utc_now

PATIENCE = 10.0  # seconds for each part
_SKEW = timedelta(seconds=60)


class State(StrEnum):
    """UNKNOWN: nothing is wrong as far as can be seen, and not everything can."""

    GOOD = "good"
    UNKNOWN = "unknown"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    part: str
    state: State
    sentence: str
    mend: str | None = None


def untrusted(part: str, error: BaseException, mend: str) -> Finding | None:
    """None when a certificate is not what is wrong."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    return Finding(part, State.BAD, f"A certificate is not trusted: {cause.verify_message}.", mend)


def clock_of(part: str, answer: httpx2.Response) -> Finding | None:
    """What the answer's header says of the clock that it was written by, to the second; None if there is none."""
    try:
        date = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    skew = abs(date.astimezone(UTC) - utc_now())
    return clock(f"clock of {part}", skew - timedelta(seconds=1))


def clock(part: str, skew: timedelta) -> Finding:
    if skew <= _SKEW:
        return Finding(part, State.GOOD, "It agrees with ours.")
    seconds = round(skew.total_seconds())
    return Finding(part, State.BAD, f"It differs from ours by {seconds} s.", "Let both follow a time server (NTP).")
