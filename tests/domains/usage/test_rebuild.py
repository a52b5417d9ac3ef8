"""Sums that are made anew from the calls are those that booking wrote."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from gateway.actor import Actor
from gateway.db import Database
from gateway.events import Bus
from gateway.usage import UsageService
from tests.domains.usage.ledger import SUMS, a_call, a_key, rows, sums_differ

MONDAY = datetime(2025, 3, 10, tzinfo=UTC)


async def sums(db: Database) -> dict[str, list[str]]:
    """All rows of all sums, by table, without the numbers that rows get as they are written."""
    found: dict[str, list[str]] = {}
    for table in SUMS:
        listed = [dict(row._mapping) for row in await rows(db, f"SELECT * FROM {table}")]
        found[table] = sorted(str(sorted(_plain(row).items())) for row in listed)
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.normalize() if isinstance(value, Decimal) else value for name, value in row.items() if name != "id"
    }


async def some_calls(db: Database, service: UsageService, owner: Actor) -> None:
    """300 calls of six weeks: of two keys and of none, of two models, answered and not, timed and not."""
    keys = [await a_key(db, owner, name) for name in ("a1", "a2")]
    calls = [
        a_call(
            occurred_at=MONDAY + timedelta(hours=3.4 * n, milliseconds=n),
            key=[*keys, None][n % 3],
            model_name=f"m{n % 2}",
            provider=["openai", None][n % 5 == 0],
            success=n % 4 != 0,
            error_code=["429", None][n % 8 == 0] if n % 4 == 0 else None,
            spend=Decimal(n) / 1000,
            cached_tokens=n % 9,
            cache_hit=n % 7 == 0,
            priced=n % 6 != 0,
            latency_ms=n * 37 if n % 3 else None,
            first_token_ms=n * 11 if n % 2 else None,
        )
        for n in range(300)
    ]
    for start in range(0, 300, 70):
        assert (await service.ingest(calls[start : start + 70])).rejected == 0
    await service.settle_speeds()


async def spoil(db: Database, *, since: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> None:
    """Lose some rows of each table, change others, and leave some of calls that nobody made."""
    async with db.write() as session:
        times = {"usage_hourly": "hour", "usage_daily": "day", "usage_quarter": "quarter"}
        for table in SUMS:
            at, of = times.get(table, "start"), {"usage_speed": "latency"}.get(table, "requests")
            for change in (
                f"UPDATE {table} SET {of} = {of} + 1 WHERE {at} >= :since",
                f"DELETE FROM {table} WHERE {at} >= :since AND extract(day FROM {at})::int % 2 = 0",
            ):
                assert (await session.execute(text(change), {"since": since})).rowcount > 0  # type: ignore[attr-defined]
        await session.execute(
            text("UPDATE usage_quarter SET member = 'nobody' WHERE dimension = 'model' AND quarter >= :since"),
            {"since": since},
        )


async def test_sums_are_as_booking_wrote_them(db: Database, service: UsageService, alice: Actor) -> None:
    await some_calls(db, service, alice)
    booked = await sums(db)
    assert all(booked.values())
    await spoil(db)
    assert await sums(db) != booked
    spans = [span async for span in service.rebuild_sums()]
    assert await sums(db) == booked
    assert await sums_differ(db) == []
    # Days since 2000 by sixteens: the stretches join, and the first holds the first call.
    assert spans[0][0] <= MONDAY < spans[0][1]
    assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]
    assert len(spans) == 3


async def test_what_is_left_of_dropped_calls_stays(
    db: Database, service: UsageService, database_url: str, alice: Actor
) -> None:
    await some_calls(db, service, alice)
    now = datetime.now(UTC)
    await service.ingest([a_call(occurred_at=now - timedelta(days=n), latency_ms=100) for n in range(1, 40)])
    await UsageService(db, Bus(database_url), keep_days=20).retain()
    kept = (await rows(db, "SELECT dropped_before FROM usage_progress"))[0].dropped_before
    left = await rows(db, "SELECT min(occurred_at) AS first FROM usage_event")
    assert left[0].first >= kept > MONDAY + timedelta(days=60)
    booked = await sums(db)
    await spoil(db, since=kept)
    async with db.write() as session:
        # These are made of the hourly sums, which outlive the calls.
        await session.execute(text("DELETE FROM usage_member WHERE start < :kept"), {"kept": kept})
        await session.execute(text("DELETE FROM usage_daily WHERE day < :kept"), {"kept": kept})
    assert [span async for span in service.rebuild_sums()]
    assert await sums(db) == booked


async def test_calls_that_no_histogram_has_wait_for_the_job(db: Database, service: UsageService) -> None:
    await service.ingest([a_call(latency_ms=100)])
    assert [span async for span in service.rebuild_sums()]
    await service.settle_speeds()
    counted = await rows(db, "SELECT latency FROM usage_speed WHERE unit = 'day' AND dimension = 'all'")
    assert [row.latency for row in counted] == [1]


async def test_without_calls_there_is_nothing_to_make(db: Database, service: UsageService) -> None:
    assert [span async for span in service.rebuild_sums()] == []
