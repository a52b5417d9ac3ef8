"""LiteLLM's durations ("30d") and its budget windows, which follow the calendar and not the day of creation."""

import re
from datetime import datetime, timedelta

_DURATION = re.compile(r"(\d+)(mo|[smhdw])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def length(duration: str) -> timedelta | None:
    """How long "90s", "7d" or "1mo" lasts (a month is 30 days here); None for anything else."""
    match = _DURATION.match(duration)
    if match is None:
        return None
    number, unit = int(match[1]), match[2]
    return timedelta(days=30 * number) if unit == "mo" else timedelta(seconds=number * _SECONDS[unit])


def is_window(duration: str) -> bool:
    """Whether LiteLLM takes it as a budget's window: of months it can only do one."""
    return length(duration) is not None and (not duration.endswith("mo") or duration == "1mo")


def next_reset(duration: str, now: datetime) -> datetime:
    """When the budget window that contains `now` (UTC) ends. Raises ValueError for what `length` does not know."""
    match = _DURATION.match(duration)
    if match is None:
        raise ValueError(duration)
    number, unit = int(match[1]), match[2]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"d": number, "w": 7 * number, "mo": 30}.get(unit)
    if days is None:
        step = timedelta(seconds=max(1, number * _SECONDS[unit]))
        return midnight + step * ((now - midnight) // step + 1)
    if days == 7:
        return midnight + timedelta(days=7 - now.weekday())
    if days == 30:
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return midnight + timedelta(days=days)
