"""The pages, and what machines ask for: health, readiness, metrics, the schema."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware

from gateway.db import utc_now
from gateway.ratelimit import Draw, Rate
from gateway.services import Services
from gateway.system import LiteLLMStatus
from gateway.web import frontend
from gateway.web.middleware import HeaderMiddleware
from tests.portal import SDL, browser, portal, sandbox_settings, settings_of

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[tuple[httpx2.AsyncClient, Services]]:
    app, services = portal(sandbox_settings(database_url))
    async with browser(app) as client:
        yield client, services
    await services.db.close()


@pytest.fixture
def client(world: tuple[httpx2.AsyncClient, Services]) -> httpx2.AsyncClient:
    return world[0]


@pytest.fixture
def services(world: tuple[httpx2.AsyncClient, Services]) -> Services:
    return world[1]


async def test_a_living_process_says_so(client: httpx2.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_ready_names_each_part(
    client: httpx2.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def parts() -> tuple[int, dict[str, str]]:
        response = await client.get("/readyz")
        return response.status_code, response.json()["parts"]

    well = {"database": "ok", "migrations": "ok", "litellm": "ok", "events": "ok"}
    assert await parts() == (200, {**well, "litellm": "unknown", "events": "unavailable"})
    monkeypatch.setattr(services.bus, "listening", True)
    monkeypatch.setattr(services.system, "_seen", LiteLLMStatus(reachable=True, checked_at=utc_now()))
    assert await parts() == (200, well)
    monkeypatch.setattr(services.system, "_seen", LiteLLMStatus(reachable=False, checked_at=utc_now()))
    assert await parts() == (200, {**well, "litellm": "unavailable"})


async def test_ready_tells_of_valkey_where_there_is_one(database_url: str, valkey_url: str) -> None:
    for url, state in ((valkey_url, "ok"), ("redis://127.0.0.1:9/0", "unavailable")):
        app, services = portal(settings_of(database_url, REDIS_URL=url))
        await services.buckets.take("somebody", [Draw("points", 1, Rate(10, 1))])
        async with browser(app) as client:
            response = await client.get("/readyz")
        assert (response.status_code, response.json()["parts"]["valkey"]) == (200, state)
        await services.buckets.close()
        await services.db.close()


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE alembic_version SET version_num = '0009'", "behind"),
        ("DROP TABLE alembic_version", "behind"),
        ("UPDATE alembic_version SET version_num = 'later', works_from = 'later'", "ahead"),
    ],
)
async def test_a_database_without_our_schema_is_not_ready(
    client: httpx2.AsyncClient, services: Services, statement: str, word: str
) -> None:
    async with services.db.write() as session:
        await session.execute(text(statement))
    response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "parts": {"database": "ok", "migrations": word, "litellm": "unknown", "events": "unavailable"},
    }


async def test_a_database_of_the_next_release_is_good_enough(client: httpx2.AsyncClient, services: Services) -> None:
    async with services.db.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    response = await client.get("/readyz")
    assert (response.status_code, response.json()["parts"]["migrations"]) == (200, "ok")


async def test_without_a_database_nothing_is_ready_and_nothing_is_told() -> None:
    app, services = portal(sandbox_settings("postgresql://secretive:hunter2@127.0.0.1:9/litemaas"))
    async with browser(app) as client:
        response = await client.get("/readyz")
        assert (await client.get("/healthz")).status_code == 200
    await services.db.close()
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "parts": {"database": "unavailable", "migrations": "unknown", "litellm": "unknown", "events": "unavailable"},
    }


async def test_the_schema_is_text(client: httpx2.AsyncClient) -> None:
    response = await client.get("/schema.graphql")
    assert (response.status_code, response.text) == (200, SDL)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


async def test_requests_are_counted_by_route_and_not_by_path(client: httpx2.AsyncClient) -> None:
    async def counted() -> dict[tuple[str, str, str], float]:
        families = text_string_to_metric_families((await client.get("/metrics")).text)
        return {
            (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
            for family in families
            for sample in family.samples
            if sample.name == "litemaas_http_requests_total"
        }

    before = await counted()
    for path in ("/healthz", "/healthz", "/a", "/b", "/c"):
        await client.get(path, headers={"Accept": "*/*"})
    await client.request("INVENTED", "/d")
    after = await counted()
    grown = {labels: value - before.get(labels, 0) for labels, value in after.items()}
    assert grown[("GET", "/healthz", "200")] == 2
    assert grown[("GET", "/{path:path}", "404")] == 3
    assert grown[("OTHER", "/{path:path}", "404")] == 1
    assert not any("/a" in labels or "INVENTED" in labels for labels in after)


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser in front of a built frontend."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>LiteMaaS</title>")
    (tmp_path / "graphiql.html").write_text('<meta property="csp-nonce" nonce="{{nonce}}">')
    (tmp_path / "theme.js").write_text("theme()")
    (tmp_path / "assets" / "index-BX1q.js").write_text("app();" * 1000)
    (tmp_path.parent / "outside.txt").write_text("outside")
    headers = Middleware(HeaderMiddleware, settings=settings_of("postgresql://db.test/litemaas"))
    app = Starlette(routes=frontend.routes([tmp_path / "missing", tmp_path]), middleware=[headers])
    async with browser(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/models", "/models/some:id?tab=use", "/keys/", "/sign-in", "/no/such/page"])
async def test_every_address_of_the_application_is_its_index(built: httpx2.AsyncClient, path: str) -> None:
    response = await built.get(path, headers=PAGE)
    assert (response.status_code, response.text) == (200, "<title>LiteMaaS</title>")
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_graphiql_is_a_page_of_its_own_with_another_nonce_each_time(built: httpx2.AsyncClient) -> None:
    nonces = set()
    for _ in range(3):
        response = await built.get("/graphiql", headers=PAGE)
        (nonce,) = re.findall("'nonce-([^']+)'", response.headers["content-security-policy"])
        assert response.text == f'<meta property="csp-nonce" nonce="{nonce}">'
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        nonces.add(nonce)
    assert len(nonces) == 3
    unusual = await built.get("/x/%2e%2e/graphiql", headers=PAGE)
    assert (unusual.status_code, unusual.text) == (200, '<meta property="csp-nonce" nonce="">')
    assert "style-src 'self'" in unusual.headers["content-security-policy"]
    assert "nonce" not in unusual.headers["content-security-policy"]


async def test_what_is_named_by_its_content_is_kept_for_ever_and_sent_small(built: httpx2.AsyncClient) -> None:
    response = await built.get("/assets/index-BX1q.js", headers={"Accept-Encoding": "gzip"})
    assert response.text == "app();" * 1000
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["content-type"].startswith("text/javascript")
    assert int(response.headers.get("content-length", 0)) < 6000


async def test_what_is_not_is_asked_for_again(built: httpx2.AsyncClient) -> None:
    response = await built.get("/theme.js")
    assert (response.text, response.headers["cache-control"]) == ("theme()", "no-cache")
    again = await built.get("/theme.js", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")


@pytest.mark.parametrize("path", ["/assets/gone-1234.js", "/assets/", "/favicon.ico", "/api/v1/models", "/theme.js/x"])
async def test_what_is_no_page_is_not_there(built: httpx2.AsyncClient, path: str) -> None:
    assert (await built.get(path, headers={"Accept": "*/*"})).status_code == 404


async def test_a_missing_asset_is_no_page_even_for_browsers(built: httpx2.AsyncClient) -> None:
    assert (await built.get("/assets/gone-1234.js", headers=PAGE)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../outside.txt", "/%2e%2e/outside.txt", "/assets/..%2f..%2foutside.txt", "//etc/passwd"]
)
async def test_nothing_outside_is_served(built: httpx2.AsyncClient, path: str) -> None:
    response = await built.get(path, headers={"Accept": "*/*"})
    assert response.status_code == 404
    assert "outside" not in response.text


async def test_pages_are_read_and_not_written(built: httpx2.AsyncClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await built.request(method, "/models", headers=PAGE)).status_code == 404


async def test_a_missing_build_is_said_in_words(tmp_path: Path) -> None:
    async with browser(Starlette(routes=frontend.routes([tmp_path]))) as client:
        for path in ("/", "/models", "/graphiql"):
            response = await client.get(path, headers=PAGE)
            assert response.status_code == 503
            assert response.text.startswith("The pages of LiteMaaS are not built. `make run` builds them")
        assert (await client.get("/assets/x.js", headers={"Accept": "*/*"})).status_code == 404
