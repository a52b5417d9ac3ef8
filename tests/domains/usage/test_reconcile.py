"""The ledger beside LiteLLM's spend log: what is lost comes back, once, and it is known what was compared."""

import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.errors import InvalidInput, NotPermitted
from gateway.litellm import LiteLLM, exact_money
from gateway.sandbox.litellm import Options
from gateway.usage import GapReason, LedgerService, TimeRange, UsageService
from gateway.usage.reconcile import service as reconciler
from gateway.usage.reconcile import spend_log as reading
from tests.builders import a_person
from tests.domains.usage.ledger import a_key, rows, sums_differ
from tests.domains.usage.spend_log import Call, a_token, write
from tests.proxies import MASTER_KEY, Died, Line, proxy_on_port

SETTLE = 10
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ledger(db: Database, litellm: LiteLLM, service: UsageService) -> LedgerService:
    return a_ledger(db, litellm, service)


def a_ledger(db: Database, litellm: LiteLLM, service: UsageService, days: int = 2) -> LedgerService:
    return LedgerService(db, litellm, service, settle_seconds=SETTLE, history_days=days)


@pytest.fixture
def start() -> datetime:
    """Three hours ago, in a full second."""
    return datetime.now(UTC).replace(microsecond=0) - 3 * HOUR


async def all_of_it(ledger: LedgerService) -> int:
    """Until nothing is left to check."""
    return await ledger.reconcile(seconds=60)


async def booked(db: Database) -> dict[str | None, tuple[int, int, int, Decimal]]:
    """(calls, failures, tokens, spend) by key, of the events."""
    found = await rows(
        db,
        "SELECT token_hash, count(*) AS n, count(*) FILTER (WHERE NOT success) AS failed, sum(total_tokens) AS tokens,"
        " sum(spend) AS spend FROM usage_event GROUP BY 1",
    )
    return {row.token_hash: (row.n, row.failed, int(row.tokens), exact_money(row.spend)) for row in found}


def truth(calls: Sequence[Call]) -> dict[str | None, tuple[int, int, int, Decimal]]:
    found: dict[str | None, tuple[int, int, int, Decimal]] = {}
    for call in calls:
        if not call.health_check:
            n, failed, tokens, spend = found.get(call.token, (0, 0, 0, Decimal(0)))
            record = call.record()
            amount = exact_money(record.spend)
            found[call.token] = (n + 1, failed + (not call.success), tokens + record.total_tokens, spend + amount)
    return {token: (*counts, exact_money(spend)) for token, (*counts, spend) in found.items()}


async def test_what_callbacks_lost_is_booked_once_and_to_the_last_digit(
    db: Database, litellm_database_url: str, ledger: LedgerService, service: UsageService, start: datetime
) -> None:
    alice = await a_person(db)
    key, stranger = await a_key(db, alice, "key"), a_token()
    calls = [
        Call(start, key.token_hash, spend=4.9999999999999996e-05),
        Call(start + MINUTE, key.token_hash, spend=0.1),
        Call(start + 2 * MINUTE, key.token_hash, success=False),
        Call(start + 3 * MINUTE, stranger, spend=0.2),
        Call(start + 4 * MINUTE, a_token(), health_check=True),
    ]
    await write(litellm_database_url, calls)
    await service.ingest([calls[1].record()])

    assert await all_of_it(ledger) == 3
    assert await booked(db) == truth(calls)
    assert not await sums_differ(db)
    events = await rows(db, "SELECT * FROM usage_event ORDER BY occurred_at")
    assert [(e.api_key_id, e.user_id) for e in events] == [(key.id, alice.user_id)] * 3 + [(None, None)]
    assert (events[0].spend, events[0].occurred_at, events[0].latency_ms) == (Decimal("0.00005"), start, 1500)
    assert [e.error_code for e in events] == [None, None, "500", None]

    # What comes in late or again changes nothing, and neither does another look.
    assert (await service.ingest([call.record() for call in calls[:4]])).stored == 0
    assert await all_of_it(ledger) == 0
    assert await booked(db) == truth(calls)


