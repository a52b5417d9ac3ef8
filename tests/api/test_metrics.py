"""/metrics as Prometheus reads it: what an operation, LiteLLM, a job and the tables leave there. And what a line of the log says."""

import json
from pathlib import Path

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from gateway import jobs
from gateway.errors import UpstreamUnavailable
from gateway.system.figures import KEEP
from schema.operations import Operations
from tests.api.conftest import World
from tests.api.test_first_call import call, subscribed_key
from tests.documents import LIVE
from tests.graphql import Client

ROOT = Path(__file__).parents[2]
Series = dict[tuple[str, ...], float]
DOCUMENTS: dict[str, str] = json.loads((ROOT / "frontend" / "operations.json").read_text())


def document_id(name: str) -> str:
    return next(f"sha256:{id}" for id, document in DOCUMENTS.items() if document.startswith(f"query {name}("))


async def told(client: Client) -> Series:
    """Each series: its name, then its labels as name=value, by name."""
    answer = await client.http.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
async def before(world: World) -> Series:
    return await told(world.nobody)


async def test_operations_are_counted_by_the_pages_names(world: World, before: Series) -> None:
    variables = {"first": 20, "filter": {}, "orderBy": "NAME"}
    assert "errors" not in await world.alice.post(document_id("ModelsPageQuery"), variables)
    assert "errors" in await world.alice.post(document_id("ModelsPageQuery"), {"first": "many"})
    assert "errors" not in await world.alice.post("query Mine { viewer { user { username } } }")
    assert "errors" in await world.alice.post("query Wrong { nothing }")
    assert "errors" in await world.alice.post("sha256:0000")
    after = await told(world.nobody)
    grown = {
        labels[1:]: value - before.get(labels, 0)
        for labels, value in after.items()
        if labels[0] == "litemaas_graphql_operations_total"
    }
    assert {labels: value for labels, value in grown.items() if value} == {
        ("operation=ModelsPageQuery", "outcome=done"): 1,
        ("operation=ModelsPageQuery", "outcome=failed"): 1,
        ("operation=other", "outcome=done"): 1,
        ("operation=other", "outcome=failed"): 2,
    }
    assert not any("Mine" in label or "Wrong" in label for labels in after for label in labels)
    assert after[("litemaas_graphql_operation_seconds_count", "operation=ModelsPageQuery")] >= 2
    rows = ("litemaas_graphql_loader_batch_rows_count",)
    assert after[rows] > before[rows]
    batches = ("litemaas_graphql_loader_seconds_count", "loader=subscription_of_model")
    assert after[batches] - before.get(batches, 0) == 1


async def test_a_subscription_is_counted_when_it_has_begun(world: World, before: Series) -> None:
    async with world.alice.subscribe(LIVE) as ticks:
        await anext(ticks)
    async with world.alice.subscribe("subscription { nothing }") as refusals:
        await anext(refusals)
    after = await told(world.nobody)
    assert after[("litemaas_bus_listening",)] == 1
    for outcome in ("done", "failed"):
        counted = ("litemaas_graphql_operations_total", "operation=other", f"outcome={outcome}")
        assert after[counted] - before.get(counted, 0) == 1
    timed = ("litemaas_graphql_operation_seconds_count", "operation=other")
    assert after[timed] == before.get(timed, 0), "it lasts as long as somebody listens"


async def test_how_late_a_call_is_told_is_measured(world: World, before: Series) -> None:
    secret = (await subscribed_key(world.alice))["secret"]
    assert (await call(world, secret)).status_code == 200
    count = ("litemaas_webhook_delivery_lag_seconds_count",)
    while (await told(world.nobody))[count] == before[count]:
        pass


async def test_requests_to_litellm_are_counted_by_route(world: World, before: Series) -> None:
    await subscribed_key(world.alice)
    after = await told(world.nobody)
    made = ("litemaas_litellm_requests_total", "outcome=answered", "route=/key/generate")
    assert after[made] - before.get(made, 0) == 1
    timed = ("litemaas_litellm_request_seconds_count", "route=/key/generate")
    assert after[timed] - before.get(timed, 0) == 1
    routes = {label for labels in after if labels[0].startswith("litemaas_litellm_requests") for label in labels[1:]}
    assert not any("?" in route or "sk-" in route or route.count("/") > 3 for route in routes)


async def test_figures_are_those_of_the_tables(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.system.figures.KEEP", KEEP * 0)
    await subscribed_key(world.alice)
    async with world.portal.services.db.write() as session:
        await session.execute(text("UPDATE app_user SET disabled_at = now() WHERE username = 'audrey'"))
    figures = await told(world.nobody)
    assert figures[("litemaas_people", "state=enabled")] == 3
    assert figures[("litemaas_people", "state=disabled")] == 1
    assert figures[("litemaas_api_keys", "status=active")] == 1
    assert figures[("litemaas_api_keys", "status=revoked")] == 0
    assert figures[("litemaas_subscriptions", "status=active")] == 1
    assert figures[("litemaas_pending_requests", "kind=subscription")] == 0
    assert figures[("litemaas_keys_waiting",)] == 0
    assert figures[("litemaas_keys_failing_seconds",)] == 0
    assert figures[("litemaas_database_up",)] == 1
    assert figures[("litemaas_database_pool_size",)] == 10
    async with world.portal.services.db.write() as session:
        await session.execute(text("ALTER TABLE app_user RENAME TO app_user_away"))
    try:
        figures = await told(world.nobody)
    finally:
        async with world.portal.services.db.write() as session:
            await session.execute(text("ALTER TABLE app_user_away RENAME TO app_user"))
    assert figures[("litemaas_database_up",)] == 0
    assert figures[("litemaas_people", "state=enabled")] == 3, "what was known last"


async def test_figures_are_kept_for_a_while(world: World) -> None:
    first = await world.portal.services.figures.figures()
    assert await world.portal.services.figures.figures() is first


async def test_runs_of_jobs_are_counted(world: World, before: Series) -> None:
    async def good() -> int:
        return 3

    async def bad() -> None:
        raise RuntimeError

    async def waiting() -> None:
        raise UpstreamUnavailable

    ran = {"good": good, "bad": bad, "waiting": waiting}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "jobs", lambda _: [jobs.Job(name, 3600, run) for name, run in ran.items()])
        async with jobs.running(world.portal.services):
            while len(await _runs(world)) < 3:
                pass
    after = await told(world.nobody)
    for name, outcome in (("good", "done"), ("bad", "failed"), ("waiting", "waiting")):
        assert after[("litemaas_job_runs_total", f"name={name}", f"outcome={outcome}")] == 1
        assert after[("litemaas_job_seconds_count", f"name={name}")] == 1
    succeeded = [labels[1] for labels in after.keys() - before.keys() if "last_success" in labels[0]]
    assert succeeded == ["name=good"]


async def _runs(world: World) -> list[str]:
    async with world.portal.services.db.read() as session:
        return list((await session.execute(text("SELECT name FROM job_run"))).scalars())


async def test_a_line_of_the_log_says_whose_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, object]] = []
    public = Operations.public

    def listening(self: Operations, *arguments: object) -> list[dict[str, object]]:
        seen.append(structlog.contextvars.get_contextvars())
        return public(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Operations, "public", listening)
    await world.alice.post(document_id("ModelsPageQuery"), {"first": "many"})
    (line,) = seen
    async with world.portal.services.db.read() as session:
        alice = (await session.execute(text("SELECT id FROM app_user WHERE username = 'alice'"))).scalar_one()
    assert (line["operation"], line["actor"]) == ("ModelsPageQuery", alice)
    assert len(str(line["request_id"])) == 32
