"""Looking at LiteLLM, and the verbs of the admin's system page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from gateway import keys, revision
from gateway.actor import Actor
from gateway.db import Database, table_of, utc_now
from gateway.errors import NotPermitted
from gateway.litellm import Circuit, Judgement, LiteLLM, LiteLLMError, Verdict, judge
from gateway.system.tables import JobOutcome, JobRun

log = structlog.get_logger()

_run = table_of(JobRun)

# A proxy is seldom replaced without having been away.
READ_VERSION_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class LiteLLMStatus:
    """What this process last saw. `checked_at` is None until LiteLLM was asked for the first time, `version` while it did not tell."""

    reachable: bool = True
    checked_at: datetime | None = None
    version: str | None = None
    judgement: Judgement = field(default_factory=lambda: judge(None))
    circuit: Circuit = Circuit.CLOSED


class SystemService:
    def __init__(self, db: Database, litellm: LiteLLM, of_keys: keys.KeyService) -> None:
        self._db, self._litellm, self._keys = db, litellm, of_keys
        self._seen = LiteLLMStatus()
        self._version_read_at: datetime | None = None

    @property
    def litellm_status(self) -> LiteLLMStatus:
        """As of the last check, and of whatever was asked since: requests that fail one after the other are noticed before it."""
        circuit = self._litellm.circuit
        seen = self._seen
        reachable = seen.reachable and circuit is Circuit.CLOSED
        return LiteLLMStatus(reachable, seen.checked_at, seen.version, seen.judgement, circuit)

    async def check_litellm(self) -> None:
        """Ask LiteLLM whether it is there and, when it came back and every few minutes, which release it is.

        After a pause of the circuit that question is the request that finds out, should nobody else have one.
        """
        try:
            await self._litellm.ping()
            reachable = True
        except LiteLLMError:
            reachable = False
        before = self._seen
        if reachable != before.reachable:
            log.warning("litellm_reachability_changed", reachable=reachable)
        version, judgement = before.version, before.judgement
        paused = self._litellm.circuit is not Circuit.CLOSED
        if reachable and (paused or not before.reachable or self._version_is_old()):
            version, judgement = await self._read_version(before)
        self._seen = LiteLLMStatus(reachable, utc_now(), version, judgement)

    def _version_is_old(self) -> bool:
        return self._version_read_at is None or utc_now() - self._version_read_at >= READ_VERSION_EVERY

    async def _read_version(self, before: LiteLLMStatus) -> tuple[str | None, Judgement]:
        try:
            version = await self._litellm.version()
        except LiteLLMError:
            return before.version, before.judgement
        judgement = judge(version)
        if self._version_read_at is None or version != before.version:
            tell = {Verdict.BAD: log.error, Verdict.UNKNOWN: log.warning}.get(judgement.verdict, log.info)
            tell("litellm_version", version=version, verdict=judgement.verdict, reason=judgement.reason)
        self._version_read_at = utc_now()
        return version, judgement

    async def backlog(self, actor: Actor) -> keys.Backlog:
        """What LiteLLM has not confirmed yet, and what differs there. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        return await self._keys.backlog()

    async def jobs(self, actor: Actor) -> Sequence[Row[Any]]:
        """Each job's last run, by name. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            return (await session.execute(select(_run).order_by(_run.c.name))).all()

    async def database_revision(self) -> str | None:
        """Which migration the database is at."""
        return (await revision.schema_of(self._db)).revision

    async def job_ran(
        self, name: str, every: float, started_at: datetime, outcome: JobOutcome, count: int | None
    ) -> None:
        """Remember a run that has just ended."""
        run = {"every": every, "started_at": started_at, "finished_at": utc_now(), "outcome": outcome, "count": count}
        async with self._db.write() as session:
            await session.execute(
                insert(_run).values(name=name, **run).on_conflict_do_update(index_elements=["name"], set_=run)
            )