async def test_a_range_is_complete_when_all_of_it_was_compared(
    db: Database, litellm_database_url: str, ledger: LedgerService, service: UsageService, start: datetime
) -> None:
    whole, now = TimeRange(start, start + HOUR), datetime.now(UTC)
    today = TimeRange(now - MINUTE, now + DAY)
    for each in (whole, today):
        compared = await service.compared(each)
        assert (compared.complete, compared.until) == (False, each.start)

    await all_of_it(ledger)
    compared = await service.compared(whole)
    assert (compared.complete, compared.until) == (True, whole.end)
    compared = await service.compared(today)
    assert compared.complete
    assert now - SETTLE * timedelta(seconds=1) - MINUTE < compared.until <= datetime.now(UTC)
    # Older than LiteLLM's log is read: not known.
    assert not (await service.compared(TimeRange(now - 4 * DAY, now))).complete

    # A hole of a second in the middle, and it is not: up to the hole.
    hole = start + 30 * MINUTE
    async with db.write() as session:
        found = (
            await session.execute(
                text("SELECT * FROM ledger_slice WHERE start < :hole AND until > :hole"), {"hole": hole}
            )
        ).one()
        await session.execute(
            text("UPDATE ledger_slice SET until = :hole WHERE start = :start"), {"hole": hole, "start": found.start}
        )
        await session.execute(
            text(
                "INSERT INTO ledger_slice SELECT (jsonb_populate_record(s, jsonb_build_object('start', CAST(:hole AS timestamptz) +"
                " interval '1 second', 'until', CAST(:until AS timestamptz)))).* FROM ledger_slice s WHERE start = :start"
            ),
            {"hole": hole, "until": found.until, "start": found.start},
        )
    compared = await service.compared(whole)
    assert (compared.complete, compared.until) == (False, hole)
    assert (await service.compared(TimeRange(hole + MINUTE, whole.end))).complete
    assert (await service.compared(TimeRange(start, hole))).complete

    call = Call(hole + timedelta(milliseconds=999), a_token())
    await write(litellm_database_url, [call])
    assert await all_of_it(ledger) == 1
    assert (await service.compared(whole)).complete
    [kept] = await rows(db, f"SELECT * FROM ledger_slice WHERE start <= '{hole}' AND until > '{hole}'")
    assert kept.until >= found.until


