"""Totals are exact for any range; people see their own calls; auditors and admins see all."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from gateway.actor import Role
from gateway.db import Database
from gateway.errors import InvalidInput, NotAvailable, NotPermitted
from gateway.keys import ApiKeyStatus
from gateway.usage import (
    Dimension,
    Interval,
    Point,
    Scope,
    Series,
    Slice,
    Slices,
    Speeds,
    Sums,
    TimeRange,
    Totals,
    UsageFilter,
    UsageService,
    View,
)
from tests.builders import a_model, a_person
from tests.domains.usage.ledger import NOON, a_call, a_key

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THAT_DAY = TimeRange(NOON - 12 * HOUR, NOON + 12 * HOUR)


EVERYTHING = UsageFilter()
BY_MODEL, BY_KEY = Slices(Dimension.MODEL), Slices(Dimension.API_KEY)


def of(requests: int, spend: str, failures: int = 0) -> Totals:
    """The totals of so many calls of `a_call`."""
    return Totals(requests, failures, 10 * requests, 20 * requests, 30 * requests, Decimal(spend))


async def test_the_edges_of_a_range(db: Database, service: UsageService) -> None:
    """The first moment counts, the last one does not, within an hour and over hours, to the microsecond."""
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    micro = timedelta(microseconds=1)
    starts = [NOON - micro, NOON, NOON + micro, NOON + HOUR / 2, NOON + HOUR - micro, NOON + HOUR, NOON + 2 * HOUR]
    await service.ingest([a_call(key=key, occurred_at=at, spend=Decimal(2**n)) for n, at in enumerate(starts)])
    for start in [*starts, NOON - HOUR, NOON - 2 * HOUR, NOON + 3 * HOUR]:
        for end in [*starts, NOON + 5 * HOUR, NOON + HOUR / 3]:
            if start < end:
                inside = [2**n for n, at in enumerate(starts) if start <= at < end]
                assert await service.totals(alice, TimeRange(start, end)) == of(len(inside), str(sum(inside))), (
                    start,
                    end,
                )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(-15_000, 15_000), length=st.integers(1, 30_000), offset=st.sampled_from([0, 330, 345, -480]))
async def test_every_view_of_any_range_agrees(
    db: Database, service: UsageService, start: int, length: int, offset: int
) -> None:
    admin = await _crowd(db, service)
    zone = timezone(timedelta(minutes=offset))
    first = (NOON + timedelta(seconds=start)).astimezone(zone)
    during = TimeRange(first, first + timedelta(seconds=length))
    inside = [at for at in CROWD if during.start <= at < during.end]
    expected = of(len(inside), str(Decimal("0.001") * len(inside)))
    assert await service.totals(admin, during, scope=Scope.ALL) == expected
    for interval in Interval:
        points = await service.ask(admin, View(during, scope=Scope.ALL), Series(interval))
        assert _sum([point.totals for point in points]) == expected
    for dimension in Dimension:
        slices = await service.ask(admin, View(during, scope=Scope.ALL), Slices(dimension))
        assert _sum([part.totals for part in slices]) == expected


CROWD = [NOON + timedelta(seconds=97 * n) for n in range(-150, 150)]
_crowds: dict[str, Any] = {}


async def _crowd(db: Database, service: UsageService) -> Any:
    """Three hundred calls over eight hours, made for the first example of a test and kept for the others."""
    if db.url not in _crowds:
        _crowds[db.url] = await a_person(db, "ada", Role.ADMIN)
        keys = [await a_key(db, _crowds[db.url], name) for name in ("one", "two")]
        await service.ingest(
            [a_call(occurred_at=at, key=[*keys, None][n % 3], model_name=f"m{n % 5}") for n, at in enumerate(CROWD)]
        )
    return _crowds[db.url]


def _sum(parts: list[Totals]) -> Totals:
    return Totals(
        *(sum((getattr(part, name) for part in parts), start=type(default)()) for name, default in NOTHING.items())
    )


NOTHING = Totals()._asdict()


async def test_own_and_all(db: Database, service: UsageService) -> None:
    alice, bob = await a_person(db, "alice"), await a_person(db, "bob")
    ada, audrey = await a_person(db, "ada", Role.ADMIN), await a_person(db, "audrey", Role.AUDITOR)
    small = (await a_model(db, "small")).id
    keys = {name: await a_key(db, who, name) for name, who in (("a1", alice), ("a2", alice), ("b1", bob))}
    await service.ingest(
        [a_call(key=keys["a1"]), a_call(key=keys["a2"]), a_call(key=keys["b1"], spend=Decimal(5)), a_call()]
    )

    own, all_ = View(THAT_DAY), View(THAT_DAY, scope=Scope.ALL)
    assert await service.totals(alice, THAT_DAY) == of(2, "0.002")
    assert await service.totals(bob, THAT_DAY) == of(1, "5")
    assert await service.ask(bob, own, BY_KEY) == [Slice(keys["b1"].id, "b1", of(1, "5"))]
    assert await service.ask(alice, own, BY_MODEL) == [Slice(small, "small", of(2, "0.002"))]
    for mine in (ada, audrey):
        assert await service.totals(mine, THAT_DAY) == Totals()
        assert await service.totals(mine, THAT_DAY, scope=Scope.ALL) == of(4, "5.003")
    for ask in (Sums(), Series(Interval.DAY), BY_MODEL, Speeds()):
        with pytest.raises(NotPermitted):
            await service.ask(alice, all_, ask)
    with pytest.raises(NotPermitted):
        await service.calls_of(alice, all_, 1)

    for foreign in (UsageFilter(api_key_ids=[keys["b1"].id]), UsageFilter(user_ids=[bob.user_id])):
        assert await service.totals(alice, THAT_DAY, foreign) == Totals()
        assert await service.ask(alice, View(THAT_DAY, foreign), BY_MODEL) == []
        assert await service.ask(alice, View(THAT_DAY, foreign), BY_KEY) == []
        assert await service.totals(audrey, THAT_DAY, foreign, Scope.ALL) == of(1, "5")


async def test_filters(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    one, two = await a_key(db, alice, "one"), await a_key(db, alice, "two")
    small, large = [(await a_model(db, name)).id for name in ("small", "large")]
    for at in (NOON, NOON + HOUR / 2):  # in a whole hour, and at the edge of the range
        await service.ingest(
            [
                a_call(key=one, occurred_at=at),
                a_call(key=one, occurred_at=at, model_name="large"),
                a_call(key=two, occurred_at=at, model_name="large", success=False),
            ]
        )
    for during in (THAT_DAY, TimeRange(NOON - HOUR, NOON + HOUR - HOUR / 4)):

        async def total(during: TimeRange = during, **wanted: list[UUID]) -> int:
            return (await service.totals(alice, during, UsageFilter(**wanted))).requests  # type: ignore[arg-type]

        assert await total() == 6
        assert await total(model_ids=[small]) == 2
        assert await total(model_ids=[large, small]) == 6
        assert await total(model_ids=[large], api_key_ids=[one.id]) == 2
        assert await total(model_ids=[uuid4()]) == 0
        assert await total(model_ids=[]) == 0
        assert await total(api_key_ids=[two.id, uuid4()]) == 2
        assert await total(user_ids=[alice.user_id]) == 6
    assert (await service.totals(alice, THAT_DAY, UsageFilter(api_key_ids=[two.id]))).failures == 2


async def test_series(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "k")
    await service.ingest(
        [
            a_call(key=key),
            a_call(key=key, occurred_at=NOON + 90 * HOUR / 60),
            a_call(key=key, occurred_at=NOON + 3 * DAY),
        ]
    )
    during = TimeRange(NOON - HOUR / 2, NOON + 2 * HOUR)
    assert await service.ask(alice, View(during), Series(Interval.HOUR)) == [
        Point(NOON - HOUR, Totals()),
        Point(NOON, of(1, "0.001")),
        Point(NOON + HOUR, of(1, "0.001")),
    ]
    days = await service.ask(alice, View(TimeRange(NOON - DAY, NOON + 4 * DAY)), Series(Interval.DAY))
    assert [point.start for point in days] == [datetime(2025, 3, n, tzinfo=UTC) for n in range(9, 15)]
    assert [point.totals.requests for point in days] == [0, 2, 0, 0, 1, 0]
    months = await service.ask(alice, View(TimeRange(NOON - 70 * DAY, NOON + 30 * DAY)), Series(Interval.MONTH))
    assert [(point.start.year, point.start.month) for point in months] == [
        (2024, 12),
        (2025, 1),
        (2025, 2),
        (2025, 3),
        (2025, 4),
    ]
    assert [point.totals.requests for point in months] == [0, 0, 0, 3, 0]


async def test_a_series_has_at_most_a_thousand_points(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    assert len(await service.ask(alice, View(TimeRange(NOON, NOON + 1_000 * HOUR)), Series(Interval.HOUR))) == 1_000
    with pytest.raises(InvalidInput) as refused:
        await service.ask(alice, View(TimeRange(NOON, NOON + 1_001 * HOUR)), Series(Interval.HOUR))
    assert refused.value.field == "interval"


async def test_slices_are_in_order_and_at_most_a_hundred(db: Database, service: UsageService) -> None:
    ada = await a_person(db, "ada", Role.ADMIN)
    alice = await a_person(db, "alice")
    known = (await a_model(db, "m3")).id
    key = await a_key(db, alice, "notebook", status=ApiKeyStatus.REVOKED)
    await service.ingest(
        [a_call(model_name=f"m{n}", spend=Decimal(n), key=key if n > 60 else None) for n in range(120)]
    )
    await service.ingest([a_call(model_name="m20", spend=Decimal(0))])

    slices = await service.ask(ada, View(THAT_DAY, scope=Scope.ALL), BY_MODEL)
    assert [part.label for part in slices] == [f"m{n}" for n in range(119, 19, -1)]
    assert slices[-1].totals == of(2, "20")
    one = View(TimeRange(NOON, NOON + HOUR), UsageFilter(model_ids=[known]), Scope.ALL)
    assert await service.ask(ada, one, BY_MODEL) == [Slice(known, "m3", of(1, "3"))]
    dear, other = await service.ask(ada, View(THAT_DAY, scope=Scope.ALL), BY_KEY)
    assert (dear.key, dear.label, dear.totals.requests) == (key.id, "notebook", 59)
    assert (other.key, other.label, other.totals.requests) == (None, "Other keys", 62)


async def test_spend_and_last_use_of_keys(db: Database, service: UsageService) -> None:
    alice, bob = await a_person(db, "alice"), await a_person(db, "bob")
    one, two, idle = [await a_key(db, who, name) for name, who in (("one", alice), ("two", bob), ("idle", alice))]
    last = NOON + timedelta(minutes=3, microseconds=9)
    await service.ingest(
        [a_call(key=one), a_call(key=one, occurred_at=last), a_call(key=one, occurred_at=NOON - 90 * DAY)]
    )
    await service.ingest([a_call(key=two, success=False, spend=Decimal(0))])
    ids = [one.id, two.id, idle.id, uuid4()]
    assert await service.spend_by_key(ids) == {one.id: Decimal("0.003"), two.id: Decimal(0)}
    assert await service.last_used_by_key(ids) == {one.id: last, two.id: NOON}
    assert (await service.spend_by_key([]), await service.last_used_by_key([])) == ({}, {})


async def test_spend_of_subscriptions_starts_with_them(db: Database, service: UsageService) -> None:
    alice, bob = await a_person(db, "alice"), await a_person(db, "bob")
    small, large = [(await a_model(db, name)).id for name in ("small", "large")]
    one, two = await a_key(db, alice, "one"), await a_key(db, bob, "two")
    times = [NOON - HOUR, NOON + HOUR / 4, NOON + HOUR / 2, NOON + HOUR, NOON + 3 * DAY]
    await service.ingest([a_call(key=one, occurred_at=at, spend=Decimal(2**n)) for n, at in enumerate(times)])
    await service.ingest(
        [a_call(key=two, spend=Decimal(100)), a_call(key=two, model_name="large", spend=Decimal(1_000))]
    )
    early, middle, hour = NOON - DAY, NOON + HOUR / 2, NOON + HOUR
    wanted = [
        *((alice.user_id, small, since) for since in (early, middle, hour)),
        *((alice.user_id, large, early), (bob.user_id, large, early), (bob.user_id, uuid4(), early)),
    ]
    assert await service.spend_by_subscription(wanted) == {
        (alice.user_id, small, early): Decimal(31),
        (alice.user_id, small, middle): Decimal(4 + 8 + 16),
        (alice.user_id, small, hour): Decimal(8 + 16),
        (bob.user_id, large, early): Decimal(1_000),
    }
    assert await service.spend_by_subscription([]) == {}


async def test_one_statement_for_each_verb(db: Database, service: UsageService) -> None:
    """For 3 and for 30 keys, models and subscriptions alike."""
    alice = await a_person(db, "alice")
    ids = [(await a_key(db, alice, f"k{n}"), (await a_model(db, f"m{n}")).id) for n in range(30)]
    statements: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    for count in (3, 30):
        await service.ingest([a_call(key=key, model_name=f"m{n}") for n, (key, _) in enumerate(ids[:count])])
        keys, models = [key.id for key, _ in ids[:count]], [model for _, model in ids[:count]]
        for read in (
            lambda keys=keys: service.spend_by_key(keys),
            lambda keys=keys: service.last_used_by_key(keys),
            lambda models=models: service.spend_by_subscription([(alice.user_id, model, NOON) for model in models]),
        ):
            statements.clear()
            await read()
            assert len(statements) == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOON, NOON),
        (NOON, NOON - HOUR),
        (NOON, NOON + 401 * DAY),
        (NOON.replace(tzinfo=None), NOON),
        (NOON, NOON.replace(tzinfo=None)),
        (datetime.min.replace(tzinfo=timezone(14 * HOUR)), NOON),
        (NOON, datetime.max.replace(tzinfo=timezone(-14 * HOUR))),
    ],
)
def test_what_is_no_range(start: datetime, end: datetime) -> None:
    with pytest.raises(InvalidInput) as refused:
        TimeRange(start, end)
    assert refused.value.field == "range.start"


def test_the_same_range_and_filter_are_equal() -> None:
    india = timezone(timedelta(minutes=330))
    assert repr(TimeRange(NOON.astimezone(india), (NOON + DAY).astimezone(india))) == repr(TimeRange(NOON, NOON + DAY))
    one, two = uuid4(), uuid4()
    assert repr(UsageFilter(model_ids=[one, two, one])) == repr(UsageFilter(model_ids=(two, one)))


def test_what_is_no_filter() -> None:
    for name, field in (("model_ids", "modelIds"), ("api_key_ids", "apiKeyIds"), ("user_ids", "userIds")):
        UsageFilter(**{name: [uuid4() for _ in range(100)]})
        with pytest.raises(InvalidInput) as refused:
            UsageFilter(**{name: [uuid4() for _ in range(101)]})
        assert refused.value.field == f"filter.{field}"
    with pytest.raises(NotAvailable):
        UsageFilter(team_ids=[])
