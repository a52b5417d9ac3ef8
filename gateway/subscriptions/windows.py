"""The windows in which a quota counts, in LiteLLM's words ("30d") and aligned to the clock as LiteLLM's are.

Seconds, minutes and hours are counted from midnight (UTC) and the last window of a day ends with it; 7 days and a week begin on Mondays;
30 days and a month on the first. Where LiteLLM counts from the last reset, as for 14 days, we count from Monday, 5 January 1970:
a window must follow from the clock alone, since the ledger is asked at any time.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_DURATION = re.compile(r"([1-9][0-9]{0,3})(s|m|h|d|w|mo)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAY = timedelta(days=1)
_A_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def is_window(duration: str) -> bool:
    """Of months LiteLLM knows only one as a window."""
    found = _DURATION.fullmatch(duration)
    return found is not None and (found[2] != "mo" or found[1] == "1")


def window(duration: str, now: datetime) -> tuple[datetime, datetime]:
    """[start, end) of the window that `now` lies in. Raises ValueError for what `is_window` refuses."""
    if not is_window(duration):
        raise ValueError(duration)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if duration in ("1mo", "30d"):
        start = midnight.replace(day=1)
        return start, (start + timedelta(days=32)).replace(day=1)
    step = _length(duration)
    if step < _DAY:
        start = midnight + step * ((now - midnight) // step)
        return start, min(start + step, midnight + _DAY)
    start = _A_MONDAY + step * ((now - _A_MONDAY) // step)
    return start, start + step


def per_month(duration: str) -> Decimal:
    """How many such windows 30 days have."""
    return Decimal(1) if duration == "1mo" else Decimal(30 * 86_400) / Decimal(int(_length(duration).total_seconds()))


def _length(duration: str) -> timedelta:
    found = _DURATION.fullmatch(duration)
    assert found is not None
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
