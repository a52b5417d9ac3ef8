"""What may be asked of the ledger and what may be written into it: plain values and pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

import msgspec

from gateway.errors import InvalidInput, NotAvailable

MAX_DAYS = 400
MAX_IDS = 100
MAX_POINTS = 1_000

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOCK_SKEW = timedelta(days=1)

# Far above any real call, and small enough that no sum of them overflows.
MAX_TEXT = 255
MAX_TOKENS = 10**12
MAX_LATENCY_MS = 2**31 - 1
MAX_SPEND = Decimal(10) ** 9
MIN_SPEND = Decimal("1e-60")


class Scope(StrEnum):
    """OWN: the caller's calls. ALL: everybody's, for auditors and admins."""

    OWN = "OWN"
    ALL = "ALL"


class Interval(StrEnum):
    """Days and months are those of the caller's time zone; hours are UTC's."""

    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"


@dataclass(frozen=True)
class TimeRange:
    """From `start` up to but not including `end`, both aware; kept in UTC. At most 400 days, between 2000 and 2100.

    Raises InvalidInput for `range.start`.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise InvalidInput("range.start", "and range.end need a time zone")
        if not (self.start >= EARLIEST and self.end <= LATEST):
            raise InvalidInput("range.start", "and range.end must be between the years 2000 and 2100")
        if self.start >= self.end:
            raise InvalidInput("range.start", "must be before range.end")
        if self.end - self.start > timedelta(days=MAX_DAYS):
            raise InvalidInput("range.start", f"must be at most {MAX_DAYS} days before range.end")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    def before(self) -> "TimeRange":
        """The time of the same length that ends where this one begins. Raises InvalidInput if that is before 2000."""
        return TimeRange(self.start - (self.end - self.start), self.start)


def current_day(now: datetime) -> TimeRange:
    """The UTC day of `now`, to its end."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return TimeRange(start, start + timedelta(days=1))


@dataclass(frozen=True)
class UsageFilter:
    """All that is given must hold; within one list, any. None: no condition. An empty list: nothing. Order is forgotten.

    `providers` and `statuses` are as slices name them: a status is "success", or what a failure answered ("429").
    Raises InvalidInput for a list of more than 100 values, naming it, and NotAvailable for teams.
    """

    model_ids: Sequence[UUID] | None = None
    api_key_ids: Sequence[UUID] | None = None
    team_ids: Sequence[UUID] | None = None
    user_ids: Sequence[UUID] | None = None
    providers: Sequence[str] | None = None
    statuses: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name, field in _LISTS.items():
            values = getattr(self, name)
            if values is not None:
                if len(values) > MAX_IDS:
                    raise InvalidInput(f"filter.{field}", f"may hold at most {MAX_IDS} values")
                object.__setattr__(self, name, tuple(sorted(set(values))))
        for name in ("providers", "statuses"):
            if any(len(value) > MAX_TEXT or "\x00" in value for value in getattr(self, name) or ()):
                raise InvalidInput(f"filter.{name}", "holds what is too long or not text")
        if self.team_ids is not None:
            raise NotAvailable("Usage by team")


_LISTS = {
    "model_ids": "modelIds",
    "api_key_ids": "apiKeyIds",
    "user_ids": "userIds",
    "providers": "providers",
    "statuses": "statuses",
}
EVERYTHING = UsageFilter()


class CallRecord(msgspec.Struct, frozen=True):
    """One call to a model, as it is to be booked. `token_hash` is the SHA-256 of the key's secret.

    `occurred_at` is in UTC. `spend` is in US dollars, as `litellm.exact_money` gives it. `priced` is False when LiteLLM knew no price for
    the call, so that its spend is unknown rather than nothing. `provider` is LiteLLM's `custom_llm_provider`. `cached_tokens` are
    those of the prompt that the provider had in its cache; `cache_hit` says that LiteLLM answered from its own. `first_token_ms`
    is how long the first token of a streamed answer took. Callback and spend log agree on `occurred_at` to the millisecond only.
    """

    call_id: str
    occurred_at: datetime
    model_name: str
    success: bool
    call_type: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    spend: Decimal = Decimal(0)
    token_hash: str | None = None
    request_id: str | None = None
    latency_ms: int | None = None
    error_code: str | None = None
    stream: bool = False
    provider: str | None = None
    cached_tokens: int = 0
    cache_hit: bool = False
    priced: bool = True
    first_token_ms: int | None = None


_TEXTS = attrgetter("call_id", "model_name", "call_type", "token_hash", "request_id", "error_code", "provider")


def problem(record: CallRecord, now: datetime) -> str | None:
    """Why this call can't be booked, or None. Never quotes a value: it goes to the log. Asked of every call there is."""
    texts = list(filter(None, _TEXTS(record)))
    together = "".join(texts)
    if "\x00" in together or (len(together) > MAX_TEXT and any(len(value) > MAX_TEXT for value in texts)):
        return "a text is too long or not text"
    if not record.call_id:
        return "call_id is empty"
    if not EARLIEST <= record.occurred_at <= now + CLOCK_SKEW:
        return "occurred_at is in another age"
    if not (
        0 <= record.prompt_tokens <= MAX_TOKENS
        and 0 <= record.completion_tokens <= MAX_TOKENS
        and 0 <= record.total_tokens <= MAX_TOKENS
        and 0 <= record.cached_tokens <= MAX_TOKENS
    ):
        return "a number of tokens is out of range"
    if not 0 <= (record.latency_ms or 0) <= MAX_LATENCY_MS or not 0 <= (record.first_token_ms or 0) <= MAX_LATENCY_MS:
        return "latency_ms or first_token_ms is out of range"
    spend = record.spend
    if not (spend.is_finite() and (MIN_SPEND <= spend <= MAX_SPEND or not spend)):
        return "spend is out of range"
    return None


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def next_hour(moment: datetime) -> datetime:
    """The first full hour at or after `moment`."""
    hour = hour_of(moment)
    return hour if hour == moment else hour + HOUR


QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
# Of the sums of members. Each is at most six of the next: a range of months is a dozen of them, wherever it begins.
BLOCKS = (16 * DAY, 4 * DAY, DAY, 6 * HOUR, HOUR)
# Of crossed sums. These are made when they are over.
FOLDED = (16 * DAY, 4 * DAY)
Span = tuple[datetime, datetime]


def cut(
    during: TimeRange, sizes: Sequence[timedelta], kept_from: datetime, until: datetime = LATEST
) -> tuple[list[list[Span]], list[Span]]:
    """The range as whole blocks of UTC, for each of `sizes` from large to small, and the ends that are shorter than the smallest.

    No call began at `until` or later: a range that goes as far goes to the end of its last large block.

    Where single calls are no longer kept (before `kept_from`, which begins a day) ends can't be counted: there a block belongs
    to the range in which it begins.
    """
    smallest = sizes[-1]
    over = _over(during, sizes, until)
    first, last = _ceiling(during.start, smallest), block_of(over, smallest)
    ends = [(during.start, min(first, over)), (max(last, first), over)]
    if over < kept_from:
        last = _ceiling(over, smallest)
    whole: list[Span] = [(first, last)]
    blocks: list[list[Span]] = []
    for size in sizes:
        inside, rest = [], []
        for start, end in whole:
            low, high = _ceiling(start, size), block_of(end, size)
            if low < high:
                inside.append((low, high))
                rest += [(start, low), (high, end)]
            else:
                rest.append((start, end))
        blocks.append(inside)
        whole = [(start, end) for start, end in rest if start < end]
    return blocks, [(start, end) for start, end in ends if start < end and start >= kept_from]


def balance(
    during: TimeRange, sizes: Sequence[timedelta], kept_from: datetime, until: datetime = LATEST
) -> tuple[list[tuple[list[Span], list[Span]]], tuple[list[Span], list[Span]]]:
    """As `cut`, of fewer blocks and shorter ends: what is to be added of each size and what to be taken away, and the same of the ends.

    Each end of the range is neared by ever smaller blocks, from whichever side is nearer.
    """
    smallest = sizes[-1]
    start, end = during.start, _over(during, sizes, until)
    start = _ceiling(start, smallest) if start < kept_from else start
    end = _ceiling(end, smallest) if end < kept_from else end
    reached: Span | None = None
    blocks: list[tuple[list[Span], list[Span]]] = []
    for size in sizes:
        if end - start < size:
            blocks.append(([], []))
            continue
        near = _nearest(start, size), _nearest(end, size)
        blocks.append(_moved(reached or (near[0], near[0]), near))
        reached = near
    return blocks, _moved(reached or (start, start), (start, end))


def _over(during: TimeRange, sizes: Sequence[timedelta], until: datetime) -> datetime:
    """Where the range ends; one behind which no call began, at the end of its last large block."""
    return during.end if during.end < until else _ceiling(during.end, sizes[0])


def _moved(before: Span, after: Span) -> tuple[list[Span], list[Span]]:
    """What is to be added to one span and what to be taken away, to have the other one."""
    (low, high), (start, end) = before, after
    added = [span for span in ((start, low), (high, end)) if span[0] < span[1]]
    return added, [span for span in ((low, start), (end, high)) if span[0] < span[1]]


def carve(
    spans: Sequence[Span], blocks: Sequence[tuple[int, datetime]]
) -> tuple[list[tuple[int, datetime]], list[Span]]:
    """Which of the blocks (hours, start) lie within the spans, without those that a larger one holds; and what they leave."""
    found: list[tuple[int, datetime]] = []
    rest = list(spans)
    for hours, low in sorted(blocks, reverse=True):
        high = low + hours * HOUR
        for start, end in rest:
            if start <= low and high <= end:
                rest.remove((start, end))
                rest += [span for span in ((start, low), (high, end)) if span[0] < span[1]]
                found.append((hours, low))
                break
    return found, rest


def block_of(moment: datetime, size: timedelta) -> datetime:
    """Where the block of this size begins that holds the moment."""
    return moment - (moment - EARLIEST) % size


def _nearest(moment: datetime, size: timedelta) -> datetime:
    return block_of(moment + size / 2, size)


def _ceiling(moment: datetime, size: timedelta) -> datetime:
    return moment + (EARLIEST - moment) % size
