"""LiteLLM's spend log: reading a stretch of it whole, and what each row would have been as a callback."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from gateway.litellm import LiteLLM, LiteLLMUnavailable, SpendPage, SpendRow, exact_money
from gateway.usage.callback import HEALTH_CHECK, TOKEN_HASH, ModelMap, is_priced
from gateway.usage.policy import CallRecord

# Rows in one answer. Each costs LiteLLM a millisecond or so, during which its one loop answers nobody else.
PAGE = 250
SECOND = timedelta(seconds=1)
# How a second that is longer than a page is read, try by try: another size puts the edges of pages elsewhere.
_TRIES = ((1, False), (1, True), (2, False), (3, True), (4, False), (4, True))
# Without a stream LiteLLM notes the end as the first piece's time, in milliseconds that were rounded apart.
_STREAMED = timedelta(milliseconds=5)


@dataclass(frozen=True)
class TooMany(Exception):
    """The stretch has more rows than one answer holds: ask for a shorter one. `rows` is a lower bound."""

    rows: int


async def read(litellm: LiteLLM, start: datetime, until: datetime) -> list[SpendRow]:
    """All rows that began in [start, until), whole seconds both. Raises TooMany, if shorter stretches are possible, and LiteLLMError.

    One answer is one moment's truth. A second that has more rows than an answer holds is read page by page, in both
    directions, until as many different rows were seen as LiteLLM counts.
    """
    first = await litellm.spend_logs(start, until, page_size=PAGE)
    if len(first.data) < first.total or first.total_is_capped:
        if until - start > SECOND:
            raise TooMany(first.total)
        rows = await _pages(litellm, start, until)
    else:
        rows = first.data
    return [row for row in rows if start <= row.startTime < until]


async def _pages(litellm: LiteLLM, start: datetime, until: datetime) -> Sequence[SpendRow]:
    rows: dict[str, SpendRow] = {}
    for number, (pages, oldest_first) in enumerate(_TRIES):
        known = len(rows)
        page = await _try(litellm, start, until, pages * PAGE, rows, oldest_first=oldest_first)
        # Where LiteLLM does not count to the end, all are known when the other direction has nothing to add.
        if len(rows) >= page.total if not page.total_is_capped else number and len(rows) == known:
            return list(rows.values())
    raise LiteLLMUnavailable(reason="the pages of its spend log do not add up", maybe_done=False)


async def _try(
    litellm: LiteLLM, start: datetime, until: datetime, size: int, rows: dict[str, SpendRow], *, oldest_first: bool
) -> SpendPage:
    """Read all pages into `rows`; the last of them."""
    number = 1
    while True:
        page = await litellm.spend_logs(start, until, page=number, page_size=size, oldest_first=oldest_first)
        rows |= {row.request_id: row for row in page.data}
        if len(page.data) < size:
            return page
        number += 1


def is_health_check(row: SpendRow) -> bool:
    return HEALTH_CHECK in (row.api_key, row.user, row.team_id)


def record_of(row: SpendRow) -> CallRecord:
    """The row as the callback would have told of the call.

    What is different: times are rounded to milliseconds, and for a call that failed they are taken at another moment of the
    same call; a credential that is no key is hashed here and unknown there; and whether it was a stream is inferred.
    """
    spend, cache_hit, streamed = exact_money(row.spend), row.cache_hit == "True", _streamed(row)
    model_map = row.metadata.model_map_information if row.metadata else None
    return CallRecord(
        call_id=row.call_id,
        request_id=row.request_id,
        occurred_at=row.startTime,
        latency_ms=_since_start(row, row.endTime),
        token_hash=row.api_key if TOKEN_HASH.fullmatch(row.api_key) else None,
        model_name=row.model_group or row.model or "unknown",
        call_type=row.call_type or "unknown",
        success=row.success,
        error_code=None if row.success else row.error_code,
        stream=streamed,
        # The log has an estimate of what a failed call would have sent; the callback says 0.
        prompt_tokens=row.prompt_tokens if row.success else 0,
        completion_tokens=row.completion_tokens if row.success else 0,
        total_tokens=row.total_tokens if row.success else 0,
        spend=spend,
        provider=row.custom_llm_provider or None,
        cached_tokens=row.cached_tokens if row.success else 0,
        cache_hit=cache_hit,
        priced=is_priced(
            spend,
            row.prompt_tokens + row.completion_tokens,
            answered=row.success,
            cache_hit=cache_hit,
            model_map=msgspec.convert(model_map, ModelMap) if model_map else None,
        ),
        first_token_ms=_since_start(row, row.completionStartTime) if streamed else None,
    )


def _since_start(row: SpendRow, moment: datetime | None) -> int | None:
    taken = None if moment is None else round((moment - row.startTime) / timedelta(milliseconds=1))
    return taken if taken is not None and taken >= 0 else None


def _streamed(row: SpendRow) -> bool:
    first, end = row.completionStartTime, row.endTime
    return row.success and first is not None and end is not None and row.startTime <= first <= end - _STREAMED
