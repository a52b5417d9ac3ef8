"""A range made of blocks that are added and taken away has each of its moments once, and no other."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.usage.policy import BLOCKS, EARLIEST, HOUR, Span, TimeRange, balance, block_of

BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LENGTHS = st.one_of(st.integers(1, 90), st.integers(1, 3_000), st.integers(1, 400 * 1_440 - 1))


def times(spans: list[Span], moment: datetime) -> int:
    return sum(start <= moment < end for start, end in spans)


@given(begin=st.integers(0, 100_000), length=LENGTHS)
def test_every_moment_counts_once(begin: int, length: int) -> None:
    during = TimeRange(BEGIN + begin * MINUTE, BEGIN + (begin + length) * MINUTE)
    blocks, (more, less) = balance(during, BLOCKS, EARLIEST)
    added = [*more, *(span for spans, _ in blocks for span in spans)]
    taken = [*less, *(span for _, spans in blocks for span in spans)]
    edges = {during.start, during.end, *(moment for span in added + taken for moment in span)}
    for moment in (edge + side for edge in edges for side in (-MINUTE, timedelta(0))):
        assert times(added, moment) - times(taken, moment) == (during.start <= moment < during.end)
    for size, both in zip(BLOCKS, blocks, strict=True):
        assert all(block_of(moment, size) == moment for spans in both for span in spans for moment in span)
    assert all(end - start <= HOUR / 2 for start, end in more + less) or length < 60


@given(begin=st.integers(0, 100_000), length=LENGTHS)
def test_where_calls_are_kept_no_longer_hours_are_whole(begin: int, length: int) -> None:
    during = TimeRange(BEGIN + begin * MINUTE, BEGIN + (begin + length) * MINUTE)
    blocks, (more, less) = balance(during, BLOCKS, datetime(2090, 1, 1, tzinfo=UTC))
    assert more == less == []
    added = sum((end - start for spans, _ in blocks for start, end in spans), timedelta(0))
    taken = sum((end - start for _, spans in blocks for start, end in spans), timedelta(0))
    first, last = (-(-(moment - BEGIN) // HOUR) for moment in (during.start, during.end))
    assert added - taken == (last - first) * HOUR
