"""What is known of LiteLLM and of our own jobs."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.actor import Actor, Role
from gateway.db import Database, utc_now
from gateway.errors import NotPermitted
from gateway.keys import KeyService, NewKey
from gateway.litellm import Breaker, Circuit, LiteLLM, LiteLLMError, Verdict
from gateway.system import JobOutcome, SystemService
from gateway.system import service as system_service
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import execute
from tests.proxies import MASTER_KEY, Line


class Wire:
    """A LiteLLM that has nothing but a version."""

    def __init__(self) -> None:
        self.version: str | None = "1.108.5"
        self.cut = False
        self.now = 0.0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        if request.url.path.startswith("/health/readiness"):
            return httpx.Response(200, json={"status": "connected", "litellm_version": self.version})
        return httpx.Response(200, json="I'm alive!")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def system(db: Database, wire: Wire) -> AsyncIterator[SystemService]:
    breaker = Breaker(failures=2, clock=lambda: wire.now)
    async with LiteLLM("http://l", MASTER_KEY, transport=httpx.MockTransport(wire), breaker=breaker) as litellm:
        yield SystemService(db, litellm, KeyService(db, litellm))


async def test_nothing_is_known_before_the_first_check(system: SystemService) -> None:
    seen = system.litellm_status
    assert (seen.reachable, seen.checked_at, seen.version) == (True, None, None)
    assert (seen.judgement.verdict, seen.circuit) == (Verdict.UNKNOWN, Circuit.CLOSED)


@pytest.mark.parametrize(
    ("version", "verdict", "level"),
    [("1.108.5", Verdict.GOOD, "info"), ("1.82.8", Verdict.BAD, "error"), (None, Verdict.UNKNOWN, "warning")],
)
async def test_a_release_is_named_at_start(
    system: SystemService, wire: Wire, version: str | None, verdict: Verdict, level: str
) -> None:
    wire.version = version
    with capture_logs() as logs:
        await system.check_litellm()
        await system.check_litellm()
    judgement = system.litellm_status.judgement
    assert (system.litellm_status.version, judgement.verdict) == (version, verdict)
    named = [line for line in logs if line["event"] == "litellm_version"]
    assert [(line["log_level"], line["version"], line["reason"]) for line in named] == [
        (level, version, judgement.reason)
    ]


async def test_the_release_is_read_again_when_litellm_came_back_and_every_few_minutes(
    system: SystemService, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.check_litellm()
    wire.version = "1.107.0"
    await system.check_litellm()
    assert system.litellm_status.version == "1.108.5"
    wire.cut = True
    await system.check_litellm()
    assert (system.litellm_status.reachable, system.litellm_status.version) == (False, "1.108.5")
    wire.cut = False
    with capture_logs() as logs:
        await system.check_litellm()
    assert (system.litellm_status.reachable, system.litellm_status.version) == (True, "1.107.0")
    assert [line["log_level"] for line in logs if line["event"] == "litellm_version"] == ["error"]
    wire.version = "1.108.6"
    monkeypatch.setattr(system_service, "READ_VERSION_EVERY", timedelta())
    await system.check_litellm()
    assert system.litellm_status.judgement.verdict is Verdict.GOOD


async def test_requests_that_fail_are_noticed_before_the_next_check(system: SystemService, wire: Wire) -> None:
    await system.check_litellm()
    wire.cut = True
    for _ in range(2):
        with pytest.raises(LiteLLMError):
            await system._litellm.models()
    assert (system.litellm_status.reachable, system.litellm_status.circuit) == (False, Circuit.OPEN)
    wire.cut = False
    await system.check_litellm()  # that it lives does not say that it works
    assert system.litellm_status.reachable is False
    wire.now, wire.version = 5.0, "1.82.7"  # after the pause the check itself finds out, and sees what came back
    await system.check_litellm()
    assert (system.litellm_status.reachable, system.litellm_status.circuit) == (True, Circuit.CLOSED)
    assert system.litellm_status.judgement.verdict is Verdict.BAD


async def test_a_jobs_last_run_is_remembered(db: Database, system: SystemService) -> None:
    ada, audrey, bob = [await a_person(db, role=role) for role in (Role.ADMIN, Role.AUDITOR, Role.USER)]
    began = utc_now()
    await system.job_ran("b", 300, began, JobOutcome.DONE, 3)
    await system.job_ran("a", 2, began, JobOutcome.DONE, None)
    await system.job_ran("b", 300, began, JobOutcome.WAITING, None)
    rows = await system.jobs(ada)
    assert [(row.name, row.outcome, row.count, row.every) for row in rows] == [
        ("a", JobOutcome.DONE, None, 2.0),
        ("b", JobOutcome.WAITING, None, 300.0),
    ]
    assert all(began == row.started_at <= row.finished_at for row in rows)
    assert await system.jobs(audrey) == rows
    for refused in (system.jobs, system.backlog):
        with pytest.raises(NotPermitted):
            await refused(bob)


async def test_the_backlog(db: Database, litellm: LiteLLM, line: Line) -> None:
    keys = KeyService(db, litellm)
    system, ada = SystemService(db, litellm, keys), await a_person(db, role=Role.ADMIN)
    alice = await _alice_with_a_model(db)
    made = await keys.create(*alice)
    backlog = await system.backlog(ada)
    assert (backlog.waiting, backlog.failing_since, backlog.drifted) == (0, None, 0)
    line.cut = True
    before = utc_now()
    await keys.block(alice[0], made.row.id)
    backlog = await system.backlog(ada)
    assert backlog.waiting == 1
    assert backlog.failing_since is not None
    assert before <= backlog.failing_since <= utc_now()
    since = backlog.failing_since
    await execute(db, "UPDATE api_key_generation SET settle_due_at = NULL")
    assert await keys.settle() == 0
    assert (await system.backlog(ada)).failing_since == since
    line.cut = False
    await execute(db, "UPDATE api_key_generation SET settle_due_at = NULL")
    assert await keys.settle() == 1
    backlog = await system.backlog(ada)
    assert (backlog.waiting, backlog.failing_since) == (0, None)
    await execute(db, """UPDATE api_key_generation SET drift = '{"rpm_limit": 5}'""")
    assert (await system.backlog(ada)).drifted == 1


async def _alice_with_a_model(db: Database) -> tuple[Actor, NewKey]:
    alice, model = await a_person(db), await a_model(db, "gpt-5-mini")
    await a_subscription(db, alice, model.id)
    return alice, NewKey(name="laptop", model_ids=[model.id])
