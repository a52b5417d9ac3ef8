"""The ledger is the same for any order, repetition and split of what LiteLLM sends, and the sums are those of the events."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from gateway.db import Database, utc_now
from gateway.events import Bus
from gateway.usage import CallRecord, IngestResult, LedgerUnavailable, Totals, UsageService, ingest
from tests.builders import a_person
from tests.domains.usage.ledger import NOON, SUMS, a_call, a_key, everything, ledger, rows, sums_differ, totals_of


async def test_an_event_is_booked_once_with_its_owner(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "notebook")
    call = a_call(
        key=key,
        request_id="chatcmpl-1",
        latency_ms=250,
        stream=True,
        occurred_at=NOON + timedelta(minutes=42, microseconds=7),
        spend=Decimal("0.000051"),
        provider="openai",
        cached_tokens=4,
        cache_hit=True,
        priced=False,
        first_token_ms=90,
    )
    assert await service.ingest([call]) == IngestResult(stored=1, duplicates=0, rejected=0)
    events, sums = await ledger(db)
    booked = {name: getattr(events[0], name) for name in call.__struct_fields__}
    assert booked == msgspec.structs.asdict(call)
    assert (events[0].user_id, events[0].api_key_id) == (alice.user_id, key.id)
    assert abs(events[0].received_at - utc_now()) < timedelta(minutes=1)
    assert (sums[0].hour, sums[0].requests, sums[0].failures, sums[0].spend) == (NOON, 1, 0, call.spend)
    assert sums[0].last_at == call.occurred_at

    assert sum(sum_.unpriced + sum_.cache_hits for sum_ in sums) == 2

    before = await everything(db)
    assert await service.ingest([call, call]) == IngestResult(stored=0, duplicates=2, rejected=0)
    assert await everything(db) == before


async def test_a_key_that_is_not_ours_is_nobodys(db: Database, service: UsageService) -> None:
    calls = [a_call(token_hash="f" * 64, success=False, error_code="401"), a_call()]
    assert (await service.ingest(calls)).stored == 2
    events, sums = await ledger(db)
    assert {(row.user_id, row.api_key_id) for row in events} == {(None, None)}
    assert {(row.status, row.requests, row.failures) for row in sums} == {("401", 1, 1), ("success", 1, 0)}


async def test_a_fallback_counts_as_a_failure_and_a_success(db: Database, service: UsageService) -> None:
    """LiteLLM gives both the same call id; the money is on the second."""
    failure = a_call(call_id="c", success=False, spend=Decimal(0), model_name="broken", error_code="500")
    success = a_call(call_id="c", spend=Decimal("0.25"))
    assert (await service.ingest([failure])).stored == 1
    assert (await service.ingest([success, failure])) == IngestResult(stored=1, duplicates=1, rejected=0)
    _, sums = await ledger(db)
    assert {(row.model_name, row.requests, row.failures, row.spend) for row in sums} == {
        ("broken", 1, 1, Decimal(0)),
        ("small", 1, 0, Decimal("0.25")),
    }


ABSURD: list[dict[str, Any]] = [
    *({"prompt_tokens": -1}, {"completion_tokens": 10**13}, {"total_tokens": 2**63}, {"total_tokens": -(2**70)}),
    *(
        {"spend": Decimal("-0.01")},
        {"spend": Decimal("NaN")},
        {"spend": Decimal("Infinity")},
        {"spend": Decimal("1e10")},
    ),
    *({"spend": Decimal("1e-400")}, {"latency_ms": -1}, {"latency_ms": 2**31}, {"error_code": "x\x00"}),
    *(
        {"call_id": ""},
        {"call_id": "x" * 256},
        {"call_id": "a\x00b"},
        {"model_name": "x" * 10_000},
        {"request_id": "\x00"},
        {"provider": "x" * 256},
        {"cached_tokens": -1},
        {"first_token_ms": -1},
    ),
    *({"occurred_at": NOON.replace(year=1970)}, {"occurred_at": NOON.replace(year=2999)}),
]


async def test_an_absurd_event_is_left_out_and_its_neighbours_are_booked(db: Database, service: UsageService) -> None:
    for facts in ABSURD:
        refused = await service.ingest([a_call(**facts)])
        assert (facts, refused) == (facts, IngestResult(stored=0, duplicates=0, rejected=1))
    assert not any(await everything(db))
    for facts in ABSURD:
        assert await service.ingest([a_call(), a_call(**facts), a_call()]) == IngestResult(2, 0, 1)
    assert await sums_differ(db) == []


async def test_a_great_sum_is_exact(db: Database, service: UsageService) -> None:
    """No float on the way: a billion dollars and the smallest fraction of a cent add up to the last digit."""
    large, small = Decimal("999999999.99"), Decimal("0.000000000000000000049")
    await service.ingest([a_call(spend=large, prompt_tokens=10**12)] + [a_call(spend=small) for _ in range(3)])
    await service.ingest([a_call(spend=small, prompt_tokens=10**12)])
    _, sums = await ledger(db)
    assert sums[0].spend == Decimal("999999999.990000000000000000196")
    assert sums[0].prompt_tokens == 2 * 10**12 + 30


async def test_nothing_is_nothing(db: Database, service: UsageService) -> None:
    assert await service.ingest([]) == IngestResult(0, 0, 0)
    assert not any(await everything(db))


TOKENS = ["a" * 64, "b" * 64, "f" * 64, None]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[CallRecord], list[list[CallRecord]]]:
    """The calls that were made, and the batches in which LiteLLM told of them: each at least once, in any order."""
    identities = draw(
        st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), min_size=1, max_size=12, unique=True)
    )
    truth = [
        a_call(
            call_id=call_id,
            success=success,
            occurred_at=NOON
            + timedelta(seconds=draw(st.integers(-7_300, 7_300)), microseconds=draw(st.integers(0, 999_999))),
            token_hash=draw(st.sampled_from(TOKENS)),
            model_name=draw(st.sampled_from(["small", "large"])),
            provider=draw(st.sampled_from(["openai", "azure", None])),
            error_code=None if success else draw(st.sampled_from(["429", "500", None])),
            cache_hit=draw(st.booleans()),
            priced=draw(st.booleans()),
            cached_tokens=draw(st.integers(0, 100)),
            latency_ms=draw(st.none() | st.integers(0, 100_000)),
            first_token_ms=draw(st.none() | st.integers(0, 10_000)),
            prompt_tokens=draw(st.integers(0, 10**12)),
            completion_tokens=draw(st.integers(0, 100)),
            total_tokens=draw(st.integers(0, 100)),
            spend=draw(st.decimals(0, 1_000, places=12)),
        )
        for call_id, success in identities
    ]
    told = draw(st.permutations(truth + draw(st.lists(st.sampled_from(truth), max_size=12))))
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=4)))
    return truth, [told[a:b] for a, b in zip([0, *cuts], [*cuts, len(told)], strict=True)]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
)
@given(history=histories())
async def test_any_order_repetition_and_split_gives_the_truth(
    db: Database, service: UsageService, history: tuple[list[CallRecord], list[list[CallRecord]]]
) -> None:
    truth, batches = history
    owners = await _owners_once(db)
    async with db.write() as session:
        await session.execute(text(f"TRUNCATE usage_event, {', '.join(SUMS)}"))

    results = [await service.ingest(batch) for batch in batches]

    assert sum(result.stored for result in results) == len(truth)
    assert sum(result.duplicates for result in results) == sum(map(len, batches)) - len(truth)
    events, _ = await ledger(db)
    assert {
        (row.call_id, row.success, row.occurred_at, row.prompt_tokens, row.spend, row.user_id) for row in events
    } == {(c.call_id, c.success, c.occurred_at, c.prompt_tokens, c.spend, owners.get(c.token_hash)) for c in truth}
    assert await sums_differ(db) == []
    await service.settle_speeds()
    for table, expected in _sums_of(truth, owners).items():
        found = await rows(db, f"SELECT * FROM {table}")
        key = KEYS[table]
        assert {tuple(getattr(row, name) for name in key): Totals.of(row) for row in found} == expected, table
    found = await rows(db, "SELECT * FROM usage_speed WHERE dimension = 'model'")
    assert {
        (row.unit, row.member, row.start, row.bucket): (row.latency, row.first_token) for row in found
    } == _speeds_of(truth)


KEYS = {
    "usage_hourly": ("hour", "user_id", "model_name", "provider", "status"),
    "usage_daily": ("day", "user_id", "model_name", "provider", "status"),
    "usage_quarter": ("dimension", "member", "quarter"),
    "usage_member": ("dimension", "member", "hours", "start"),
}


def _sums_of(calls: list[CallRecord], owners: dict[str | None, Any]) -> dict[str, dict[Any, Totals]]:
    """The rows that each table of sums has to have, by its key."""
    found: dict[str, dict[Any, list[CallRecord]]] = {table: defaultdict(list) for table in KEYS}
    for call in calls:
        day = call.occurred_at.replace(hour=0, minute=0, second=0, microsecond=0)
        hour = day.replace(hour=call.occurred_at.hour)
        quarter = hour.replace(minute=call.occurred_at.minute // 15 * 15)
        status = "success" if call.success else call.error_code or "failure"
        owner = owners.get(call.token_hash)
        for table, start in (("usage_hourly", hour), ("usage_daily", day)):
            found[table][start, owner, call.model_name, call.provider, status].append(call)
        members = {"all": "", "model": call.model_name, "provider": call.provider or "unknown", "status": status}
        for dimension, member in members.items():
            found["usage_quarter"][dimension, member, quarter].append(call)
        key = {TOKENS[0]: "alice", TOKENS[1]: "bob"}.get(call.token_hash)
        members |= {"user": str(owner or ""), "api_key": str(owners.get(key) or "")}
        for dimension, member in members.items():
            for hours in (1, 6, 24, 96, 384):
                start = hour - (hour - datetime(2000, 1, 1, tzinfo=UTC)) % timedelta(hours=hours)
                found["usage_member"][dimension, member, hours, start].append(call)
    return {table: {key: totals_of(calls) for key, calls in by_key.items()} for table, by_key in found.items()}


def _speeds_of(calls: list[CallRecord]) -> dict[Any, tuple[int, int]]:
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for call in calls:
        for n, taken in enumerate((call.latency_ms, call.first_token_ms)):
            if call.success and taken is not None:
                hour = call.occurred_at.replace(minute=0, second=0, microsecond=0)
                bucket = math.floor(math.log(max(taken, 1)) / math.log(1.08))
                for unit, start in (("hour", hour), ("day", hour.replace(hour=0))):
                    found[unit, call.model_name, start, bucket][n] += 1
    return {key: (latency, first) for key, (latency, first) in found.items()}


async def _owners_once(db: Database) -> dict[str | None, Any]:
    """{hash: owner} and {key's name: its id} of the first two of TOKENS, made for the first example and kept for the others."""
    found = await rows(
        db,
        "SELECT g.token_hash, k.user_id, k.id, k.name FROM api_key_generation g JOIN api_key k ON k.id = g.api_key_id",
    )
    if not found:
        for name, token in (("alice", TOKENS[0]), ("bob", TOKENS[1])):
            key = await a_key(db, await a_person(db, name), name)
            async with db.write() as session:
                await session.execute(
                    text("UPDATE api_key_generation SET token_hash = :new WHERE token_hash = :old"),
                    {"new": token, "old": key.token_hash},
                )
        return await _owners_once(db)
    return {row.token_hash: row.user_id for row in found} | {row.name: row.id for row in found}


async def test_replicas_may_be_told_the_same_at_once(db: Database, database_url: str, service: UsageService) -> None:
    """Eight at a time, over two pools, overlapping and in opposite orders: no dead lock, every call once."""
    other_db = Database(database_url)
    other = UsageService(other_db, Bus(database_url))
    calls = [
        a_call(call_id=f"c{n}", model_name=f"m{n % 7}", occurred_at=NOON + timedelta(minutes=n), spend=Decimal(n))
        for n in range(200)
    ]

    def told(n: int) -> Sequence[CallRecord]:
        part = calls[n * 20 : n * 20 + 80]
        return part if n % 2 else part[::-1]

    results = await asyncio.gather(*((service, other)[n % 2].ingest(told(n)) for n in range(8) for _ in range(3)))
    await other_db.close()
    assert sum(result.stored for result in results) == 200
    assert {row.call_id for row in (await ledger(db))[0]} == {call.call_id for call in calls}
    assert await sums_differ(db) == []


async def test_a_call_is_found_an_hour_around_its_time_whatever_else_is_told(
    db: Database, service: UsageService
) -> None:
    """Also in a batch that reaches over weeks. What has the same id at another time is another call."""
    weeks = [a_call(call_id=f"week {n}", occurred_at=NOON - timedelta(weeks=n), spend=Decimal(n)) for n in range(4)]
    assert await service.ingest(weeks) == IngestResult(4, 0, 0)
    moved = [
        msgspec.structs.replace(call, occurred_at=call.occurred_at + later)
        for call, later in zip(
            weeks,
            (timedelta(hours=1), timedelta(hours=1, microseconds=1), -timedelta(hours=1), -timedelta(hours=2)),
            strict=True,
        )
    ]
    assert await service.ingest(moved) == IngestResult(2, 2, 0)
    assert sorted((row.call_id, row.occurred_at) for row in (await ledger(db))[0]) == sorted(
        (call.call_id, call.occurred_at) for call in [*weeks, moved[1], moved[3]]
    )
    assert await sums_differ(db) == []


async def test_costs_of_one_batch_add_up_to_the_last_digit(db: Database, service: UsageService) -> None:
    """Of one member in one batch, so that they are added up before the database sees them."""
    costs = [
        Decimal("999999999.9"),
        Decimal("1e-59"),
        Decimal("0.1"),
        Decimal("3.000000000000000000000000000000000001"),
    ]
    await service.ingest([a_call(spend=cost) for cost in costs])
    _, (sums,) = await ledger(db)
    assert Fraction(sums.spend) == sum(map(Fraction, costs))


async def test_seq_grows_in_the_order_of_commits(db: Database, service: UsageService) -> None:
    """A second writer waits until the first one's rows can be seen: whoever reads on after the highest seq misses none."""
    async with db.write() as session:
        await ingest.store(session, [a_call(call_id="slow")], NOON)
        second = asyncio.ensure_future(service.ingest([a_call(call_id="quick")]))
        await asyncio.sleep(0.3)
        assert not second.done()
        assert await rows(db, "SELECT 1 FROM usage_event") == []
    await asyncio.wait_for(second, 5)
    assert [row.call_id for row in (await ledger(db))[0]] == ["slow", "quick"]


async def test_a_stale_connection_is_no_loss(db: Database, service: UsageService) -> None:
    """The server ended our pooled connections, as in a restart or a failover: the batch is booked all the same."""
    await service.ingest([a_call()])
    await rows(db, "SELECT 1")
    killer = Database(db.url)
    await rows(
        killer,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
    )
    await killer.close()
    assert (await service.ingest([a_call()])).stored == 1
    assert await sums_differ(db) == []


async def test_without_a_database_it_says_so() -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(LedgerUnavailable):
        await UsageService(nowhere, Bus(nowhere.url)).ingest([a_call()])
    await nowhere.close()


async def test_the_work_does_not_grow_with_the_batch(db: Database, service: UsageService) -> None:
    statements: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    await service.ingest([a_call()])  # makes the week's partition
    statements.clear()
    await service.ingest([a_call() for _ in range(3)])
    three = len(statements)
    statements.clear()
    await service.ingest([a_call() for _ in range(30)])
    assert len(statements) == three


async def test_who_is_told(db: Database, bus: Bus) -> None:
    service = UsageService(db, bus)
    alice = await a_person(db, "alice")
    key, idle = await a_key(db, alice, "notebook"), await a_key(db, alice, "idle")

    async def is_told(topic: str, batch: list[CallRecord]) -> bool:
        async with bus.subscribe([topic]) as wakes:
            await service.ingest(batch)
            try:
                await asyncio.wait_for(anext(wakes), 0.5)
            except TimeoutError:
                return False
            return True

    call = a_call(key=key)
    assert await is_told(f"usage:key:{key.id}", [call])
    assert not await is_told("usage", [call])  # known already
    assert not await is_told("usage", [a_call(prompt_tokens=-1)])
    assert await is_told(f"usage:user:{alice.user_id}", [a_call(key=key), a_call()])
    assert not await is_told(f"usage:key:{idle.id}", [a_call(key=key)])
    assert not await is_told(f"usage:user:{alice.user_id}", [a_call()])
    assert await is_told("usage", [a_call()])
