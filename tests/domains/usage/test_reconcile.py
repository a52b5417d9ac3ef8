"""The ledger beside LiteLLM's spend log: what is lost comes back, once, and it is known what was compared."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.errors import InvalidInput, NotPermitted
from gateway.usage import LedgerService, TimeRange, UsageService
from gateway.usage.reconcile import service as reconciler
from tests.builders import a_person
from tests.domains.usage.ledger import a_key, rows, sums_differ
from tests.domains.usage.reconciling import DAY, HOUR, MINUTE, SETTLE, all_of_it, booked, execute, truth
from tests.domains.usage.spend_log import Call, a_token, write
from tests.proxies import Line


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
    await execute(
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
