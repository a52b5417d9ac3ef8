"""Each number of a dashboard is the number of those calls to which it leads."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.errors import InvalidInput
from gateway.usage import (
    CallFilter,
    Dimension,
    Heatmap,
    HourOfWeek,
    Scope,
    Slices,
    Sums,
    TimeRange,
    UsageService,
    View,
)
from tests.builders import a_person
from tests.domains.usage.ledger import a_call, a_key

HOUR = timedelta(hours=1)
# Clocks are put back in it in Lord Howe (by half an hour) and forward in Berlin and, before, in New York.
DURING = TimeRange(datetime(2025, 3, 5, 10, 20, tzinfo=UTC), datetime(2025, 4, 9, 3, 40, tzinfo=UTC))
EVERYBODY = View(DURING, scope=Scope.ALL)


@pytest.fixture
async def ada(db: Database, service: UsageService) -> Actor:
    """An admin, and 99 calls by two people's keys and by one that is not ours."""
    keys = [await a_key(db, await a_person(db, name), f"{name}'s") for name in ("alice", "bob")]
    await service.ingest([a_call(call_id=f"c{n}", **facts(n, [*keys, None])) for n in range(99)])
    return await a_person(db, "ada", Role.ADMIN)


def facts(n: int, keys: list[Any]) -> dict[str, Any]:
    return {
        "key": keys[n % 3],
        "occurred_at": DURING.start + n * (DURING.end - DURING.start) / 99,
        "model_name": f"model {n % 5}",
        "provider": None if n % 4 == 0 else f"p{n % 4}",
        "success": n % 7 > 0,
        "error_code": None if n % 7 else "429",
        "stream": n % 2 == 0,
        "cache_hit": n % 6 == 0,
        "priced": n % 9 > 0,
    }


async def found(service: UsageService, actor: Actor, narrowed: CallFilter, view: View = EVERYBODY) -> set[str]:
    page = await service.calls_of(actor, view, 100, None, narrowed)
    assert await page.total_count() == len(page.rows)
    exported = [row["call_id"] async for batch in service.export_calls(actor, view, narrowed) for row in batch]
    assert exported == [row.call_id for row in page.rows]
    return set(exported)


def ids(numbers: Iterable[int]) -> set[str]:
    return {f"c{n}" for n in numbers}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
async def test_hours_of_the_week_have_the_calls_of_their_cells(service: UsageService, ada: Actor, zone: str) -> None:
    cells = await service.ask(ada, EVERYBODY, Heatmap(zone))
    full = [cell for cell in cells if cell.totals.requests]
    empty = [cell for cell in cells if not cell.totals.requests]
    seen: set[str] = set()
    for cell in [*full, *empty[:3]]:
        narrowed = CallFilter(hour_of_week=HourOfWeek(cell.weekday, cell.hour, zone))
        rows = (await service.calls_of(ada, EVERYBODY, 100, None, narrowed)).rows
        assert len(rows) == cell.totals.requests, (cell.weekday, cell.hour)
        assert not seen & {row.call_id for row in rows}
        seen |= {row.call_id for row in rows}
    assert len(seen) == 99
    busiest = max(full, key=lambda cell: cell.totals.requests)
    await found(service, ada, CallFilter(hour_of_week=HourOfWeek(busiest.weekday, busiest.hour, zone)))


@pytest.mark.parametrize("dimension", list(Dimension))
async def test_slices_have_their_calls_and_the_others_have_the_rest(
    service: UsageService, ada: Actor, dimension: Dimension
) -> None:
    slices = await service.ask(ada, EVERYBODY, Slices(dimension))
    by_id = dimension in (Dimension.API_KEY, Dimension.PERSON)
    members = [("" if part.key is None else str(part.key)) if by_id else part.label for part in slices]
    every = await found(service, ada, CallFilter())
    assert len(slices) > 1
    for part, member in zip(slices, members, strict=True):
        its = await found(service, ada, CallFilter(among={dimension: (member,)}))
        assert len(its) == part.totals.requests
        assert await found(service, ada, CallFilter(without={dimension: (member,)})) == every - its
    assert await found(service, ada, CallFilter(among={dimension: tuple(members)})) == every
    assert await found(service, ada, CallFilter(without={dimension: tuple(members)})) == set()


async def test_what_totals_count_apart(service: UsageService, ada: Actor) -> None:
    totals = await service.ask(ada, EVERYBODY, Sums())
    failed = await found(service, ada, CallFilter(success=False))
    assert (failed, totals.failures) == (ids(range(0, 99, 7)), len(failed))
    cached = await found(service, ada, CallFilter(cache_hit=True))
    assert (cached, totals.cache_hits) == (ids(range(0, 99, 6)), len(cached))
    unpriced = await found(service, ada, CallFilter(priced=False))
    assert (unpriced, totals.unpriced) == (ids(range(0, 99, 9)), len(unpriced))
    assert await found(service, ada, CallFilter(success=True, stream=True)) == ids(
        n for n in range(99) if n % 7 and n % 2 == 0
    )


async def test_nobody_sees_more_by_it(db: Database, service: UsageService, ada: Actor) -> None:
    mallory = await a_person(db, "mallory")
    for narrowed in (CallFilter(), CallFilter(among={Dimension.API_KEY: ("",)}), CallFilter(success=True)):
        assert await found(service, mallory, narrowed, View(DURING)) == set()


async def test_what_is_no_filter() -> None:
    for weekday, hour in ((0, 1), (8, 1), (1, -1), (1, 24)):
        with pytest.raises(InvalidInput):
            HourOfWeek(weekday, hour)
    with pytest.raises(InvalidInput):
        HourOfWeek(1, 1, "Mars/Olympus")
    with pytest.raises(InvalidInput):
        CallFilter(without={Dimension.MODEL: ("x",) * 101})
    with pytest.raises(InvalidInput):
        CallFilter(among={Dimension.STATUS: ("\x00",)})


async def test_from_when_on_single_calls_are_kept(db: Database, service: UsageService, ada: Actor) -> None:
    assert await service.calls_kept_from() is None
    keeper = UsageService(db, service._bus, keep_days=30)
    await keeper.retain()
    kept_from = await service.calls_kept_from()
    assert kept_from is not None
    assert kept_from > DURING.end - timedelta(days=7)
    assert await found(service, ada, CallFilter()) < ids(range(99))
