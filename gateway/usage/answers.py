"""What can be asked of the ledger, and what it answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from gateway.usage.policy import EVERYTHING, Interval, Scope, TimeRange, UsageFilter


class Dimension(StrEnum):
    """What calls can be told apart by. Of these a slice's name is the filter's value, or its id is."""

    MODEL = "model"
    API_KEY = "api_key"
    PERSON = "user"
    PROVIDER = "provider"
    STATUS = "status"


@dataclass(frozen=True)
class View:
    """Which calls are looked at. NotPermitted for ALL unless the actor may read everything."""

    during: TimeRange
    wanted: UsageFilter = EVERYTHING
    scope: Scope = Scope.OWN


@dataclass(frozen=True)
class Sums:
    """Asks for the totals of the view."""


@dataclass(frozen=True)
class Series:
    """Asks for a point for each hour, day or month of the zone that touches the range, in order, empty ones too."""

    interval: Interval
    zone: str = "UTC"


@dataclass(frozen=True)
class Heatmap:
    """Asks for the 168 hours of the zone's week, from Monday."""

    zone: str = "UTC"


@dataclass(frozen=True)
class Slices:
    """Asks for the hundred members of a dimension that cost most, dearest first, then by number of calls."""

    dimension: Dimension


@dataclass(frozen=True)
class Speeds:
    """Asks for latency and time to first token."""


Ask = Sums | Series | Heatmap | Slices | Speeds


class Totals(NamedTuple):  # a page makes hundreds: as a frozen dataclass, each would take four times as long
    """Sums over calls, those that failed included. `spend` in US dollars; tokens as LiteLLM counted them.

    `cached_tokens` are prompt tokens from the provider's cache, `cache_hits` calls that LiteLLM answered from its own, and
    `unpriced` calls whose price LiteLLM did not know, so that `spend` lacks them.
    """

    requests: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    spend: Decimal = Decimal(0)
    cached_tokens: int = 0
    cache_hits: int = 0
    unpriced: int = 0

    @classmethod
    def of(cls, row: Any) -> "Totals":
        return cls.of_measures(_measures_of(row))

    @classmethod
    def of_measures(cls, values: Iterable[Any]) -> "Totals":
        """From a row's values in the order of MEASURES."""
        requests, failures, prompt, completion, total, spend, cached, hits, unpriced = values
        tokens = int(prompt), int(completion), int(total)
        return cls(int(requests), int(failures), *tokens, spend, int(cached), int(hits), int(unpriced))

    @classmethod
    def sum(cls, parts: Iterable["Totals"]) -> "Totals":
        return cls(*(sum(measures) for measures in zip(cls(), *parts, strict=True)))


MEASURES = Totals._fields
_measures_of = attrgetter(*MEASURES)


@dataclass(frozen=True)
class Point:
    """One interval of a series, by where it begins, even if the range begins later."""

    start: datetime
    totals: Totals


@dataclass(frozen=True)
class Cell:
    """One hour of the week: `weekday` 1 is Monday, `hour` from 0 to 23."""

    weekday: int
    hour: int
    totals: Totals


@dataclass(frozen=True)
class Slice:
    """The part of one member. `key` is its id, None where members have none or this one is not ours."""

    key: UUID | None
    label: str
    totals: Totals


@dataclass(frozen=True)
class Percentiles:
    """Milliseconds below which half, 95 and 99 of a hundred calls stayed, at most 4 % off; None without calls."""

    calls: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True)
class Speed:
    """How long answered calls took, and how long streamed ones took to their first token."""

    latency: Percentiles = Percentiles()
    first_token: Percentiles = Percentiles()
