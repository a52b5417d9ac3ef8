"""Weeks come and go: partitions are made where a call needs one, and the sums outlive them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gateway.actor import Role
from gateway.db import Database, utc_now
from gateway.events import Bus
from gateway.usage import (
    Dimension,
    IngestResult,
    Interval,
    Scope,
    Series,
    Slices,
    Speeds,
    Sums,
    TimeRange,
    Totals,
    UsageService,
    View,
)
from tests.builders import a_person
from tests.domains.usage.ledger import NOON, SUMS, a_call, a_key, everything, rows, sums_differ

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2025, 3, 10, tzinfo=UTC)


async def weeks(db: Database) -> set[str]:
    found = await rows(
        db, "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'usage_event'::regclass"
    )
    return {row.name for row in found}


async def test_a_call_of_any_week_has_a_partition(db: Database, service: UsageService) -> None:
    before = await weeks(db)
    times = [
        MONDAY,
        MONDAY - timedelta(milliseconds=1),
        MONDAY + 7 * DAY,
        datetime(2003, 5, 1, tzinfo=UTC),
        utc_now() + DAY / 2,
    ]
    assert (await service.ingest([a_call(occurred_at=at) for at in times])).stored == 5
    made = await weeks(db) - before
    assert made == {"usage_event_20250303", "usage_event_20250310", "usage_event_20250317", "usage_event_20030428"}
    assert await sums_differ(db) == []


async def test_two_accounts_of_a_call_are_one(db: Database, service: UsageService) -> None:
    """LiteLLM's spend log may have a failure begin some milliseconds earlier than its callback, even in another week."""
    for n, at in enumerate((NOON, MONDAY)):
        call = a_call(call_id=f"c{n}", occurred_at=at)
        assert (await service.ingest([call])).stored == 1
        other = a_call(call_id=f"c{n}", occurred_at=at - timedelta(milliseconds=2), spend=Decimal(9))
        assert await service.ingest([other]) == IngestResult(stored=0, duplicates=1, rejected=0)
    assert await sums_differ(db) == []


async def test_weeks_are_made_ahead(db: Database, service: UsageService) -> None:
    await service.prepare_partitions()
    today = utc_now()
    monday = today - today.weekday() * DAY
    assert {f"usage_event_{monday + n * 7 * DAY:%Y%m%d}" for n in range(5)} <= await weeks(db)


async def test_sums_outlive_the_calls(db: Database, service: UsageService, database_url: str) -> None:
    ada, alice = await a_person(db, "ada", Role.ADMIN), await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    now = utc_now()
    old = [
        a_call(key=key, occurred_at=MONDAY + n * HOUR / 2 + timedelta(minutes=7), latency_ms=100) for n in range(100)
    ]
    new = [a_call(key=key, occurred_at=now - n * DAY, latency_ms=100) for n in range(3)]
    await service.ingest([*old, *new])
    views = [View(TimeRange(MONDAY - DAY, MONDAY + 20 * DAY), scope=scope) for scope in Scope]
    asks = [Sums(), Series(Interval.DAY, "Europe/Berlin"), *map(Slices, Dimension)]
    asked = [(view, ask) for view in views for ask in asks]
    shown = await service.answer(ada, asked)
    assert await service.retain() == []  # nobody said for how long

    keeper = UsageService(db, Bus(database_url), keep_days=30)
    all_, partitions = await everything(db), await weeks(db)
    told = await keeper.retain(dry_run=True)
    assert [week.start for week in told] == [MONDAY]
    assert (await everything(db), await weeks(db)) == (all_, partitions)

    assert [week.name for week in await keeper.retain()] == [week.name for week in told]
    assert await weeks(db) == partitions - {"usage_event_20250310"}
    assert {row.occurred_at for row in await rows(db, "SELECT occurred_at FROM usage_event")} == {
        call.occurred_at for call in new
    }
    assert await keeper.retain() == []
    assert await service.answer(ada, asked) == shown
    speed = await service.ask(ada, views[1], Speeds())
    assert speed.latency.calls == 100

    before = await everything(db)
    again = [*old, a_call(key=key, occurred_at=MONDAY)]
    assert await service.ingest(again) == IngestResult(stored=0, duplicates=101, rejected=0)
    assert await everything(db) == before


async def test_where_calls_are_gone_an_hour_is_where_it_begins(
    db: Database, service: UsageService, database_url: str
) -> None:
    """Two ranges that meet within an hour show each call once, though not to the minute."""
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    await service.ingest([a_call(key=key, occurred_at=MONDAY + n * HOUR / 6) for n in range(60)])
    await UsageService(db, Bus(database_url), keep_days=30).retain()
    middle = MONDAY + 4 * HOUR + HOUR / 2
    first = await service.totals(alice, TimeRange(MONDAY, middle))
    second = await service.totals(alice, TimeRange(middle, MONDAY + 10 * HOUR))
    assert (first.requests, second.requests) == (30, 30)
    india = await service.ask(
        alice, View(TimeRange(MONDAY - DAY, MONDAY + 2 * DAY)), Series(Interval.DAY, "Asia/Kolkata")
    )
    assert sum(point.totals.requests for point in india) == 60
    # In which no block begins.
    between = TimeRange(MONDAY + HOUR / 12, MONDAY + HOUR / 6)
    assert await service.totals(alice, between) == Totals()
    ada = await a_person(db, "ada", Role.ADMIN)
    assert await service.ask(ada, View(between, scope=Scope.ALL), Slices(Dimension.MODEL)) == []
    charges = service.export_charges(ada, View(between, scope=Scope.ALL), "LiteMaaS")
    assert [row async for rows in charges for row in rows] == []


async def test_a_gateway_that_owns_no_table_books_and_drops(db: Database, limited: Database, database_url: str) -> None:
    keeper = UsageService(limited, Bus(database_url), keep_days=30)
    assert (await keeper.ingest([a_call(occurred_at=MONDAY), a_call(occurred_at=utc_now())])).stored == 2
    assert [week.start for week in await keeper.retain()] == [MONDAY]
    assert len(await rows(db, "SELECT 1 FROM usage_event")) == 1


async def test_tables_of_sums_are_known_to_these_tests(db: Database) -> None:
    found = await rows(
        db, "SELECT relname FROM pg_class WHERE relname LIKE 'usage\\_%' AND relkind = 'r' AND NOT relispartition"
    )
    assert {row.relname for row in found} == {*SUMS, "usage_arranged", "usage_block", "usage_folded", "usage_progress"}
