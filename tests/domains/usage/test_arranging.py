"""Sums of hours that are over stand member by member, and are what they were."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.usage import CallRecord, UsageService
from tests.domains.usage.ledger import Key, a_call, a_key, rows, sums_differ

# Six hours begin here.
BEGIN = datetime(2025, 3, 10, 6, tzinfo=UTC)
HOURLY = "SELECT dimension, member, start FROM usage_member WHERE hours = 1 ORDER BY "
QUARTERS = "SELECT dimension, member, quarter FROM usage_quarter ORDER BY "
IN_ORDER, AS_THEY_STAND = 'dimension COLLATE "C", member COLLATE "C", 3', "ctid"


def some_calls(keys: list[Key], count: int) -> list[CallRecord]:
    """One each ten minutes."""
    return [
        a_call(
            occurred_at=BEGIN + timedelta(minutes=10 * n),
            key=[*keys, None][n % 3],
            model_name=f"m{n % 2}",
            provider=["openai", None][n % 5 == 0],
            success=n % 4 > 0,
            spend=Decimal(n) / 1000,
        )
        for n in range(count)
    ]


async def test_each_members_hours_stand_together(db: Database, service: UsageService, alice: Actor) -> None:
    keys = [await a_key(db, alice, name) for name in ("a1", "a2")]
    await service.ingest(some_calls(keys, 36))
    assert await rows(db, HOURLY + AS_THEY_STAND) != await rows(db, HOURLY + IN_ORDER)
    assert await rows(db, QUARTERS + AS_THEY_STAND) != await rows(db, QUARTERS + IN_ORDER)
    assert await service.arrange_sums() == 1
    assert await rows(db, HOURLY + AS_THEY_STAND) == await rows(db, HOURLY + IN_ORDER)
    assert await rows(db, QUARTERS + AS_THEY_STAND) == await rows(db, QUARTERS + IN_ORDER)
    assert await sums_differ(db) == []
    assert await service.arrange_sums() == 0


async def test_what_is_booked_later_is_added(db: Database, service: UsageService, alice: Actor) -> None:
    keys = [await a_key(db, alice, "a1"), await a_key(db, alice, "a2")]
    await service.ingest(some_calls(keys, 72))
    assert await service.arrange_sums() == 2
    await service.ingest(some_calls(keys, 36))
    await service.ingest([a_call(occurred_at=BEGIN, model_name="late")])
    assert await sums_differ(db) == []
    # Of one of them there are twice as many calls, and one more.
    assert await service.arrange_sums() == 1
    assert await service.arrange_sums() == 0
    assert await sums_differ(db) == []


async def test_sums_that_were_made_anew_are_put_in_order_again(
    db: Database, service: UsageService, alice: Actor
) -> None:
    keys = [await a_key(db, alice, "a1"), await a_key(db, alice, "a2")]
    await service.ingest(some_calls(keys, 72))
    assert await service.arrange_sums() == 2
    assert [span async for span in service.rebuild_sums()]
    assert await service.arrange_sums() == 2
    assert await sums_differ(db) == []


async def test_what_is_not_over_waits(db: Database, service: UsageService) -> None:
    await service.ingest([a_call(occurred_at=utc_now())])
    assert await service.arrange_sums() == 0
