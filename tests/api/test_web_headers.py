"""What browsers are told of each kind of answer."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from gateway.cli import uvicorn_config
from tests.api.conftest import World
from tests.portal import browser, portal, settings_of

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
}
# Of each kind of route one that answers, one that refuses, and what is not there.
KINDS = {
    "a page": ("GET", "/models", 200),
    "GraphiQL": ("GET", "/graphiql", 200),
    "an asset that is gone": ("GET", "/assets/gone.js", 404),
    "an address that is not there": ("GET", "/nothing.txt", 404),
    "a sign-in that was not begun": ("GET", "/auth/callback", 303),
    "a sign-out": ("POST", "/auth/logout", 303),
    "another site's form": ("POST", "/auth/logout", 403),
    "an export": ("GET", "/exports/me", 401),
    "the webhook": ("POST", "/webhooks/litellm", 401),
    "health": ("GET", "/healthz", 200),
    "readiness": ("GET", "/readyz", 200),
    "metrics": ("GET", "/metrics", 200),
    "the schema": ("GET", "/schema.graphql", 200),
    "a bad token": ("GET", "/exports/me", 401),
}
SENT = {
    "a page": {"Accept": "text/html"},
    "GraphiQL": {"Accept": "text/html"},
    "an address that is not there": {"Accept": "*/*"},
    "another site's form": {"Origin": "https://evil.test", "Cookie": "__Host-litemaas_session=x"},
    "a bad token": {"Authorization": "Bearer lmt_x"},
}


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    changes = {"PUBLIC_URL": "https://portal.test", "AUTH_PROVIDER": "oidc", "OIDC_ISSUER": "https://issuer.test"}
    app, services = portal(settings_of(database_url, **changes))
    async with browser(app, "https://portal.test") as made:
        yield made
    await services.db.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_answer_says_what_browsers_may_do_with_it(client: httpx2.AsyncClient, kind: str) -> None:
    method, path, status = KINDS[kind]
    response = await client.request(method, path, headers=SENT.get(kind, {}))
    # Pages may not be built where tests run: then they say so, under the same headers.
    assert response.status_code in ((status, 503) if kind in ("a page", "GraphiQL") else (status,))
    headers = response.headers
    assert {name: headers[name] for name in ALWAYS} == ALWAYS
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert "camera=(), " in headers["permissions-policy"]
    assert headers["cache-control"] == ("no-cache" if response.status_code == 200 and kind == "a page" else "no-store")
    assert "server" not in headers
    assert len(headers.get_list("content-security-policy")) == 1
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["script-src"] == policy["default-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["connect-src"] == "'self' wss://portal.test"
    assert re.fullmatch("'self' 'nonce-[A-Za-z0-9_-]{22}'" if kind == "GraphiQL" else "'self'", policy["style-src"])
    assert not any("*" in each or "http" in each or "unsafe" in each for each in policy.values())


@pytest.mark.asyncio(loop_scope="module")
async def test_answers_of_the_api_are_not_kept(shared_world: World) -> None:
    http = shared_world.alice.http
    query = {"query": "{ viewer { user { username } } }"}
    for answer, status in (
        (await http.post("/graphql", json=query), 200),
        (await shared_world.nobody.http.post("/graphql", json=query), 200),
        (await http.put("/graphql"), 405),
        (await http.get("/exports/me"), 200),
        (await http.get("/exports/usage", params={"format": "xml"}), 422),
    ):
        assert answer.status_code == status
        assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.asyncio(loop_scope="module")
async def test_live_results_are_not_kept(shared_world: World) -> None:
    headers = {"Accept": "text/event-stream", "X-LiteMaaS-Request": "1"}
    query = {"query": "subscription { usageChanged { position } }"}
    async with shared_world.alice.http.stream("POST", "/graphql", json=query, headers=headers) as response:
        assert response.headers["cache-control"] == "no-store"
        assert {name: response.headers[name] for name in ALWAYS} == ALWAYS


def test_the_server_does_not_say_what_it_is() -> None:
    config = uvicorn_config(object())
    config.load()
    assert [name for name, _ in config.encoded_headers] == []
