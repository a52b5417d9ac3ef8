"""Secrets of every kind, planted in requests and in what is raised under them: none of them comes out, whichever way."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import websockets
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway import jobs
from gateway.catalog import CatalogService
from gateway.keys import KeyService
from gateway.logs import configure_logging
from gateway.usage import UsageService
from tests.api.conftest import WEBHOOK_SECRET, World, a_world
from tests.api.test_auth_oidc import GRACE
from tests.api.test_first_call import subscribed_key
from tests.api.test_tracing import traced
from tests.collectors import collecting
from tests.documents import CREATE
from tests.issuers import CLIENT_SECRET, OidcIssuer, serving
from tests.portal import SESSION, browser, environment, portal, restored_logging, sandbox_settings, settings_of
from tests.proxies import MASTER_KEY

MARK = "xyzzy"  # in every secret, and nowhere else
_REQUEST = httpx.Request(
    "POST",
    f"http://litellm:4000/key/info?key=sk-{MARK}Key0001",
    headers={"Authorization": f"Bearer sk-{MARK}Master01", "Cookie": f"litemaas_session={MARK}-cookie"},
    content=f'{{"key": "sk-{MARK}Key0001"}}',
)
PLANTED = (
    f"Authentication Error, LiteLLM Virtual Key expected. Received=sk-{MARK}Master01",
    f"sent {_REQUEST.content!r} with {_REQUEST.headers.raw!r} to {_REQUEST.url}",
    f"lmt_{MARK}0000000000 is no token; Authorization: Bearer lmt_{MARK}0000000000",
    f"GET /whoami Cookie: __Host-litemaas_session={MARK}; theme=dark",
    f"headers: {[(b'cookie', f'litemaas_sign_in={MARK}'.encode()), (b'x-callback-secret', MARK.encode())]!r}",
    f"POST https://issuer/token grant_type=authorization_code&code_verifier={MARK}&client_secret={MARK}",
    f"https://litemaas.example.com/auth/callback?code={MARK}&state={MARK}",
    f"answer {json.dumps({'access_token': MARK, 'id_token': f'eyJ{MARK}000.{MARK}.{MARK}', 'refresh_token': MARK})}",
    f"basic auth: Authorization: Basic bGl0ZW1hYXM6{MARK}",
    f"can't connect to postgresql+asyncpg://litemaas:{MARK}@db:5432/litemaas or host=db user=litemaas password={MARK}",
    f"Error 111 connecting to rediss://:{MARK}@valkey:6379/0 or to redis://gateway:{MARK}@valkey:6379",
    f"the cluster's token sha256~{MARK}-{MARK}",
    f"a session {MARK}Zf8mK1_vT0bYxE5RjH2sLwPdNcGuAi7oQe9tX on its own",
    f"the known ones: {MASTER_KEY}, {WEBHOOK_SECRET}, a1b2c3d4e5f6071829304a5b6c7d8e9f",
)
KNOWN = (MASTER_KEY, WEBHOOK_SECRET, "a1b2c3d4e5f6071829304a5b6c7d8e9f")


class Planted(RuntimeError):
    """Says all of it; its cause is an error of httpx' that carries the request."""


def fail(*_: Any, **__: Any) -> Any:
    local_secret = f"only-in-a-local-variable-{MARK}"
    try:
        raise httpx.HTTPStatusError(PLANTED[0], request=_REQUEST, response=httpx.Response(401, request=_REQUEST))
    except httpx.HTTPStatusError as error:
        raise Planted("\n".join(PLANTED), len(local_secret)) from error


async def fail_later(*_: Any, **__: Any) -> Any:
    fail()


def assert_clean(where: str, *texts: str) -> None:
    for said in texts:
        for secret in (MARK, *KNOWN):
            found = said.find(secret)
            assert found < 0, f"{where}: …{said[max(0, found - 80) : found + 40]}…"


