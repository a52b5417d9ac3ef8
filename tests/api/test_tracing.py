"""Traces as a collector gets them: what hangs on what, what spans say, and what they never do."""

import os
import subprocess
import sys
from typing import Any

import httpx
import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import tracing
from gateway.jobs import Job, run_once
from gateway.litellm import LiteLLM, LiteLLMUnavailable
from gateway.logs import configure_logging
from gateway.settings import Settings, TracingSettings
from tests.api.conftest import World, a_world
from tests.api.test_auth_oidc import GRACE
from tests.api.test_first_call import subscribed_key
from tests.api.test_metrics import document_id
from tests.collectors import Collector, Told, collecting
from tests.documents import CREATE, LIVE
from tests.issuers import CLIENT_SECRET, OidcIssuer, serving
from tests.portal import SESSION, browser, environment, portal, restored_logging, settings_of
from tests.ports import own_port
from tests.proxies import MASTER_KEY

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
PAGE = ("ModelsPageQuery", {"first": 2, "filter": {"search": "gpt-5-mini"}, "orderBy": "NAME"})


def traced(collector: Collector, *trusted: str) -> Any:
    def adapt(settings: Settings) -> Settings:
        web = settings.web.model_copy(update={"trusted_proxies": trusted})
        return settings.model_copy(update={"web": web, "tracing": TracingSettings(base=collector.url)})

    return adapt


async def page(world: World, **headers: str) -> httpx.Response:
    name, variables = PAGE
    body = {"query": document_id(name), "variables": variables}
    response = await world.alice.http.post("/graphql", json=body, headers=headers)
    assert "errors" not in response.json()
    return response


async def test_one_request_from_the_router_to_the_tables(server_url: str, template: str) -> None:
    with collecting() as collector:
        async with a_world(server_url, template, adapt=traced(collector, "127.0.0.0/8")) as world:
            answer = await page(world, **TRACEPARENT)
        spans = [span for span in collector.spans if span.trace == TRACE]
        (request,) = (span for span in spans if span.parent == PARENT)
        name, children = collector.tree(request)
        assert name == "POST /graphql"
        assert ("database read", []) in children, "who is asking"
        (operation,) = (each for each in children if each[0].startswith("query"))
        assert operation[0] == "query ModelsPageQuery"
        loads = [each for each in operation[1] if each[0].startswith("load ")]
        assert ("load subscription_of_model", [("database read", [])]) in loads
        assert (request.kind, request.attributes) == (
            "SERVER",
            {
                "http.request.method": "POST",
                "http.route": "/graphql",
                "http.response.status_code": 200,
                "litemaas.request_id": answer.headers["x-request-id"],
            },
        )
        asked = collector.named("query ModelsPageQuery")
        assert (asked.kind, asked.failed, asked.attributes) == (
            "INTERNAL",
            False,
            {
                "graphql.operation.type": "query",
                "graphql.operation.name": "ModelsPageQuery",
                "litemaas.request_id": answer.headers["x-request-id"],
                "litemaas.outcome": "done",
            },
        )
        assert {span.kind for span in spans if span.name.startswith("database")} == {"CLIENT"}
        assert collector.resource["service.name"] == "litemaas"


async def test_a_stranger_begins_no_trace_for_us(server_url: str, template: str) -> None:
    with collecting() as collector:
        async with a_world(server_url, template, adapt=traced(collector, "192.0.2.0/24")) as world:
            await page(world, **TRACEPARENT)
            await world.nobody.http.get("/healthz")
        assert TRACE not in {span.trace for span in collector.spans}
        (asked,) = (span for span in collector.spans if span.name == "query ModelsPageQuery")
        (request,) = (span for span in collector.spans if span.id == asked.parent)
        assert (request.name, request.parent) == ("POST /graphql", "")
        assert not any("healthz" in span.name for span in collector.spans)


async def test_no_secret_and_nothing_that_people_wrote(server_url: str, template: str) -> None:
    with collecting() as collector:
        async with a_world(server_url, template, adapt=traced(collector)) as world:
            made = await subscribed_key(world.alice)
            session = world.alice.http.cookies[SESSION]
            wrong = {"input": {"name": "planted-name", "modelIds": ["planted-id"], "maxBudget": "planted-budget"}}
            assert "errors" in await world.alice.post(CREATE.replace("mutation(", "mutation planted_operation("), wrong)
            for bearer in ("lmt_planted0planted0", "sk-planted-planted"):
                assert "errors" in await world.portal.bearer(bearer).post("{ viewer { __typename } }")
            await world.nobody.http.get("/auth/callback?code=planted-code&state=planted-state")
            await world.nobody.http.get("/planted-path?planted-query=1", headers={"X-Request-ID": "sk-planted-id"})
            await world.nobody.http.post("/webhooks/litellm", headers={"X-Callback-Secret": "planted-secret"})
            async with world.alice.subscribe(LIVE) as ticks:
                await anext(ticks)
        told = b"".join(collector.bodies)
        assert b"planted" not in told
        for secret in (made["secret"], made["apiKey"]["id"], session, MASTER_KEY, "laptop", "gpt-5-mini", "alice"):
            assert secret.encode() not in told
        names = {span.name for span in collector.spans}
        assert {
            *("GET /auth/callback", "POST /webhooks/litellm", "mutation other", "subscription other", "event other"),
            *("database transaction", "LiteLLM POST /user/new", "LiteLLM POST /key/generate"),
        } <= names
        failed = [span for span in collector.spans if span.name == "mutation other" and span.failed]
        assert [span.attributes["litemaas.outcome"] for span in failed] == ["failed"]
        for event in (span for span in collector.spans if span.name == "event other"):
            assert event.parent == ""


