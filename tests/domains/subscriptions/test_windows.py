"""Windows follow the clock, as LiteLLM's do."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox.litellm.durations import next_reset
from gateway.subscriptions import windows

NOW = datetime(2026, 11, 25, 14, 33, 47, tzinfo=UTC)  # a Wednesday
UTC_TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("duration", "start", "end"),
    [
        ("20s", "2026-11-25T14:33:40Z", "2026-11-25T14:34:00Z"),
        ("15m", "2026-11-25T14:30:00Z", "2026-11-25T14:45:00Z"),
        ("1h", "2026-11-25T14:00:00Z", "2026-11-25T15:00:00Z"),
        ("5h", "2026-11-25T10:00:00Z", "2026-11-25T15:00:00Z"),
        ("24h", "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"),
        ("1d", "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"),
        ("7d", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        ("1w", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        ("30d", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("1mo", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
    ],
)
def test_known_windows(duration: str, start: str, end: str) -> None:
    assert windows.window(duration, NOW) == (datetime.fromisoformat(start), datetime.fromisoformat(end))


@given(duration=st.sampled_from(["20s", "1m", "15m", "1h", "6h", "1d", "7d", "1w", "30d", "1mo"]), now=UTC_TIMES)
def test_they_end_when_litellm_resets(duration: str, now: datetime) -> None:
    assert windows.window(duration, now)[1] == next_reset(duration, now)


@given(number=st.integers(1, 9999), unit=st.sampled_from("smhdw"), now=UTC_TIMES)
def test_time_is_cut_into_windows_without_gaps(number: int, unit: str, now: datetime) -> None:
    duration = f"{number}{unit}"
    start, end = windows.window(duration, now)
    assert start <= now < end
    assert windows.window(duration, start) == (start, end)
    assert windows.window(duration, end)[0] == end
    assert windows.window(duration, end - timedelta(microseconds=1)) == (start, end)


@pytest.mark.parametrize("duration", ["", "0d", "2mo", "d", "10", "1y", "-1d", "1d ", "99999d", "1.5h"])
def test_other_words_are_no_windows(duration: str) -> None:
    assert not windows.is_window(duration)
    with pytest.raises(ValueError, match=f"^{re.escape(duration)}$"):
        windows.window(duration, NOW)


def test_how_many_a_month_has() -> None:
    assert [windows.per_month(d) for d in ("30d", "1mo", "1d", "12h")] == [Decimal(n) for n in (1, 1, 30, 60)]
