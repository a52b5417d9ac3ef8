"""Whatever a dashboard asks, for any range, zone and filter: what naive Python counts from the calls themselves."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from gateway.actor import Actor, Role
from gateway.catalog import ModelPrice
from gateway.db import Database
from gateway.errors import InvalidInput, NotPermitted
from gateway.usage import (
    Ask,
    CallRecord,
    Dimension,
    Heatmap,
    Interval,
    Percentiles,
    Point,
    Scope,
    Series,
    Slice,
    Slices,
    Speed,
    Speeds,
    Sums,
    TimeRange,
    UsageFilter,
    UsageService,
    View,
)
from gateway.usage.queries import EXTENT
from gateway.usage.zones import points
from tests.builders import a_model, a_person
from tests.domains.usage.ledger import NOON, a_call, a_key, totals_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHOLE_ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "America/Havana"]
BROKEN_ZONES = ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham"]
# Clocks are put forward on 9 March in New York and Havana, on 30 March in Berlin, back on 6 April in Lord Howe, Chatham and Auckland.
BEGIN = datetime(2025, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Crowd:
    """400 calls of six weeks, and who made them."""

    calls: list[CallRecord]
    owners: dict[str | None, tuple[UUID, UUID]]
    models: dict[str, UUID]
    admin: Actor
    alice: Actor


_crowds: dict[str, Crowd] = {}


async def the_crowd(db: Database, service: UsageService) -> Crowd:
    """Made for the first example of a test and kept for the others."""
    if db.url not in _crowds:
        admin, alice, bob = [
            await a_person(db, n, r) for n, r in (("ada", Role.ADMIN), ("alice", Role.USER), ("bob", Role.USER))
        ]
        models = {name: (await a_model(db, name)).id for name in ("m0", "m1", "m2")}
        keys = [(who, await a_key(db, who, name)) for who, name in ((alice, "a1"), (alice, "a2"), (bob, "b1"))]
        calls = [
            a_call(
                occurred_at=BEGIN + timedelta(minutes=151 * n, milliseconds=n),
                key=[key for _, key in keys][n % 7] if n % 7 < 3 else None,
                model_name=f"m{n % 5}",
                provider=["openai", "azure", None][n % 3],
                success=n % 4 != 0,
                error_code=["429", "500", None][n % 3] if n % 4 == 0 else None,
                spend=Decimal(2 * n + 1) / 1000,
                cached_tokens=n % 9,
                cache_hit=n % 8 == 0,
                priced=n % 6 != 0,
                latency_ms=(n * 37) % 5_000,
                first_token_ms=(n * 11) % 700 if n % 2 else None,
            )
            for n in range(400)
        ]
        await service.ingest(calls)
        await service.settle_speeds()
        await service.fold_sums()
        owners: dict[str | None, tuple[UUID, UUID]] = {key.token_hash: (who.user_id, key.id) for who, key in keys}
        _crowds[db.url] = Crowd(calls, owners, models, admin, alice)
    return _crowds[db.url]


def status_of(call: CallRecord) -> str:
    return "success" if call.success else call.error_code or "failure"


@st.composite
def views(draw: st.DrawFn, crowd: Crowd) -> tuple[Actor, View, list[CallRecord]]:
    """Somebody who looks at something, and the calls that he should see."""
    start = BEGIN + timedelta(seconds=draw(st.integers(-90_000, 43 * 86_400)))
    length = draw(st.sampled_from([timedelta(minutes=7), HOUR, DAY, 9 * DAY, 40 * DAY])) * draw(st.floats(0.2, 1.2))
    if draw(st.booleans()):
        start = start.replace(minute=0, second=0, microsecond=0)
    during = TimeRange(start, start + length)
    own = draw(st.booleans())
    tests: list[Callable[[CallRecord], bool]] = []
    wanted: dict[str, Any] = {}
    for name in draw(
        st.lists(
            st.sampled_from(["model_ids", "api_key_ids", "user_ids", "providers", "statuses"]), max_size=2, unique=True
        )
    ):
        if name == "model_ids":
            names = draw(st.lists(st.sampled_from(sorted(crowd.models)), max_size=2))
            wanted[name] = [crowd.models[each] for each in names]
            tests.append(lambda call, names=names: call.model_name in names)
        elif name in ("api_key_ids", "user_ids"):
            which = 1 if name == "api_key_ids" else 0
            ids = draw(st.lists(st.sampled_from([pair[which] for pair in crowd.owners.values()]), max_size=2))
            wanted[name] = ids
            tests.append(
                lambda call, ids=ids, which=which: crowd.owners.get(call.token_hash, (None, None))[which] in ids
            )
        else:
            of: Callable[[CallRecord], str] = (
                status_of if name == "statuses" else lambda call: call.provider or "unknown"
            )
            values = draw(st.lists(st.sampled_from(["success", "429", "failure", "openai", "unknown"]), max_size=3))
            wanted[name] = values
            tests.append(lambda call, of=of, values=values: of(call) in values)
    actor = crowd.alice if own else crowd.admin
    if own:
        tests.append(lambda call: crowd.owners.get(call.token_hash, (None,))[0] == crowd.alice.user_id)
    inside = [c for c in crowd.calls if during.start <= c.occurred_at < during.end and all(test(c) for test in tests)]
    return actor, View(during, UsageFilter(**wanted), Scope.OWN if own else Scope.ALL), inside


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data(), zone=st.sampled_from(WHOLE_ZONES + BROKEN_ZONES))
async def test_every_view_is_what_python_counts(
    db: Database, service: UsageService, data: st.DataObject, zone: str
) -> None:
    crowd = await the_crowd(db, service)
    actor, view, calls = data.draw(views(crowd))
    series = [Series(interval, zone) for interval in (Interval.DAY, Interval.MONTH)]
    asks: list[Ask] = [Sums(), *series, Heatmap(zone), *map(Slices, Dimension)]
    if view.during.end - view.during.start < 900 * HOUR:
        asks.append(Series(Interval.HOUR))
    found = {ask: answer for (_, ask), answer in (await service.answer(actor, [(view, ask) for ask in asks])).items()}

    assert found[Sums()] == totals_of(calls)
    assert await service.ask(actor, view, Sums()) == totals_of(calls)  # alone, from coarser sums
    for ask in asks:
        if isinstance(ask, Series):
            _check_series(ask, view, found[ask], calls)
    local = ZoneInfo(zone)
    if zone in WHOLE_ZONES:
        for cell in found[Heatmap(zone)]:
            there = [c.occurred_at.astimezone(local) for c in calls]
            assert cell.totals == totals_of(
                call
                for call, at in zip(calls, there, strict=True)
                if (at.isoweekday(), at.hour) == (cell.weekday, cell.hour)
            )
    assert [(cell.weekday, cell.hour) for cell in found[Heatmap(zone)]] == [
        (d, h) for d in range(1, 8) for h in range(24)
    ]
    for dimension, of in {
        Dimension.MODEL: lambda call: call.model_name,
        Dimension.PROVIDER: lambda call: call.provider or "unknown",
        Dimension.STATUS: status_of,
        Dimension.API_KEY: lambda call: crowd.owners.get(call.token_hash, (None, None))[1],
        Dimension.PERSON: lambda call: crowd.owners.get(call.token_hash, (None, None))[0],
    }.items():
        by_id = dimension in (Dimension.API_KEY, Dimension.PERSON)
        slices = found[Slices(dimension)]
        assert {(part.key if by_id else part.label): part.totals for part in slices} == {
            member: totals_of(call for call in calls if of(call) == member) for member in {of(call) for call in calls}
        }
        assert slices == sorted(slices, key=lambda part: -part.totals.spend)


def _check_series(ask: Series, view: View, found: list[Point], calls: list[CallRecord]) -> None:
    """By the calendar, one call after the other."""
    zone = ZoneInfo(ask.zone)

    def label(moment: datetime) -> tuple[int, ...]:
        there = moment.astimezone(zone)
        if ask.interval is Interval.HOUR:
            return (moment.toordinal(), moment.hour)
        return (there.year, there.month, *((there.day,) if ask.interval is Interval.DAY else ()))

    expected: dict[tuple[int, ...], list[CallRecord]] = {}
    at = view.during.start
    while at < view.during.end:  # no interval is skipped
        expected.setdefault(label(at), [])
        at += timedelta(minutes=15)
    expected.setdefault(label(view.during.end - timedelta(microseconds=1)), [])
    for call in calls:
        expected[label(call.occurred_at)].append(call)
    assert [label(point.start) for point in found] == list(expected)
    assert [point.totals for point in found] == [totals_of(each) for each in expected.values()]


def test_days_of_a_zone_that_jumps_over_midnight_and_over_a_day() -> None:
    def starts(zone: str, first: datetime, days: float) -> list[str]:
        found = points(TimeRange(first, first + days * DAY), Interval.DAY, zone)
        return [start.astimezone(ZoneInfo(zone)).isoformat() for start in found]

    # Clocks go from midnight to one.
    assert starts("America/Havana", datetime(2025, 3, 8, 5, tzinfo=UTC), 1.9) == [
        "2025-03-08T00:00:00-05:00",
        "2025-03-09T01:00:00-04:00",
    ]
    # Samoa had no 30 December 2011.
    assert starts("Pacific/Apia", datetime(2011, 12, 29, 12, tzinfo=UTC), 2) == [
        "2011-12-29T00:00:00-10:00",
        "2011-12-31T00:00:00+14:00",
        "2012-01-01T00:00:00+14:00",
    ]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../../etc/passwd", "x\x00", "/etc/localtime", "Europe", "é" * 300]
)
async def test_what_is_no_zone(service: UsageService, zone: str) -> None:
    alice = Actor(user_id=UUID(int=1), username="alice", role=Role.USER)
    for ask in (Series(Interval.DAY, zone), Heatmap(zone)):
        with pytest.raises(InvalidInput) as refused:
            await service.ask(alice, View(TimeRange(NOON, NOON + DAY)), ask)
        assert refused.value.field == "timeZone"


async def test_one_bad_ask_is_no_harm_to_the_others(db: Database, service: UsageService) -> None:
    crowd = await the_crowd(db, service)
    view = View(TimeRange(NOON, NOON + 100 * DAY))
    everybodys = replace(view, scope=Scope.ALL)
    asked: list[tuple[View, Ask]] = [(view, Sums()), (view, Series(Interval.HOUR)), (everybodys, Sums())]
    found = await service.answer(crowd.alice, asked)
    assert found[view, Sums()].requests > 0
    assert isinstance(found[view, Series(Interval.HOUR)], InvalidInput)
    assert isinstance(found[everybodys, Sums()], NotPermitted)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    latencies=st.lists(st.tuples(st.integers(0, 600_000), st.integers(0, 50)), min_size=1, max_size=120),
    cut=st.integers(0, 40),
)
async def test_percentiles_are_at_most_4_percent_off(
    db: Database, service: UsageService, latencies: list[tuple[int, int]], cut: int
) -> None:
    ada = await _ada(db)
    async with db.write() as session:
        await session.execute(text("TRUNCATE usage_event, usage_speed"))
    calls = [
        a_call(latency_ms=ms, occurred_at=NOON + hours * HOUR / 2, first_token_ms=ms // 2) for ms, hours in latencies
    ]
    slow = [a_call(latency_ms=10**9, success=False, occurred_at=NOON)]  # refusals are not counted
    await asyncio.gather(*(service.ingest(part) for part in (calls[::2], calls[1::2], slow)))
    await service.settle_speeds()
    await service.settle_speeds()
    model = (await a_model_once(db, "small")).id
    during = TimeRange(NOON, NOON + HOUR + cut * HOUR / 2 + timedelta(minutes=7))
    inside = [call for call in calls if call.occurred_at < during.end]
    expected = _exact([call.latency_ms for call in inside]), _exact([call.first_token_ms for call in inside])
    for wanted in (
        UsageFilter(),  # from histograms
        UsageFilter(model_ids=[model]),
        UsageFilter(providers=["unknown"]),
        UsageFilter(statuses=["success"]),  # from the calls
    ):
        speed: Speed = await service.ask(ada, View(during, wanted, Scope.ALL), Speeds())
        for found, exact in zip((speed.latency, speed.first_token), expected, strict=True):
            assert found.calls == len(inside)
            for name in ("p50", "p95", "p99"):
                value, truth = getattr(found, name), getattr(exact, name)
                assert (value is None) == (truth is None)
                if truth is not None:
                    assert abs(value - max(truth, 1)) <= 0.04 * max(truth, 1) + 0.001, (wanted, name)


def _exact(values: list[Any]) -> Percentiles:
    ordered = sorted(values)
    if not ordered:
        return Percentiles()
    return Percentiles(
        len(ordered), *(float(ordered[math.ceil(share * len(ordered) - 1e-9) - 1]) for share in (0.5, 0.95, 0.99))
    )


_people: dict[str, Actor] = {}
_models: dict[str, Any] = {}


async def _ada(db: Database) -> Actor:
    if db.url not in _people:
        _people[db.url] = await a_person(db, "ada", Role.ADMIN)
    return _people[db.url]


async def a_model_once(db: Database, name: str) -> Any:
    if db.url not in _models:
        _models[db.url] = await a_model(db, name)
    return _models[db.url]


async def test_own_speed_is_that_of_own_calls(db: Database, service: UsageService) -> None:
    alice, bob = await a_person(db, "alice"), await a_person(db, "bob")
    mine, his = await a_key(db, alice, "a"), await a_key(db, bob, "b")
    await service.ingest([a_call(key=mine, latency_ms=100) for _ in range(9)])
    await service.ingest([a_call(key=his, latency_ms=10_000) for _ in range(90)])
    speed: Speed = await service.ask(alice, View(TimeRange(NOON, NOON + HOUR)), Speeds())
    assert speed.latency.calls == 9
    assert speed.latency.p99 == pytest.approx(100, rel=0.04)
    assert speed.first_token == Percentiles()


async def test_slices_have_names(db: Database, service: UsageService) -> None:
    alice = await a_person(db, "alice")
    ada = await a_person(db, "ada", Role.ADMIN)
    key, small = await a_key(db, alice, "notebook"), await a_model(db, "small")
    await service.ingest(
        [a_call(key=key, provider="openai"), a_call(success=False, error_code="401", spend=Decimal(0))]
    )
    view = View(TimeRange(NOON, NOON + HOUR), scope=Scope.ALL)
    answered, refused = totals_of([a_call()]), totals_of([a_call(success=False)])._replace(spend=Decimal(0))
    names = {
        Dimension.MODEL: [Slice(small.id, "small", totals_of([a_call(), a_call(success=False, spend=Decimal(0))]))],
        Dimension.API_KEY: [Slice(key.id, "notebook", answered), Slice(None, "Other keys", refused)],
        Dimension.PERSON: [Slice(alice.user_id, "Alice", answered), Slice(None, "Other callers", refused)],
        Dimension.PROVIDER: [Slice(None, "openai", answered), Slice(None, "unknown", refused)],
        Dimension.STATUS: [Slice(None, "success", answered), Slice(None, "401", refused)],
    }
    for dimension, expected in names.items():
        found = await service.ask(ada, view, Slices(dimension))
        assert [(part.key, part.label.lower(), part.totals) for part in found] == [
            (part.key, part.label.lower(), part.totals) for part in expected
        ], dimension


async def test_a_whole_dashboard_is_few_statements(db: Database, service: UsageService) -> None:
    """For 3 and for 30 keys, models and days alike."""
    ada, alice = await a_person(db, "ada", Role.ADMIN), await a_person(db, "alice")
    keys = [(await a_key(db, alice, f"k{n}"), await a_model(db, f"m{n}")) for n in range(30)]
    statements: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    for count in (3, 30):
        await service.ingest(
            [a_call(key=key, model_name=f"m{n}", occurred_at=NOON + n * DAY) for n, (key, _) in enumerate(keys[:count])]
        )
        models = [model.id for _, model in keys[:count]]
        during = TimeRange(NOON, NOON + 60 * DAY + HOUR / 3)
        # Where a view has not all, one more tells which blocks of crossed sums are good.
        for actor, view, expected in (
            (ada, View(during, scope=Scope.ALL), 5),
            (alice, View(during), 6),
            (ada, View(during, UsageFilter(model_ids=models), Scope.ALL), 6),
        ):
            before = replace(view, during=during.before())
            asks: list[Ask] = [
                Sums(),
                Series(Interval.DAY, "Asia/Kolkata"),
                Heatmap(),
                Speeds(),
                *map(Slices, Dimension),
            ]
            statements.clear()
            await service.answer(actor, [*((view, ask) for ask in asks), (before, Sums())])
            assert len(statements) == expected


async def test_statements_of_a_dashboard_are_not_compiled(db: Database) -> None:
    async with db.snapshot() as rows:
        await rows(text("SET LOCAL jit = on"))
        await rows(EXTENT)
        assert await rows(text("SHOW jit")) == [("off",)]


async def test_the_calls_behind_a_number(db: Database, service: UsageService) -> None:
    ada, alice, bob = await a_person(db, "ada", Role.ADMIN), await a_person(db, "alice"), await a_person(db, "bob")
    mine, his = await a_key(db, alice, "a"), await a_key(db, bob, "b")
    small = await a_model(db, "small")
    async with db.write() as session:
        for days, price in ((-9, 1), (-1, 2), (1, 3)):
            session.add(
                ModelPrice(model_name="small", valid_from=NOON + days * DAY, input_cost_per_million=Decimal(price))
            )
    await service.ingest([a_call(call_id=f"c{n}", key=mine, occurred_at=NOON + n * DAY) for n in range(-3, 4)])
    await service.ingest([a_call(call_id="same time", key=mine), a_call(call_id="his", key=his, model_name="large")])
    view = View(TimeRange(NOON - 2 * DAY, NOON + 3 * DAY))

    page = await service.calls_of(alice, view, 2)
    seen = [row.call_id for row in page.rows]
    while page.has_next:
        page = await service.calls_of(alice, view, 2, page.cursors[-1])
        seen += [row.call_id for row in page.rows]
    assert seen == ["c2", "c1", "same time", "c0", "c-1", "c-2"]
    rows = {row.call_id: row for row in (await service.calls_of(alice, view, 10)).rows}
    assert {name: row.input_cost_per_million for name, row in rows.items()} == {
        "c-2": 1,
        "c-1": 2,
        "c0": 2,
        "same time": 2,
        "c1": 3,
        "c2": 3,
    }
    everybodys = replace(view, scope=Scope.ALL)
    assert (await service.calls_of(ada, everybodys, 10)).rows[2].call_id == "his"
    for wanted, expected in (
        (UsageFilter(api_key_ids=[his.id]), ["his"]),
        (UsageFilter(user_ids=[bob.user_id]), ["his"]),
        (UsageFilter(model_ids=[small.id], statuses=["success"]), seen),
        (UsageFilter(statuses=["429"]), []),
    ):
        page = await service.calls_of(ada, replace(everybodys, wanted=wanted), 10)
        assert [row.call_id for row in page.rows] == expected
    assert (await service.calls_of(alice, replace(view, wanted=UsageFilter(api_key_ids=[his.id])), 10)).rows == []
    with pytest.raises(NotPermitted):
        await service.calls_of(alice, everybodys, 1)
