"""How attacks are sent, by every way that there is, and what must be the same after them."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import websockets
from sqlalchemy import text

from tests.api.conftest import World
from tests.graphql import Client

EVENTS = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Answer:
    """`status` is HTTP's, or the code with which a socket was closed; None for one that stays open. `codes` are those of all errors."""

    status: int | None
    codes: set[str]
    data: Any = None


def _read(status: int | None, answer: dict[str, Any]) -> Answer:
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    return Answer(status, codes, answer.get("data"))


async def by_post(client: Client, request: Any) -> Answer:
    response = await client.http.post("/graphql", json=request)
    return _read(response.status_code, response.json())


async def by_get(client: Client, request: Any) -> Answer:
    """What a link or an image on another site could send."""
    parts = request if isinstance(request, dict) else {"query": json.dumps(request)}
    given = {name: part if isinstance(part, str) else json.dumps(part) for name, part in parts.items()}
    # An address has at most 64 KiB on its way; what is cut off here is refused all the same.
    address = str(httpx.QueryParams(given))[:30_000]
    response = await client.http.get(f"/graphql?{address}")
    return _read(response.status_code, response.json())


async def by_form(client: Client, request: Any) -> Answer:
    """What a form on another site could send."""
    response = await client.http.post("/graphql", data={"query": json.dumps(request)})
    return _read(response.status_code, response.json())


async def by_multipart(client: Client, request: Any) -> Answer:
    """As the GraphQL multipart request specification has uploads."""
    parts = {"operations": (None, json.dumps(request)), "map": (None, '{"0": ["variables.file"]}'), "0": ("a", b"x")}
    response = await client.http.post("/graphql", files=parts)
    return _read(response.status_code, response.json())


async def by_events(client: Client, request: Any) -> Answer:
    response = await client.http.post("/graphql", json=request, headers=EVENTS)
    if not response.headers["content-type"].startswith("text/event-stream"):
        return _read(response.status_code, response.json())
    _, _, data = response.text.partition("event: next\n")[2].partition("data: ")
    return _read(response.status_code, json.loads(data.partition("\n")[0]))


async def by_websocket(client: Client, request: Any) -> Answer:
    async with client.socket() as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": request}))
        try:
            message = json.loads(await socket.recv())
        except websockets.ConnectionClosed as closed:
            return Answer(closed.rcvd.code if closed.rcvd else None, set())
        payload = message["payload"]
        return _read(None, {"errors": payload} if message["type"] == "error" else payload)


TRANSPORTS: dict[str, Callable[[Client, Any], Awaitable[Answer]]] = {
    "POST": by_post,
    "events": by_events,
    "WebSocket": by_websocket,
}
# What is sent in another way is not looked at, whatever it is.
REFUSED = {
    "GET": (by_get, 405, "METHOD_NOT_ALLOWED"),
    "form": (by_form, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "multipart": (by_multipart, 415, "UNSUPPORTED_MEDIA_TYPE"),
}


async def everything(world: World) -> dict[str, list[str]]:
    """All rows of all tables, but the record itself and when somebody was last seen."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'audit_entry'"
    found: dict[str, list[str]] = {}
    async with world.portal.services.db.read() as session:
        for name in (await session.scalars(text(tables))).all():
            row = "to_jsonb(t) - 'last_seen_at' - 'last_used_at' - 'last_used_address'"
            found[name] = list(await session.scalars(text(f'SELECT ({row})::text FROM "{name}" t ORDER BY 1')))
    return found
