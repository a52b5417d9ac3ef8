"""A spend log that can't be read, or not all of it: what is not known is said, asked for again, and holds up nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gateway.actor import Role
from gateway.db import Database
from gateway.litellm import LiteLLM
from gateway.usage import GapReason, LedgerService, TimeRange, UsageService
from tests.builders import a_person
from tests.domains.usage.ledger import rows
from tests.domains.usage.reconciling import DAY, HOUR, MINUTE, a_ledger, all_of_it, booked, execute, truth
from tests.domains.usage.spend_log import Call, a_token, write
from tests.proxies import Line


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
    await execute(
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

    await execute(
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