async def test_nothing_is_complete_while_litellm_does_not_answer_and_the_gap_is_seen(
    db: Database,
    line: Line,
    ledger: LedgerService,
    service: UsageService,
    start: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    audrey, now = await a_person(db, role=Role.AUDITOR), datetime.now(UTC)
    line.cut = True
    assert await all_of_it(ledger) == 0
    asked = len(line.sent)
    status = await ledger.status(audrey)
    assert status.last_error == "LiteLLM does not answer as expected: ConnectError."
    assert status.next_try_at is not None
    assert (status.checked_until, status.lag) == (None, None)
    [gap] = status.gaps
    assert (gap.reason, gap.error) == (GapReason.UNANSWERED, status.last_error)
    assert status.gap_seconds > DAY.total_seconds()
    assert not (await service.compared(TimeRange(now - HOUR, now))).complete

    # It is left alone for a while, and longer each time.
    assert await all_of_it(ledger) == 0
    assert len(line.sent) == asked
    waits = []
    for _ in range(3):
        async with db.write() as session:
            await session.execute(text("UPDATE ledger_state SET due_at = now()"))
        await all_of_it(ledger)
        [state] = await rows(db, "SELECT due_at - now() AS left_, failures FROM ledger_state")
        waits.append(state.left_)
    assert waits == sorted(waits)
    assert state.failures == 4

    line.cut = False
    async with db.write() as session:
        await session.execute(text("UPDATE ledger_state SET due_at = now()"))
    await all_of_it(ledger)
    status = await ledger.status(audrey)
    assert (status.last_error, status.failing_since, status.gaps, status.gap_seconds) == (None, None, [], 0)
    assert (await service.compared(TimeRange(now - HOUR, now))).complete


async def test_a_refusal_is_told_in_litellms_words_without_the_key(
    db: Database, line: Line, service: UsageService
) -> None:
    audrey = await a_person(db, role=Role.AUDITOR)
    async with LiteLLM("http://litellm", "sk-not-the-master-key", transport=line) as stranger:
        ledger = a_ledger(db, stranger, service)
        await all_of_it(ledger)
        status = await ledger.status(audrey)
    assert status.last_error is not None
    assert status.last_error.startswith("LiteLLM refused this: ")
    assert "not-the-master" not in status.last_error
    assert status.gaps[0].reason is GapReason.UNANSWERED


async def test_a_second_that_litellm_answers_wrongly_does_not_hold_up_the_others(
    db: Database, litellm_database_url: str, ledger: LedgerService, service: UsageService, start: datetime
) -> None:
    audrey = await a_person(db, role=Role.AUDITOR)
    bad, good = (
        Call(start + timedelta(milliseconds=500), a_token()),
        [Call(start + n * HOUR, a_token()) for n in (-2, 1, 2)],
    )
    await write(litellm_database_url, [bad, *good])
    await _execute(
        litellm_database_url,
        'UPDATE spend_log SET content = content || \'{"spend": "much"}\' WHERE request_id = $1',
        bad.request_id,
    )
    assert await all_of_it(ledger) == 3
    assert await booked(db) == truth(good)
    status = await ledger.status(audrey)
    assert [(gap.start, gap.end, gap.reason) for gap in status.gaps] == [
        (start, start + timedelta(seconds=1), GapReason.UNANSWERED)
    ]
    assert "another shape" in str(status.gaps[0].error)
    assert status.last_error is None
    assert not (await service.compared(TimeRange(start - MINUTE, start + MINUTE))).complete
    assert (await service.compared(TimeRange(start + timedelta(seconds=1), start + HOUR))).complete

    await _execute(
        litellm_database_url,
        "UPDATE spend_log SET content = content || '{\"spend\": 0.001}' WHERE request_id = $1",
        bad.request_id,
    )
    assert await all_of_it(ledger) == 0, "it is not asked for all the time"
    async with db.write() as session:
        await session.execute(text("UPDATE ledger_slice SET due_at = now() WHERE passes = 0"))
    assert await all_of_it(ledger) == 1
    assert await booked(db) == truth([bad, *good])
    assert (await ledger.status(audrey)).gaps == []


async def test_what_litellm_writes_late_is_found_by_the_second_check(
    db: Database, litellm_database_url: str, ledger: LedgerService, start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "LATE", 6 * HOUR)
    await all_of_it(ledger)
    late = [Call(start + n * MINUTE, a_token()) for n in range(3)]
    await write(litellm_database_url, late)
    assert await all_of_it(ledger) == 0
    monkeypatch.setattr(reconciler, "LATE", HOUR)
    assert await all_of_it(ledger) == 3
    assert await booked(db) == truth(late)
    assert not [
        row for row in await rows(db, "SELECT * FROM ledger_slice") if row.passes == 1 and row.until < start + HOUR
    ]


async def test_other_numbers_are_shown_and_left_alone(
    db: Database, litellm_database_url: str, ledger: LedgerService, service: UsageService, start: datetime
) -> None:
    ada = await a_person(db, role=Role.ADMIN)
    calls = [Call(start + n * MINUTE, a_token()) for n in range(4)]
    await write(litellm_database_url, calls[:3])
    mine = [
        calls[0].record(spend=Decimal("0.0010000000000000000208")),  # a float's noise is no difference
        calls[1].record(spend=Decimal("0.002")),
        calls[2].record(total_tokens=31),
        calls[3].record(),  # LiteLLM was killed before it wrote this one
    ]
    await service.ingest(mine)
    before = await rows(db, "SELECT * FROM usage_event ORDER BY seq")
    await all_of_it(ledger)
    assert await rows(db, "SELECT * FROM usage_event ORDER BY seq") == before
    status = await ledger.status(ada)
    assert (status.mismatches, status.only_here, status.repaired) == (2, 1, 0)
    found = {row.call_id: row for row in status.examples}
    assert found.keys() == {calls[1].id, calls[2].id}
    assert (found[calls[1].id].problems, found[calls[1].id].spend, found[calls[1].id].their_spend) == (
        ["spend"],
        Decimal("0.002"),
        Decimal("0.001"),
    )
    assert (found[calls[2].id].problems, found[calls[2].id].their_total_tokens) == (["total_tokens"], 30)

    # LiteLLM corrects its row, and the next check finds nothing to say about it.
    await _execute(
        litellm_database_url,
        "UPDATE spend_log SET content = content || '{\"spend\": 0.002}' WHERE request_id = $1",
        calls[1].request_id,
    )
    await ledger.recheck(ada, TimeRange(start, start + HOUR))
    await all_of_it(ledger)
    status = await ledger.status(ada)
    assert [row.call_id for row in status.examples] == [calls[2].id]
    assert status.mismatches == 1


async def test_admins_have_a_time_checked_again(
    db: Database, litellm_database_url: str, ledger: LedgerService, service: UsageService, start: datetime
) -> None:
    ada, audrey = await a_person(db, role=Role.ADMIN), await a_person(db, role=Role.AUDITOR)
    await all_of_it(ledger)
    before = await rows(db, "SELECT * FROM ledger_slice ORDER BY start")
    wanted, now = TimeRange(start, start + MINUTE), datetime.now(UTC)
    for refused, actor, error in (
        (wanted, audrey, NotPermitted),
        (TimeRange(now + HOUR, now + 2 * HOUR), ada, InvalidInput),
        (TimeRange(now - 9 * DAY, now - 8 * DAY), ada, InvalidInput),
    ):
        with pytest.raises(error):
            await ledger.recheck(actor, refused)
    assert await rows(db, "SELECT * FROM ledger_slice ORDER BY start") == before
    assert await rows(db, "SELECT * FROM audit_entry") == []

    call = Call(start, a_token())
    await write(litellm_database_url, [call])
    assert await all_of_it(ledger) == 0
    opened = await ledger.recheck(ada, wanted)
    assert opened[0] <= wanted.start < wanted.end <= opened[1]
    assert not (await service.compared(wanted)).complete
    assert [entry.action for entry in await rows(db, "SELECT * FROM audit_entry")] == ["ledger.rechecked"]
    assert await all_of_it(ledger) == 1
    assert (await service.compared(wanted)).complete
    assert await booked(db) == truth([call])


async def test_history_is_imported_newest_first_with_progress_and_goes_on_after_a_stop(
    db: Database, line: Line, litellm_database_url: str, ledger: LedgerService, litellm: LiteLLM, service: UsageService
) -> None:
    audrey, now = await a_person(db, role=Role.AUDITOR), datetime.now(UTC).replace(microsecond=0)
    too_old = Call(now - 5 * DAY, a_token())
    calls = [Call(now - HOUR - n * HOUR, a_token()) for n in range(40)]
    await write(litellm_database_url, [*calls, too_old])
    await service.ingest([call.record() for call in calls[:10]])
    seen: list[tuple[float, int]] = []
    while True:
        await ledger.reconcile(seconds=0)  # one stretch
        status = await ledger.status(audrey)
        assert status.history is not None
        seen.append((status.history.done, status.history.imported))
        oldest = (await rows(db, "SELECT min(occurred_at) AS at FROM usage_event"))[0].at
        assert len(await rows(db, f"SELECT seq FROM usage_event WHERE occurred_at >= '{oldest}'")) == sum(
            call.at >= oldest - timedelta(seconds=1) for call in calls
        ), "no hole behind the oldest"
        if status.history.done == 1 or len(seen) > 200:
            break
        if len(seen) % 7 == 0:
            ledger = a_ledger(db, litellm, service)  # as after a restart
    assert seen == sorted(seen)
    assert seen[-1] == (1, 30)
    assert len(seen) > 5
    assert (status.repaired, status.imported) == (0, 30)
    assert sum(row.spend for row in status.repairs) == Decimal("0.030")
    assert status.history.ends_at is None
    assert await booked(db) == truth(calls)


async def test_a_longer_history_is_read_when_the_setting_says_so(
    db: Database, litellm_database_url: str, ledger: LedgerService, litellm: LiteLLM, service: UsageService
) -> None:
    call = Call(datetime.now(UTC).replace(microsecond=0) - 5 * DAY, a_token())
    await write(litellm_database_url, [call])
    assert await all_of_it(ledger) == 0
    assert await all_of_it(a_ledger(db, litellm, service, days=7)) == 1
    assert len(await rows(db, "SELECT start FROM ledger_slice")) <= 12, "about one row a day, and the last hour's"


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 20)


