"""What runs by itself, and how often.

Most jobs need one runner among all replicas: whoever gets the job's advisory lock. It is tried anew each time and belongs to a session of
the database, so a replica that dies lets go of it.
"""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Summary
from sqlalchemy import text

from gateway import tracing
from gateway.db import Database, PoolFull, utc_now
from gateway.errors import UpstreamUnavailable
from gateway.services import Services
from gateway.system import JobOutcome

log = structlog.get_logger()

_runs = Counter("litemaas_job_runs", "Runs of a job on this replica.", ["name", "outcome"])
_seconds = Summary("litemaas_job_seconds", "Time that a run of a job took on this replica.", ["name"])
_succeeded_at = Gauge(
    "litemaas_job_last_success_timestamp_seconds",
    "When a job last came to its end on this replica, in seconds since 1970; the newest of all replicas counts.",
    ["name"],
)


@dataclass(frozen=True)
class Job:
    """`every` is in seconds, between the end of one run and the start of the next."""

    name: str
    every: float
    run: Callable[[], Awaitable[Any]]
    one_replica: bool = True


@dataclass(frozen=True)
class Ran:
    """`count` is what the job returned, if that is a number."""

    outcome: JobOutcome
    count: int | None = None


def jobs(services: Services) -> list[Job]:
    return [
        Job("litellm-check", 5, services.system.check_litellm, one_replica=False),
        Job("catalog-sync", 30, services.catalog.sync),
        Job("keys-settle", 5, services.keys.settle),
        Job("keys-sweep", 300, services.keys.sweep),
        Job("subscriptions-expire", 3, services.subscriptions.expire),
        Job("quotas", 2, services.usage.settle_quotas),
        Job("usage-speeds", 2, services.usage.settle_speeds),
        Job("usage-blocks", 60, services.usage.fold_sums),
        Job("usage-order", 60, services.usage.arrange_sums),
        Job("usage-partitions", 3600, services.usage.prepare_partitions),
        Job("usage-retention", 3600, services.usage.retain),
        Job("quotas-sweep", 300, services.usage.settle_all_quotas),
        Job("notices", 3, services.notifications.announce_events),
        Job("notices-sweep", 600, services.notifications.announce_missed_events),
        Job("ledger-reconcile", 5, services.ledger.reconcile),
        Job("ledger-observe", 15, services.ledger.observe, one_replica=False),
        Job("key-expiries-announce", 600, services.notifications.announce_expiries),
        Job("audit-seal", 2, services.audit.seal),
        Job("audit-retention", 3600, services.audit.retain),
        Job("roles-refresh", 60, services.auth.refresh_roles),
        Job("roles-lapse", 30, services.auth.lapse_roles),
        Job("privacy-retention", 3600, services.privacy.retain),
        Job("sessions-purge", 3600, services.auth.forget_ended_sessions),
    ]


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """All jobs in the background until leaving."""
    all_jobs = jobs(services)
    # A pool of their own for the locks: jobs that all run at once would leave requests, and each other, no connection.
    locks = Database(services.db.url, pool_size=len(all_jobs))
    tasks = [asyncio.create_task(_repeat(services, locks, job), name=job.name) for job in all_jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await locks.close()


async def _repeat(services: Services, locks: Database, job: Job) -> None:
    structlog.contextvars.bind_contextvars(job=job.name)
    while True:
        started_at = utc_now()
        try:
            ran = await run_once(locks, job)
        except UpstreamUnavailable as error:
            log.warning("job_waits_for_litellm", error=str(error))
            ran = Ran(JobOutcome.WAITING)
        except PoolFull:  # put down by the pool
            ran = Ran(JobOutcome.FAILED)
        except Exception:
            # A job must outlive whatever goes wrong in one run: a database that restarts, an answer that nobody expected.
            log.exception("job_failed")
            ran = Ran(JobOutcome.FAILED)
        if ran is not None:
            _measure(job, started_at, ran.outcome)
            try:
                await services.system.job_ran(job.name, job.every, started_at, ran.outcome, ran.count)
            except Exception as error:
                log.warning("job_run_not_remembered", error=type(error).__name__)
        # Not all replicas at the same moment.
        await asyncio.sleep(job.every * random.uniform(0.9, 1.1))  # noqa: S311


async def run_once(db: Database, job: Job) -> Ran | None:
    """Run the job now, unless it is running elsewhere: then None. Raises whatever the job raises."""
    if not job.one_replica:
        return await _run(job)
    async with _lock(db, job.name) as held:
        return await _run(job) if held else None


def _measure(job: Job, started_at: datetime, outcome: JobOutcome) -> None:
    ended_at = utc_now()
    _runs.labels(job.name, outcome.lower()).inc()
    _seconds.labels(job.name).observe((ended_at - started_at).total_seconds())
    if outcome is JobOutcome.DONE:
        _succeeded_at.labels(job.name).set(ended_at.timestamp())


async def _run(job: Job) -> Ran:
    with tracing.span(f"job {job.name}", root=True):
        result = await job.run()
    return Ran(JobOutcome.DONE, result if isinstance(result, int) else None)


@asynccontextmanager
async def _lock(db: Database, name: str) -> AsyncIterator[bool]:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    async with db.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        held = bool((await connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": number})).scalar_one())
        try:
            yield held
        finally:
            if held:
                # If the connection is gone, so is the lock.
                with contextlib.suppress(Exception):
                    await connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": number})
