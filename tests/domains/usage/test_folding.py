"""Crossed sums of days that are over: what they say is what the calls say, whenever calls come."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.usage import Dimension, Scope, Slices, TimeRange, Totals, UsageFilter, UsageService, View
from tests.builders import a_model
from tests.domains.usage.ledger import a_call, a_key, rows, totals_of

# A block of sixteen days begins here.
BEGIN = datetime(2025, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
TRUTH = """SELECT hours, date_bin(make_interval(hours => hours), occurred_at, '2000-01-01Z') AS start, user_id, api_key_id, model_name,
  provider, status, count(*) AS requests, sum(spend) AS spend
FROM usage_event CROSS JOIN (VALUES (96), (384)) AS b (hours) GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"""
BLOCKS = """SELECT hours, start, user_id, api_key_id, model_name, provider, status, requests, spend FROM usage_block
ORDER BY 1, 2, 3, 4, 5, 6, 7"""


async def test_blocks_are_made_once_and_of_what_is_over(db: Database, service: UsageService, alice: Actor) -> None:
    keys = [await a_key(db, alice, name) for name in ("a1", "a2")]
    await service.ingest(
        [
            a_call(
                key=[*keys, None][n % 3],
                occurred_at=BEGIN + n * DAY / 4,
                model_name=f"m{n % 2}",
                provider=["openai", None][n % 5 == 0],
                success=n % 4 > 0,
                spend=Decimal(n),
            )
            for n in range(128)
        ]
    )
    assert await service.fold_sums() == 2 + 8
    assert [tuple(row) for row in await rows(db, BLOCKS)] == [tuple(row) for row in await rows(db, TRUTH)]
    assert await service.fold_sums() == 0
    await service.ingest([a_call(occurred_at=utc_now() - timedelta(minutes=1))])
    assert await service.fold_sums() == 0


async def test_a_late_call_is_in_every_answer(db: Database, service: UsageService, ada: Actor, alice: Actor) -> None:
    key, model = await a_key(db, alice, "k"), await a_model(db, "m0")
    calls = [a_call(key=key, occurred_at=BEGIN + n * DAY / 2, model_name="m0", provider="openai") for n in range(64)]
    await service.ingest(calls)
    during = TimeRange(BEGIN - DAY, BEGIN + 33 * DAY)
    filters = [
        UsageFilter(model_ids=[model.id]),
        UsageFilter(user_ids=[alice.user_id]),
        UsageFilter(api_key_ids=[key.id]),
        UsageFilter(providers=["openai"]),
        UsageFilter(statuses=["success"]),
        UsageFilter(model_ids=[model.id], statuses=["success"]),
    ]

    async def told() -> list[Totals]:
        found = []
        for wanted in filters:
            (slice_,) = await service.ask(ada, View(during, wanted, Scope.ALL), Slices(Dimension.API_KEY))
            found.append(slice_.totals)
        return found

    assert await told() == [totals_of(calls)] * len(filters)
    assert await service.fold_sums() == 2 + 8
    assert await told() == [totals_of(calls)] * len(filters)

    calls.append(a_call(key=key, occurred_at=BEGIN + 5.2 * DAY, model_name="m0", provider="openai"))
    await service.ingest(calls)
    assert await told() == [totals_of(calls)] * len(filters)
    assert await service.fold_sums() == 2
    assert await told() == [totals_of(calls)] * len(filters)
    assert [tuple(row) for row in await rows(db, BLOCKS)] == [tuple(row) for row in await rows(db, TRUTH)]


async def test_blocks_are_read_where_they_are_good(
    db: Database, service: UsageService, ada: Actor, alice: Actor
) -> None:
    """Nothing but the block has these numbers, so that it is seen to be read."""
    key = await a_key(db, alice, "k")
    calls = [a_call(key=key, occurred_at=BEGIN + n * DAY) for n in range(32)]
    await service.ingest(calls)
    await service.fold_sums()
    async with db.write() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE usage_block SET spend = 7 WHERE hours = 384")
        await connection.exec_driver_sql("UPDATE usage_block SET spend = 3 WHERE hours = 96")

    async def spend(start: datetime, end: datetime) -> Decimal:
        view = View(TimeRange(start, end), UsageFilter(user_ids=[alice.user_id]), Scope.ALL)
        (slice_,) = await service.ask(ada, view, Slices(Dimension.MODEL))
        return Decimal(slice_.totals.spend)

    call = calls[0].spend
    assert await spend(BEGIN, BEGIN + 32 * DAY) == 14
    assert await spend(BEGIN - DAY, BEGIN + 19 * DAY) == 7 + 3 * call
    assert await spend(BEGIN + DAY, BEGIN + 20 * DAY) == 3 * call + 3 * 3 + 3
