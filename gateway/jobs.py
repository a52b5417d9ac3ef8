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
from typing import Any

import structlog
from sqlalchemy import text

from gateway.db import Database
from gateway.errors import UpstreamUnavailable
from gateway.services import Services

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """`every` is in seconds, between the end of one run and the start of the next."""

    name: str
    every: float
    run: Callable[[], Awaitable[Any]]
    one_replica: bool = True


def jobs(services: Services) -> list[Job]:
    return [
        Job("litellm-check", 5, services.catalog.check_litellm, one_replica=False),
        Job("catalog-sync", 30, services.catalog.sync),
        Job("keys-settle", 5, services.keys.settle),
        Job("keys-sweep", 300, services.keys.sweep),
        Job("subscriptions-expire", 3, services.subscriptions.expire),
        Job("quotas", 2, services.usage.settle_quotas),
        Job("quotas-sweep", 300, services.usage.settle_all_quotas),
        Job("key-expiries-announce", 600, services.notifications.announce_expiries),
        Job("sessions-purge", 3600, services.auth.forget_ended_sessions),
    ]


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """All jobs in the background until leaving."""
    all_jobs = jobs(services)
    # A pool of their own for the locks: jobs that all run at once would leave requests, and each other, no connection.
    locks = Database(services.db.url, pool_size=len(all_jobs))
    tasks = [asyncio.create_task(_repeat(locks, job), name=job.name) for job in all_jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await locks.close()


async def _repeat(db: Database, job: Job) -> None:
    while True:
        try:
            await run_once(db, job)
        except UpstreamUnavailable as error:
            log.warning("job_waits_for_litellm", job=job.name, error=str(error))
        except Exception:
            # A job must outlive whatever goes wrong in one run: a database that restarts, an answer that nobody expected.
            log.exception("job_failed", job=job.name)
        # Not all replicas at the same moment.
        await asyncio.sleep(job.every * random.uniform(0.9, 1.1))  # noqa: S311


async def run_once(db: Database, job: Job) -> bool:
    """Run the job now, unless it is running elsewhere. Returns whether it ran."""
    if not job.one_replica:
        await job.run()
        return True
    async with _lock(db, job.name) as held:
        if held:
            await job.run()
        return held


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