async def test_a_second_with_more_calls_than_a_page_is_read_whole(
    db: Database, litellm_database_url: str, ledger: LedgerService, start: datetime, small_pages: None
) -> None:
    """Some of their times are equal, so that each page may order them anew."""
    calls = [Call(start + timedelta(milliseconds=n % 100 * 10), a_token(), call_id=f"c{n}") for n in range(205)]
    await write(litellm_database_url, calls)
    assert await all_of_it(ledger) == 205
    assert await booked(db) == truth(calls)


@contextmanager
def dying(db: Database, line: Line, after: int) -> Iterator[None]:
    """Our process ends at this many statements, commits and requests from now."""
    left = [after]

    def burn(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Died

    names = ("before_cursor_execute", "after_cursor_execute", "commit")
    for name in names:
        event.listen(db.engine.sync_engine, name, burn)
    burning, line.burn = line.burn, burn  # type: ignore[method-assign]
    try:
        yield
    except Died:
        pass
    finally:
        line.burn = burning  # type: ignore[method-assign]
        for name in names:
            event.remove(db.engine.sync_engine, name, burn)


@pytest.mark.parametrize("seed", range(6))
async def test_lost_repeated_and_shuffled_callbacks_and_deaths_anywhere_leave_litellms_own_numbers(
    seed: int,
    db: Database,
    line: Line,
    litellm: LiteLLM,
    litellm_database_url: str,
    service: UsageService,
    small_pages: None,
) -> None:
    chance = random.Random(seed)
    now = datetime.now(UTC).replace(microsecond=0)
    people = [await a_person(db) for _ in range(2)]
    ours = [(await a_key(db, chance.choice(people), f"key {n}")).token_hash for n in range(3)]
    tokens = [*ours, a_token()]
    calls = [
        Call(
            now
            - timedelta(seconds=chance.choice((40, 90, 7_000, 7_001, 100_000)), milliseconds=chance.randrange(30_000)),
            chance.choice(tokens),
            call_id=f"{seed}-{n}",
            model=chance.choice(("small", "large")),
            success=chance.random() < 0.8,
            prompt_tokens=chance.randrange(1, 10_000),
            spend=chance.randrange(1, 10_000) * 1e-06,
            health_check=chance.random() < 0.05,
        )
        for n in range(150)
    ]
    late = [call for call in calls if chance.random() < 0.1]
    await write(litellm_database_url, [call for call in calls if call not in late])
    arriving = [call.record() for call in calls if not call.health_check for _ in range(chance.choice((0, 0, 1, 1, 2)))]
    chance.shuffle(arriving)
    deaths = 0
    while arriving or deaths < 40:
        size = chance.randrange(1, 12)
        batch, arriving = arriving[:size], arriving[size:]
        if batch:
            await service.ingest(batch)
        ledger = a_ledger(db, litellm, service)
        with dying(db, line, after=chance.randrange(1, 80)):
            await ledger.reconcile(seconds=0.2)
        deaths += 1
    await write(litellm_database_url, late)
    ada = await a_person(db, role=Role.ADMIN)
    ledger = a_ledger(db, litellm, service)
    await ledger.recheck(ada, TimeRange(now - 2 * DAY, now))
    await all_of_it(ledger)

    assert await booked(db) == truth(calls)
    assert not await sums_differ(db)
    assert (await service.compared(TimeRange(now - 2 * DAY + HOUR, now))).complete
    status = await ledger.status(ada)
    assert (status.mismatches, status.only_here, status.gaps) == (0, 0, [])


async def test_killed_at_every_step_it_goes_on_from_there(
    db: Database, database_url: str, litellm_database_url: str, service: UsageService
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    began = now - 30 * MINUTE
    calls = [Call(began + n * 2 * MINUTE, a_token()) for n in range(14)]
    async with db.write() as session:
        await session.execute(
            text(
                "INSERT INTO ledger_state (id, began_at, horizon, settle_seconds, history_days, failures)"
                " VALUES (1, :began, :began, 10, 0, 0)"
            ),
            {"began": began},
        )
    options = Options(database_url=litellm_database_url, master_key=MASTER_KEY, latency=0)
    async with proxy_on_port(options) as url:
        await write(litellm_database_url, calls)
        await service.ingest([call.record() for call in calls[::2]])
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.domains.usage.dying", database_url, url),
            cwd=Path(__file__).parents[3],
            stdout=asyncio.subprocess.PIPE,
        )
        printed = (await child.communicate())[0].decode().splitlines()
    steps = [line.split()[1] for line in printed if line[:1].isdecimal() and line.split()[1] in ("killed", "booked")]
    assert steps[-1] == "booked", printed
    assert steps.count("killed") > 20
    assert await booked(db) == truth(calls)
    assert not await sums_differ(db)
    assert (await service.compared(TimeRange(began, now))).complete


async def test_two_replicas_that_both_think_it_is_theirs_do_no_harm(
    db: Database, litellm: LiteLLM, litellm_database_url: str, service: UsageService, start: datetime
) -> None:
    calls = [Call(start + n * MINUTE, a_token()) for n in range(60)]
    await write(litellm_database_url, calls)
    await a_ledger(db, litellm, service).reconcile(seconds=0)
    await asyncio.gather(*(all_of_it(a_ledger(db, litellm, service)) for _ in range(3)))
    await all_of_it(a_ledger(db, litellm, service))
    assert await booked(db) == truth(calls)
    assert (await service.compared(TimeRange(start, start + 2 * HOUR))).complete


async def test_a_stretch_without_losses_costs_one_request(
    db: Database,
    line: Line,
    litellm_database_url: str,
    ledger: LedgerService,
    service: UsageService,
    start: datetime,
) -> None:
    ada = await a_person(db, role=Role.ADMIN)
    calls = [Call(start + timedelta(seconds=n), a_token()) for n in range(200)]
    await write(litellm_database_url, calls)
    await service.ingest([call.record() for call in calls])
    await all_of_it(ledger)
    await ledger.recheck(ada, TimeRange(start, start + HOUR))
    line.sent.clear()
    await ledger.reconcile(seconds=0)
    assert line.sent == ["/spend/logs/v2"]


async def test_people_who_are_no_admins_see_nothing_of_this(db: Database, ledger: LedgerService) -> None:
    alice: Actor = await a_person(db)
    with pytest.raises(NotPermitted):
        await ledger.status(alice)


async def _execute(url: str, statement: str, *values: Any) -> None:
    connection = await asyncpg.connect(url)
    try:
        assert await connection.execute(statement, *values) == "UPDATE 1"
    finally:
        await connection.close()
