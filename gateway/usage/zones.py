"""The calendar of a time zone: where its hours, days and months begin. Only Python's time zone data is asked, never PostgreSQL's."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.errors import InvalidInput
from gateway.usage.policy import HOUR, MAX_POINTS, Interval, TimeRange, hour_of

DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Raises InvalidInput for `timeZone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("timeZone", 'must be a name such as "Europe/Berlin"') from None


@lru_cache(maxsize=1024)
def points(during: TimeRange, interval: Interval, zone: str = "UTC") -> tuple[datetime, ...]:
    """Where each interval that touches the range begins, in UTC. Raises InvalidInput for `interval` if there are over 1,000."""
    found: list[datetime] = []
    for start in _starts(during.start, interval, zone_of(zone)):
        if start >= during.end:
            break
        found.append(start)
        if len(found) > MAX_POINTS:
            raise InvalidInput("interval", f"gives more than {MAX_POINTS} points for this range")
    return tuple(found)


def _starts(moment: datetime, interval: Interval, zone: ZoneInfo) -> Iterator[datetime]:
    if interval is Interval.HOUR:
        start = hour_of(moment)
        while True:
            yield start
            start += HOUR
    day = moment.astimezone(zone).date()
    day = day.replace(day=1) if interval is Interval.MONTH else day
    while True:
        start, step = (
            _beginning(day, zone),
            1 if interval is Interval.DAY else calendar.monthrange(day.year, day.month)[1],
        )
        day += timedelta(days=step)
        # Where a country crossed the date line, a day of its calendar was left out.
        if start != _beginning(day, zone):
            yield start


def _beginning(day: date, zone: ZoneInfo) -> datetime:
    """The first midnight of a day, or the moment of the jump where clocks are put forward over midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=1024)
def offsets(during: TimeRange, zone: str) -> tuple[tuple[datetime, timedelta], ...]:
    """(from when on, how far the clock is ahead of UTC), in order; the first is in force where the range begins."""
    local = zone_of(zone)
    found = [(during.start, _ahead(during.start, local))]
    at = during.start
    while at < during.end:
        before, at = at, min(at + DAY, during.end)
        if _ahead(at, local) != found[-1][1]:
            while at - before > timedelta(seconds=1):
                middle = before + (at - before) / 2
                before, at = (middle, at) if _ahead(middle, local) == found[-1][1] else (before, middle)
            at = at.replace(microsecond=0)
            found.append((at, _ahead(at, local)))
    return tuple(found)


def _ahead(moment: datetime, zone: ZoneInfo) -> timedelta:
    ahead = moment.astimezone(zone).utcoffset()
    assert ahead is not None
    return ahead
