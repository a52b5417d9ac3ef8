"""Which of a view's calls: what sums don't tell apart, and single calls do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from sqlalchemy import ColumnElement

from gateway.errors import InvalidInput
from gateway.usage.answers import Dimension
from gateway.usage.policy import HOUR, MAX_IDS, MAX_TEXT, Span, TimeRange
from gateway.usage.queries import MEMBERS, among, event
from gateway.usage.zones import offsets, zone_of

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
Members = Mapping[Dimension, tuple[str, ...]]


@dataclass(frozen=True)
class HourOfWeek:
    """`weekday` 1 is Monday; `hour` from 0 to 23, of `zone`'s clock. Raises InvalidInput (`hourOfWeek`, `timeZone`)."""

    weekday: int
    hour: int
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if not (1 <= self.weekday <= 7 and 0 <= self.hour <= 23):
            raise InvalidInput("hourOfWeek", "must be a weekday from 1 to 7 and an hour from 0 to 23")
        zone_of(self.zone)

    def spans(self, during: TimeRange) -> Iterator[Span]:
        """When it is that hour, as far as it lies in the range; exactly what the heatmap counts in its cell."""
        turns = offsets(during, self.zone)
        ends = [*(since for since, _ in turns[1:]), during.end]
        for (since, ahead), until in zip(turns, ends, strict=True):
            clock = (since + ahead).astimezone(UTC).replace(hour=self.hour, minute=0, second=0, microsecond=0)
            at = clock + (self.weekday - clock.isoweekday()) * _DAY - _WEEK - ahead
            while at < until:
                start, end = max(at, since), min(at + HOUR, until)
                if start < end:
                    yield start, end
                at += _WEEK


@dataclass(frozen=True)
class CallFilter:
    """All that is given must hold; None or nothing: no condition.

    `among` and `without` have members as slices count them: a model's name, the id of a key or a person ("" for those that are not ours),
    a provider, a status. Raises InvalidInput for more than 100 members of a dimension.
    """

    among: Members = field(default_factory=dict)
    without: Members = field(default_factory=dict)
    hour_of_week: HourOfWeek | None = None
    success: bool | None = None
    stream: bool | None = None
    cache_hit: bool | None = None
    priced: bool | None = None

    def __post_init__(self) -> None:
        for name in ("among", "without"):
            for dimension, members in getattr(self, name).items():
                if len(members) > MAX_IDS:
                    raise InvalidInput(f"{name}.{dimension.value}", f"may hold at most {MAX_IDS} values")
                if any(len(member) > MAX_TEXT or "\x00" in member for member in members):
                    raise InvalidInput(f"{name}.{dimension.value}", "holds what is too long or not text")

    def conditions(self, during: TimeRange) -> list[ColumnElement[bool]]:
        """For the events of a range."""
        found = [MEMBERS[dimension](event.c).in_(members) for dimension, members in self.among.items()]
        found += [MEMBERS[dimension](event.c).not_in(members) for dimension, members in self.without.items()]
        if self.hour_of_week is not None:
            found.append(among(event.c.occurred_at, list(self.hour_of_week.spans(during))))
        for name in ("success", "stream", "cache_hit", "priced"):
            if (wanted := getattr(self, name)) is not None:
                found.append(event.c[name].is_(wanted))
        return found


ALL_CALLS = CallFilter()