async def test_litellm_is_told_of_the_trace() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.method == "POST":
            raise httpx.ConnectError("planted", request=request)
        return httpx.Response(404, json={"error": {"message": "planted"}})

    litellm = LiteLLM("http://litellm.test:4000", "sk-planted-master", transport=httpx.MockTransport(answer))
    with collecting() as collector:
        async with litellm:
            async with tracing.exporting(f"{collector.url}/v1/traces"):
                with tracing.span("ours"):
                    assert await litellm.key_info("planted-token") is None
                    with pytest.raises(LiteLLMUnavailable):
                        await litellm.block_key("planted-token")
            assert await litellm.key_info("planted-token") is None
        ours, asked, blocked = (
            collector.named(name) for name in ("ours", "LiteLLM GET /key/info", "LiteLLM POST /key/block")
        )
        assert asked.parent == blocked.parent == ours.id
        assert asked.attributes == {
            "server.address": "litellm.test",
            "http.request.method": "GET",
            "url.template": "/key/info",
            "http.response.status_code": 404,
            "error.type": "LiteLLMRefused",
        }
        assert blocked.attributes["error.type"] == "LiteLLMUnavailable"
        assert blocked.failed
        said = [request.headers.get("traceparent", "").split("-")[1:3] for request in seen]
        assert said == [[asked.trace, asked.id], [blocked.trace, blocked.id], []]
        assert b"planted" not in b"".join(collector.bodies)


async def test_a_sign_in_at_an_issuer(database_url: str) -> None:
    issuer = OidcIssuer(person=dict(GRACE))
    with collecting() as collector, serving(issuer.app()) as issuer.url:
        tracing_of = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        app, services = portal(settings_of(database_url, OIDC_ISSUER=issuer.url, **tracing_of))
        async with browser(app) as somebody, httpx2.AsyncClient() as elsewhere:
            async with tracing.exporting(str(services.settings.tracing.endpoint)):
                departure = (await somebody.get("/auth/login")).headers["location"]
                back = (await elsewhere.get(departure)).headers["location"]
                assert (await somebody.get(back)).headers["location"] == "/"
                session = somebody.cookies[SESSION]
        await services.db.close()
        _, children = collector.tree(collector.named("GET /auth/callback"))
        assert [child[0] for child in children if child[0].startswith("issuer")] == [
            "issuer GET /.well-known/openid-configuration",
            "issuer GET jwks_uri",
            "issuer POST token_endpoint",
        ]
        told = b"".join(collector.bodies)
        code = back.partition("code=")[2].partition("&")[0]
        for secret in (session, code, CLIENT_SECRET, "grace", issuer.authorizations[0]["state"]):
            assert secret.encode() not in told


async def test_a_job_is_a_trace_of_its_own(db: Any) -> None:
    async def read() -> int:
        async with db.read():
            return 7

    async def break_down() -> None:
        raise ValueError("planted")

    with collecting() as collector:
        async with tracing.exporting(f"{collector.url}/v1/traces"):
            with tracing.span("somebody"):
                await run_once(db, Job("counting", 1, read))
                with pytest.raises(ValueError, match="planted"):
                    await run_once(db, Job("breaking", 1, break_down, one_replica=False))
        job = collector.named("job counting")
        assert (job.parent, collector.tree(job)) == ("", ("job counting", [("database read", [])]))
        broken = collector.named("job breaking")
        assert (broken.failed, broken.attributes) == (True, {"error.type": "ValueError"})
        assert b"planted" not in b"".join(collector.bodies)


async def test_lines_of_the_log_name_the_trace(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    import structlog

    async def odd(request: Request) -> Response:
        structlog.get_logger("ours").warning("odd")
        return Response()

    with collecting() as collector, restored_logging():
        configure_logging(pretty=False)
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        app, services = portal(settings_of(database_url, **endpoint), Route("/odd", odd))
        async with browser(app) as somebody:
            await somebody.get("/odd")
            async with tracing.exporting(str(services.settings.tracing.endpoint)):
                await somebody.get("/odd")
        await services.db.close()
        without, with_it = (json.loads(line) for line in capsys.readouterr().err.splitlines() if '"odd"' in line)
        assert "trace_id" not in without
        request: Told = collector.named("GET /odd")
        assert (with_it["trace_id"], with_it["span_id"]) == (request.trace, request.id)
        assert with_it["request_id"] == request.attributes["litemaas.request_id"]


async def test_a_collector_that_is_away_keeps_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    async with tracing.exporting(f"http://127.0.0.1:{own_port()}/v1/traces"):
        with tracing.span("lost"):
            pass


WITHOUT = """
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Nothing())
import gateway.app
from gateway.cli import main
main()
"""


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ({}, "The database in DATABASE_URL does not answer: "),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
            "LiteMaaS can't start with these settings:\n"
            "  OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry, which is not installed: install `litemaas[otel]`\n",
        ),
    ],
)
def test_the_product_needs_no_opentelemetry(variable: dict[str, str], says: str) -> None:
    env = environment(DATABASE_URL=f"postgresql://x@127.0.0.1:{own_port()}/x", **variable)
    command = [sys.executable, "-c", WITHOUT, "serve"]
    ended = subprocess.run(command, env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith(says)
