"""How this installation is."""

from datetime import datetime, timedelta
from typing import Any

import strawberry

import gateway
from gateway import litellm, system
from schema.context import Info
from schema.scalars import BigInt

VersionVerdict = litellm.Verdict
strawberry.enum(
    VersionVerdict,
    name="VersionVerdict",
    description="GOOD: nothing is known against this release. BAD: it must not be run. UNKNOWN: it does not say which it is.",
)
Circuit = litellm.Circuit
strawberry.enum(
    Circuit,
    name="CircuitState",
    description="CLOSED: requests are sent. OPEN: after several that failed in a row nothing is sent for some seconds. HALF_OPEN: the next "
    "one is tried, and decides.",
)
JobOutcome = system.JobOutcome
strawberry.enum(
    JobOutcome,
    description="DONE; WAITING: LiteLLM did not answer, and the next run tries again; FAILED: the log says why.",
)


@strawberry.type(description="LiteLLM, as the replica that answers has last seen it.")
class SystemLiteLLM:
    reachable: bool = strawberry.field(description="Whether it answers.")
    checked_at: datetime | None = strawberry.field(description="When it was last asked; null before the first time.")
    version: str | None = strawberry.field(description="Its version; null while it has not told.")
    verdict: VersionVerdict = strawberry.field(description="Whether this release may be run.")
    verdict_reason: str | None = strawberry.field(
        description="What is known against this release, or why nothing is known; null when it is GOOD."
    )
    circuit: Circuit = strawberry.field(description="Whether requests are sent to it at present.")


@strawberry.type(description="What LiteLLM has not confirmed yet.")
class Settlement:
    waiting: int = strawberry.field(
        description="Secrets of keys that LiteLLM has not confirmed as they should be: changed, blocked, to be deleted."
    )
    failing_since: datetime | None = strawberry.field(
        description="When the first attempt failed that none has made good since; null: none is failing."
    )


@strawberry.type(description="The last run of one of LiteMaaS's own jobs, on whichever replica.")
class JobRun:
    name: str = strawberry.field(description="Its name.")
    started_at: datetime = strawberry.field(description="When it last began.")
    finished_at: datetime = strawberry.field(description="When it last ended.")
    outcome: JobOutcome = strawberry.field(description="How it ended.")
    count: BigInt | None = strawberry.field(
        description="How many things it did or found, where it counts: keys settled, keys that differ."
    )
    next_at: datetime = strawberry.field(description="When it runs again, give or take a tenth of its interval.")

    @classmethod
    def of(cls, row: Any) -> "JobRun":
        return cls(
            name=row.name,
            started_at=row.started_at,
            finished_at=row.finished_at,
            outcome=row.outcome,
            count=None if row.count is None else BigInt(row.count),
            next_at=row.finished_at + timedelta(seconds=row.every),
        )


@strawberry.type(description="How this installation is.")
class System:
    version: str = strawberry.field(description="The version of LiteMaaS.")
    lite_llm: SystemLiteLLM = strawberry.field(name="liteLLM", description="LiteLLM, as it was last seen.")

    @strawberry.field(description="Which migration the database is at.")
    async def database_revision(self, info: Info) -> str | None:
        return await info.context.services.system.database_revision()

    @strawberry.field(description="What LiteLLM has not confirmed yet.")
    async def settlement(self, info: Info) -> Settlement:
        found = await info.context.services.system.backlog(info.context.actor)
        return Settlement(waiting=found.waiting, failing_since=found.failing_since)

    @strawberry.field(
        description="How many keys were changed in LiteLLM itself, as of the last run of the job `keys-sweep`."
    )
    async def drifted_keys(self, info: Info) -> int:
        return (await info.context.services.system.backlog(info.context.actor)).drifted

    @strawberry.field(description="LiteMaaS's own jobs that have run, by name. `keys-sweep` looks for drift.")
    async def jobs(self, info: Info) -> list[JobRun]:
        return [JobRun.of(row) for row in await info.context.services.system.jobs(info.context.actor)]

    @classmethod
    def of(cls, seen: system.LiteLLMStatus) -> "System":
        return cls(
            version=gateway.__version__,
            lite_llm=SystemLiteLLM(
                reachable=seen.reachable,
                checked_at=seen.checked_at,
                version=seen.version,
                verdict=seen.judgement.verdict,
                verdict_reason=seen.judgement.reason,
                circuit=seen.circuit,
            ),
        )