@pytest.fixture(autouse=True)
def _logging(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    with restored_logging():
        configure_logging(pretty=False)
        yield


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The log so far, which is all JSON and has no secret in it."""
    written = capsys.readouterr()
    assert_clean("log", written.out, written.err)
    return [json.loads(line) for line in written.err.splitlines()]


async def recorded(world: World) -> str:
    async with world.portal.services.db.read() as session:
        return str((await session.execute(text("SELECT to_jsonb(e) FROM audit_entry e"))).all())


async def test_what_is_raised_under_graphql(
    server_url: str, template: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with collecting() as collector:
        async with a_world(server_url, template, adapt=traced(collector)) as world:
            monkeypatch.setattr(CatalogService, "page", fail_later)
            monkeypatch.setattr(KeyService, "create", fail_later)
            monkeypatch.setattr(UsageService, "changes", fail)
            answers = [
                await world.alice.post("{ models(first: 1) { totalCount } }"),
                await world.alice.post(CREATE, {"input": {"name": "n", "modelIds": []}}),
            ]
            for answer in answers:
                assert [each["extensions"]["code"] for each in answer["errors"]] == ["INTERNAL_SERVER_ERROR"]
            async with world.alice.subscribe("subscription { usageChanged { asOf } }") as refusals:
                answers.append({"errors": await anext(refusals)})
            assert_clean("answer", json.dumps(answers))
            assert_clean("metrics", (await world.nobody.http.get("/metrics")).text)
            assert_clean("record", await recorded(world))
        assert_clean("span", b"".join(collector.bodies).decode("latin-1"))
    told = [line for line in lines(capsys) if line["event"] == "unexpected_error"]
    assert len(told) == 3
    for line in told:
        assert "Authentication Error, LiteLLM Virtual Key expected" in line["exception"]
        assert {"request_id", "actor", "operation"} <= line.keys()


async def test_what_is_raised_under_a_route(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def broken(request: Request) -> Response:
        return fail()  # type: ignore[no-any-return]

    app, services = portal(sandbox_settings(database_url), Route("/broken", broken))
    async with browser(app) as somebody:
        answer = await somebody.get("/broken")
        assert answer.status_code == 500
        assert_clean("answer", answer.text, str(answer.headers))
        assert_clean("metrics", (await somebody.get("/metrics")).text)
    await services.db.close()
    (line,) = lines(capsys)
    assert (line["event"], line["request_id"]) == ("request_failed", answer.headers["x-request-id"])


async def test_what_is_raised_in_a_job(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jobs, "jobs", lambda _: [jobs.Job("planted", 3600, fail_later, one_replica=False)])
    async with jobs.running(world.portal.services):
        found: list[dict[str, Any]] = []
        while not found:
            await asyncio.sleep(0)
            found = [line for line in lines(capsys) if line["event"] == "job_failed"]
    assert [line["job"] for line in found] == ["planted"]


async def test_what_callers_bring(server_url: str, template: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In every place of a request. What was wrong with it is answered, without what it had."""
    with collecting() as collector:
        async with a_world(server_url, template, adapt=traced(collector)) as world:
            answers = await ask_wrongly(world)
            assert {status for status, _ in answers} >= {200, 401, 404, 422}
            assert_clean("answer", *(said for _, said in answers))
            assert_clean("metrics", (await world.nobody.http.get("/metrics")).text)
            assert_clean("record", await recorded(world))
        assert_clean("span", b"".join(collector.bodies).decode("latin-1"))
    lines(capsys)


async def ask_wrongly(world: World) -> list[tuple[int, str]]:
    """(status, headers and body) of each answer."""
    key = f"sk-{MARK}Key0001"
    token = f"lmt_{MARK}{'0' * 37}"
    documents: list[tuple[str, dict[str, Any]]] = [
        (f"query lmt_{MARK}000 {{ lmt_{MARK}000 }}", {}),
        (CREATE, {"input": {"name": key, "modelIds": [key], "maxBudget": key}}),
        (CREATE, {"input": {"name": "n", "modelIds": [key], "clientMutationId": key}}),
        ("query($s: String!) { admin { findLeakedApiKey(secret: $s) { __typename } } }", {"s": {"a": key}}),
        (f'{{ node(id: "{key}") {{ id }} }}', {}),
    ]
    http = world.alice.http
    named = {"X-Request-ID": key}  # which the record of what was refused keeps
    made = [
        await http.post("/graphql", json={"query": query, "variables": given}, headers=named)
        for query, given in documents
    ]
    made.append(await http.post("/graphql", content=f'{{"query": "{key}'.encode()))
    for bearer in (key, token, f"sha256~{MARK}{MARK}"):
        program = world.portal.bearer(bearer).http
        made.append(await program.post("/graphql", json={"query": "{ viewer { __typename } }"}))
        await program.aclose()
    nobody = world.nobody.http
    planted = {
        "X-Request-ID": key,
        "User-Agent": token,
        "Cookie": f"{SESSION}={MARK}-cookie",
        "Referer": f"http://x/?token={key}",
    }
    made += [
        await nobody.get(f"/exports/{key}?token={token}", headers=planted),
        await nobody.get(f"/auth/callback?code={MARK}&state={MARK}&error_description={key}", headers=planted),
        await nobody.post("/auth/sandbox", data={"username": token}, headers=planted),
        await nobody.post("/webhooks/litellm", headers={"X-Callback-Secret": f"{MARK}-secret"}, json=[]),
        await nobody.post(
            "/webhooks/litellm",
            headers={"Authorization": f"Bearer {WEBHOOK_SECRET}"},
            json=[{"id": key, "startTime": key, "metadata": {"user_api_key": key}, "messages": [MARK]}],
        ),
    ]
    origin = websockets.Origin(world.portal.url)
    address = world.portal.url.replace("http", "ws", 1) + "/graphql"
    protocols = [websockets.Subprotocol("graphql-transport-ws")]
    closed = []
    for first in ({"Authorization": f"Bearer {token}"}, {"Authorization": key}):
        async with websockets.connect(address, origin=origin, subprotocols=protocols) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": first}))
            with pytest.raises(websockets.ConnectionClosed) as ended:
                await socket.recv()
            closed.append((401, str(ended.value)))
    return [(answer.status_code, str(answer.headers) + answer.text) for answer in made] + closed


async def test_what_an_issuer_says(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    class Echoing(OidcIssuer):
        async def token(self, request: Request) -> Response:
            form = (await request.body()).decode()
            said = f"{form} with {request.headers['authorization']}; {PLANTED[5]} {PLANTED[6]}"
            return JSONResponse({"error": "invalid_grant", "error_description": said}, 400)

    issuer = Echoing(person=dict(GRACE))
    with serving(issuer.app()) as issuer.url:
        app, services = portal(settings_of(database_url, OIDC_ISSUER=issuer.url))
        async with browser(app) as somebody, httpx.AsyncClient() as elsewhere:
            departure = (await somebody.get("/auth/login")).headers["location"]
            back = (await elsewhere.get(departure)).headers["location"]
            answer = await somebody.get(back, headers={"Accept": "application/json"})
        await services.db.close()
    assert answer.json()["error"]["code"] == "SIGN_IN_REFUSED"
    ((code, asked),) = issuer.codes.items()
    (line,) = (line for line in lines(capsys) if line["event"] == "issuer_refused")
    for secret in (code, asked["state"], CLIENT_SECRET):
        assert secret not in answer.text + json.dumps(line)


async def test_what_the_database_says(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parameters and rows hold what people wrote."""
    await subscribed_key(world.alice)

    async def collide(*_: Any) -> None:
        async with world.portal.services.db.write() as session:
            name = {"name": f"{MARK} of mine"}
            await session.execute(text("UPDATE api_key SET status = 'NONE', name = :name"), name)

    async def confuse(*_: Any) -> None:
        await world.portal.services.db.fetch("SELECT $1::int", f"{MARK} of mine")

    for broken in (collide, confuse):
        monkeypatch.setattr(CatalogService, "facets", broken)
        refused = await world.alice.refused("{ modelFacets { providers { __typename } } }")
        assert refused["code"] == "INTERNAL_SERVER_ERROR"
    said = [line["exception"] for line in lines(capsys) if line["event"] == "unexpected_error"]
    assert ["CheckViolation" in said[0], "DataError" in said[1]] == [True, True]


CRASH = """
import asyncio, gc, sys, threading, warnings
from gateway.cli import main
from tests.api.test_secrets import fail, fail_later

class Unraisable:
    def __del__(self):
        fail()

@main.command("crash")
def crash(how: str) -> None:
    if how == "thread":
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    elif how == "unraisable":
        Unraisable()
    elif how == "warning":
        try:
            fail()
        except RuntimeError as error:
            warnings.warn(str(error))
    elif how == "task":
        async def forget():
            task = asyncio.ensure_future(fail_later())
            await asyncio.sleep(0)
            del task
            gc.collect()
        asyncio.run(forget())
    else:
        fail()

main()
"""


@pytest.mark.parametrize("how", ["main", "thread", "unraisable", "warning", "task"])
def test_what_a_crash_leaves(how: str) -> None:
    """The settings' own secrets are known before anything can crash with them."""
    env = environment(LITELLM_MASTER_KEY=MASTER_KEY, LITELLM_WEBHOOK_SECRET=WEBHOOK_SECRET)
    script = f"from gateway.settings import load_settings\nload_settings()\n{CRASH}"
    command = [sys.executable, "-c", script, "crash", how]
    ended = subprocess.run(command, env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True)
    assert ended.returncode == (1 if how == "main" else 0), ended.stderr
    assert_clean("crash", ended.stdout, ended.stderr)
    assert "Authentication Error, LiteLLM Virtual Key expected" in ended.stderr
    for line in ended.stderr.splitlines():
        assert json.loads(line)["level"] in ("critical", "warning", "error")


def test_the_test_would_find_them() -> None:
    with pytest.raises(AssertionError, match="log: "):
        assert_clean("log", PLANTED[3])
    for planted in PLANTED:
        assert MARK in planted or all(secret in planted for secret in KNOWN)
    with pytest.raises(Planted) as raised:
        fail()
    assert all(planted in str(raised.value.args[0]) for planted in PLANTED)
    assert logging.getLogger().handlers, "what is looked at is what is written"
