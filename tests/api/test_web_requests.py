"""What every request goes through: ids, headers, limits, origins, sessions, and errors without details."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import websockets
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gateway.errors import UpstreamUnavailable
from gateway.services import Services
from gateway.web import MAX_BODY
from tests.issuers import serving
from tests.portal import ORIGIN, SESSION, browser, portal, sandbox_settings, settings_of

FOREIGN = "https://evil.test"
OURS = {"X-LiteMaaS-Request": "1"}


async def echo(request: Request) -> Response:
    return JSONResponse({"bytes": len(await request.body()), "id": request.state.request_id})


async def broken(request: Request) -> Response:
    raise RuntimeError("the password is hunter2")


async def upstream(request: Request) -> Response:
    raise UpstreamUnavailable


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    actor = websocket.state.actor
    await websocket.send_text(json.dumps(actor and actor.username))
    await websocket.close()


ROUTES = (
    Route("/echo", echo, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    Route("/webhooks/echo", echo, methods=["POST"]),
    Route("/broken", broken),
    Route("/upstream", upstream),
    WebSocketRoute("/socket", socket),
)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[tuple[httpx2.AsyncClient, Services]]:
    app, services = portal(sandbox_settings(database_url), *ROUTES)
    async with browser(app) as client:
        yield client, services
    await services.db.close()


@pytest.fixture
def client(world: tuple[httpx2.AsyncClient, Services]) -> httpx2.AsyncClient:
    return world[0]


@pytest.fixture
async def alice(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    await client.post("/auth/sandbox", data={"username": "alice"})
    assert SESSION in client.cookies
    return client


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, False),
        ({"Origin": FOREIGN}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": ORIGIN + ".evil.test"}, False),
        ({"Origin": ORIGIN + ":8080"}, False),
        ({"Origin": ORIGIN.replace("http:", "https:")}, False),
        ({"Origin": "http://localhost:8080"}, False),  # of this machine, but the request went elsewhere
        ({"Referer": ORIGIN + "/"}, False),
        ({"X-LiteMaaS-Request": "0"}, False),
        ({"Origin": ORIGIN}, True),
        (OURS, True),
        (OURS | {"Origin": FOREIGN}, True),  # no other site can make a browser send the header
    ],
    ids=str,
)
async def test_only_our_own_pages_change_anything_with_a_session(
    alice: httpx2.AsyncClient, headers: dict[str, str], passes: bool
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = await alice.request(method, "/echo", headers=headers)
        if passes:
            assert (response.status_code, response.json()["bytes"]) == (200, 0), method
        else:
            assert (response.status_code, response.json()["error"]["code"]) == (403, "CSRF_REFUSED"), method
            assert "X-LiteMaaS-Request" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 200), ({"Origin": ORIGIN}, 200), ({"Origin": FOREIGN}, 403), ({"Origin": "null"}, 403)]
)
async def test_without_a_session_only_another_site_is_refused(
    client: httpx2.AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await client.post("/echo", headers=headers)).status_code == status


async def test_reading_is_open_to_every_origin(alice: httpx2.AsyncClient) -> None:
    assert (await alice.get("/echo", headers={"Origin": FOREIGN})).status_code == 200
    assert (await alice.get("/whoami", headers={"Origin": FOREIGN})).json()["username"] == "alice"


async def test_another_site_signs_nobody_in_or_out(alice: httpx2.AsyncClient) -> None:
    headers = {"Origin": FOREIGN}
    assert (await alice.post("/auth/logout", headers=headers)).status_code == 403
    assert (await alice.post("/auth/sandbox", data={"username": "ada"}, headers=headers)).status_code == 403
    assert (await alice.get("/whoami")).json()["username"] == "alice"


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
async def test_in_the_sandbox_this_machine_has_several_names(alice: httpx2.AsyncClient, host: str) -> None:
    async def post(**headers: str) -> int:
        cookie = {"Cookie": f"{SESSION}={alice.cookies[SESSION]}"}
        return (await alice.post("/echo", headers={"Host": host, **headers} | cookie)).status_code

    assert await post(Origin=f"http://{host}") == 200
    assert await post(Origin="http://localhost:9999") == 403
    assert await post(Origin=FOREIGN) == 403


async def test_elsewhere_it_has_one(database_url: str) -> None:
    app, services = portal(settings_of(database_url), *ROUTES)
    async with browser(app) as client:
        headers = {"Host": "localhost:8080", "Origin": "http://localhost:8080", "Cookie": f"{SESSION}=x"}
        assert (await client.post("/echo", headers=headers)).status_code == 403
    await services.db.close()


async def test_a_site_that_points_its_name_here_is_still_another_site(alice: httpx2.AsyncClient) -> None:
    headers = {"Host": "evil.test:8080", "Origin": "http://evil.test:8080"}
    assert (await alice.post("/echo", headers=headers)).status_code == 403


async def test_websockets_know_their_caller_and_their_origin(database_url: str) -> None:
    app, services = portal(sandbox_settings(database_url), *ROUTES)
    token = await services.auth.sign_in_by_name("alice")

    async def connect(url: str, origin: str | None, cookie: str | None) -> Any:
        headers = {"Cookie": f"other=1; {SESSION}={cookie}"} if cookie else {}
        async with websockets.connect(url, origin=origin, additional_headers=headers) as connection:
            return json.loads(await connection.recv())

    await services.db.close()  # the server's thread has a loop, and so connections, of its own
    with serving(app) as origin:
        url = origin.replace("http", "ws") + "/socket"
        assert await connect(url, ORIGIN, token) == "alice"
        assert await connect(url, origin, token) == "alice", "under the name that the browser knows"
        assert await connect(url, None, token) == "alice", "a program"
        assert await connect(url, ORIGIN, None) is None
        assert await connect(url, ORIGIN, "A" * 43) is None
        for stranger in (FOREIGN, "null", "http://localhost:1"):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await connect(url, stranger, token)
            assert refused.value.response.status_code == 403
            assert json.loads(refused.value.response.body)["error"]["code"] == "CSRF_REFUSED"


@pytest.mark.parametrize(
    "cookie", ["A" * 43, "", '"', "\x01", "A" * 4000, "../../etc/passwd", "' OR 1=1 --"], ids=ascii
)
async def test_a_made_up_session_is_nobody(client: httpx2.AsyncClient, cookie: str) -> None:
    response = await client.get("/whoami", headers={"Cookie": f"{SESSION}={cookie}; x=y"})
    assert (response.status_code, response.json()) == (200, None)


async def test_every_answer_carries_an_id_of_its_request(client: httpx2.AsyncClient) -> None:
    first, second = await client.get("/echo"), await client.get("/echo")
    assert len(first.headers["x-request-id"]) == 32
    assert first.headers["x-request-id"] == first.json()["id"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_the_id_of_a_caller_is_kept_if_it_looks_like_one(client: httpx2.AsyncClient) -> None:
    kept = await client.get("/echo", headers={"X-Request-Id": "trace-0af7651916cd43dd"})
    assert kept.headers["x-request-id"] == kept.json()["id"] == "trace-0af7651916cd43dd"
    for odd in ("short", "a" * 129, "abcdefgh<script>", "abcdefgh ijkl"):
        assert (await client.get("/echo", headers={"X-Request-Id": odd})).headers["x-request-id"] != odd


async def test_what_breaks_is_masked(client: httpx2.AsyncClient) -> None:
    response = await client.get("/broken")
    assert response.status_code == 500
    assert response.json() == {
        "error": {
            "code": "INTERNAL_SERVER_ERROR",
            "message": "Something went wrong on our side.",
            "requestId": response.headers["x-request-id"],
        }
    }
    assert "hunter2" not in response.text + str(response.headers)
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_known_errors_have_codes(client: httpx2.AsyncClient) -> None:
    told = await client.get("/upstream")
    assert (told.status_code, told.json()["error"]["code"]) == (503, "UPSTREAM_UNAVAILABLE")
    missing = await client.get("/no/such/thing", headers={"Accept": "*/*"})
    assert missing.status_code == 404
    assert missing.json() == {"error": {"code": "NOT_FOUND", "message": "Not Found."}}
    assert (await client.post("/no/such/thing")).status_code == 404
    wrong = await client.post("/healthz")
    assert wrong.status_code in (404, 405)
    assert wrong.headers["content-type"] == "application/json"


async def test_a_large_body_is_refused_whether_announced_or_not(client: httpx2.AsyncClient) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        for start in range(0, size, 65536):
            yield b"x" * min(65536, size - start)

    assert (await client.post("/echo", content=b"x" * MAX_BODY)).json()["bytes"] == MAX_BODY
    assert (await client.post("/echo", content=chunks(MAX_BODY))).json()["bytes"] == MAX_BODY
    for body in (b"x" * (MAX_BODY + 1), chunks(MAX_BODY + 1), b"x" * 10_000_000):
        response = await client.post("/echo", content=body)
        assert response.status_code == 413
        assert response.json() == {
            "error": {"code": "PAYLOAD_TOO_LARGE", "message": "The request's body is too large."}
        }
    assert (await client.post("/webhooks/echo", content=b"x" * (MAX_BODY + 1))).json()["bytes"] == MAX_BODY + 1


async def test_pages_may_load_nothing_from_elsewhere(client: httpx2.AsyncClient) -> None:
    response = await client.get("/echo")
    policy = dict(part.strip().partition(" ")[::2] for part in response.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self' ws://portal.test",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "object-src": "'none'",
    }
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in response.headers


async def test_graphiql_s_editor_may_style_itself_with_a_nonce(client: httpx2.AsyncClient) -> None:
    policy = (await client.get("/graphiql")).headers["content-security-policy"]
    assert re.search("style-src 'self' 'nonce-[^']{22}'; font-src 'self' data:; worker-src 'self' blob:$", policy)
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
