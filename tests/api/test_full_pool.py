"""All connections to the database in use for longer than anybody waits: said as what it is, and over as soon as one is free."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest
import websockets
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from gateway.db import Database, utc_now
from tests.conftest import a_database
from tests.documents import CREATE_TOKEN
from tests.graphql import Portal, served
from tests.portal import sandbox_settings
from tests.ports import own_port

SIGNED = {"Authorization": "Bearer callback-5519-4471-x"}
MODELS = "{ models(first: 1) { edges { node { id } } } }"
SENTENCE = "LiteMaaS has too much to do at the moment. Try again in 2 s."
PLAIN = {"error": {"code": "DATABASE_BUSY", "message": SENTENCE}}
EXTENSIONS = {"code": "DATABASE_BUSY", "retryAfter": 2}
CALL = {
    "litellm_call_id": "c1",
    "status": "success",
    "startTime": 1735456805.25,
    "endTime": 1735456806.0,
    "model_group": "small",
    "call_type": "acompletion",
    "response_cost": 0.1,
}


@pytest.fixture
async def narrow(server_url: str, template: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Portal]:
    """With one connection, for which nobody waits long."""
    monkeypatch.setattr("gateway.services.Database", partial(Database, pool_size=1, pool_wait=0.2))
    port = own_port()
    async with (
        a_database(server_url, template) as url,
        served(sandbox_settings(url, port=port, public_url=f"http://127.0.0.1:{port}")) as portal,
    ):
        yield portal


def refusals() -> float:
    return REGISTRY.get_sample_value("litemaas_database_pool_refusals_total") or 0


async def test_who_asks_is_told_to_come_again(narrow: Portal) -> None:
    alice = await narrow.sign_in("alice")
    before = refusals()
    with capture_logs() as lines:
        async with narrow.services.db.engine.connect():
            operation = await alice.http.post("/graphql", json={"query": MODELS})
            page = await alice.http.get("/exports/me")
            callback = await alice.http.post("/webhooks/litellm", json=[CALL], headers=SIGNED)
            with pytest.raises(websockets.InvalidStatus) as handshake:
                await websockets.connect(
                    narrow.url.replace("http", "ws") + "/graphql",
                    subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
                    additional_headers={"Cookie": f"litemaas_session={alice.http.cookies['litemaas_session']}"},
                    origin=websockets.Origin(narrow.url),
                )
    assert operation.status_code == page.status_code == callback.status_code == 503
    assert handshake.value.response.status_code == 503
    assert operation.json() == {"errors": [{"message": SENTENCE, "extensions": EXTENSIONS}]}
    assert page.json() == PLAIN
    assert callback.json()["error"]["code"] == "LEDGER_UNAVAILABLE"
    assert [each.headers["retry-after"] for each in (operation, page, callback)] == ["2", "2", "2"]
    assert "www-authenticate" not in operation.headers
    assert refusals() - before == 4
    assert [line["event"] for line in lines].count("database.pool_full") == 4
    assert not any("exc_info" in line for line in lines)

    assert "errors" not in await alice.post(MODELS)
    assert (await alice.http.get("/exports/me")).status_code == 200
    again = await alice.http.post("/webhooks/litellm", json=[CALL], headers=SIGNED)
    assert (again.status_code, again.json()["stored"]) == (200, 1), "what was refused was not booked"


async def test_within_an_operation_or_a_route(narrow: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller was found out while there was a connection."""
    alice = await narrow.sign_in("alice")
    auth = narrow.services.auth
    actor = await auth.actor(alice.http.cookies["litemaas_session"])

    async def found(token: str) -> object:
        return actor

    monkeypatch.setattr(auth, "actor", found)
    with capture_logs() as lines:
        async with narrow.services.db.engine.connect():
            answer = await alice.post(MODELS)
            page = await alice.http.get("/exports/me")
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]) == (SENTENCE, EXTENSIONS)
    assert (page.status_code, page.json(), page.headers["retry-after"]) == (503, PLAIN, "2")
    assert not any("exc_info" in line for line in lines)
    assert "errors" not in await alice.post(MODELS)


async def test_a_token_in_a_sockets_first_message(narrow: Portal) -> None:
    """Whose it is can't be found out, so the socket is closed with the code after which clients come again; then it is good."""
    alice = await narrow.sign_in("alice")
    wanted = {"name": "Program", "scopes": ["READ"], "expiresAt": (utc_now() + timedelta(days=1)).isoformat()}
    made = await alice.execute(CREATE_TOKEN, {"input": wanted})
    first = {"type": "connection_init", "payload": {"Authorization": f"Bearer {made['createAccessToken']['secret']}"}}

    async def connected() -> websockets.ClientConnection:
        return await websockets.connect(
            narrow.url.replace("http", "ws") + "/graphql",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
            origin=websockets.Origin(narrow.url),
        )

    with capture_logs() as lines:
        async with narrow.services.db.engine.connect(), await connected() as socket:
            await socket.send(json.dumps(first))
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, SENTENCE)
    assert not any("exc_info" in line for line in lines)
    async with await connected() as socket:
        await socket.send(json.dumps(first))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
