"""Callbacks that are lost and repeated, processes that die anywhere, and two that do the same: the numbers are LiteLLM's own."""

import asyncio
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from gateway.actor import Role
from gateway.db import Database
from gateway.litellm import LiteLLM
from gateway.sandbox.litellm import Options
from gateway.usage import TimeRange, UsageService
from tests.builders import a_person
from tests.domains.usage.ledger import a_key, sums_differ
from tests.domains.usage.reconciling import DAY, HOUR, MINUTE, a_ledger, all_of_it, booked, truth
from tests.domains.usage.spend_log import Call, a_token, write
from tests.proxies import MASTER_KEY, Died, Line, proxy_on_port


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
