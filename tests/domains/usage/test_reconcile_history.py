"""A spend log from before LiteMaaS, and one that is long."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gateway.actor import Role
from gateway.db import Database
from gateway.litellm import LiteLLM
from gateway.usage import LedgerService, UsageService
from tests.builders import a_person
from tests.domains.usage.ledger import rows
from tests.domains.usage.reconciling import DAY, HOUR, a_ledger, all_of_it, booked, truth
from tests.domains.usage.spend_log import Call, a_token, write
from tests.proxies import Line


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
    older = await rows(db, "SELECT start FROM ledger_slice WHERE until < now() - interval '2 hours'")
    assert len(older) <= 9, "about one row a day"


async def test_a_second_with_more_calls_than_a_page_is_read_whole(
    db: Database, litellm_database_url: str, ledger: LedgerService, start: datetime, small_pages: None
) -> None:
    """Some of their times are equal, so that each page may order them anew."""
    calls = [Call(start + timedelta(milliseconds=n % 100 * 10), a_token(), call_id=f"c{n}") for n in range(205)]
    await write(litellm_database_url, calls)
    assert await all_of_it(ledger) == 205
    assert await booked(db) == truth(calls)
