"""LiteMaaS as an integrator meets it: served on a port, asked over HTTP and WebSocket, with a real session cookie.

async with served(settings) as portal:
    alice = await portal.sign_in("alice")
    data = await alice.execute("{ viewer { user { username } } }")
    async with alice.subscribe("subscription { usageChanged { totals { requests } } }") as ticks:
        first = await anext(ticks)
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
import websockets

from gateway.app import create_app
from gateway.services import Services
from gateway.settings import Settings


@dataclass
class Client:
    """Somebody who is signed in, or nobody."""

    http: httpx.AsyncClient
    tls: ssl.SSLContext | None = None

    async def post(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer, errors and all."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables or {}})
        answer: dict[str, Any] = response.json()
        return answer

    async def execute(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an operation that must succeed."""
        answer = await self.post(query, variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def refused(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """`extensions` of the only error of an operation that must fail."""
        answer = await self.post(query, variables)
        assert len(answer["errors"]) == 1, answer
        extensions: dict[str, Any] = answer["errors"][0]["extensions"]
        return extensions

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[websockets.ClientConnection]:
        """A graphql-transport-ws connection that has been acknowledged."""
        base = str(self.http.base_url).rstrip("/")
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers = {"Cookie": cookies, "Origin": base}
        if "authorization" in self.http.headers:
            headers["Authorization"] = self.http.headers["authorization"]
        async with websockets.connect(
            base.replace("http", "ws", 1) + "/graphql",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
            additional_headers=headers,
            ssl=self.tls,
        ) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            yield socket

    @asynccontextmanager
    async def subscribe(
        self, query: str, variables: dict[str, Any] | None = None
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The payloads of one subscription, each within ten seconds."""
        async with self.socket() as socket:
            payload = {"query": query, "variables": variables or {}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

            async def payloads() -> AsyncIterator[dict[str, Any]]:
                while True:
                    message = json.loads(await asyncio.wait_for(socket.recv(), 10))
                    if message["type"] == "ping":
                        await socket.send(json.dumps({"type": "pong"}))
                    elif message["type"] in ("next", "error"):
                        yield message["payload"]
                    else:
                        return

            yield payloads()


@dataclass
class Portal:
    url: str
    services: Services

    def nobody(self) -> Client:
        return Client(httpx.AsyncClient(base_url=self.url, headers={"X-LiteMaaS-Request": "1"}, timeout=30))

    def bearer(self, token: str) -> Client:
        """A program that shows this token."""
        headers = {"Authorization": f"Bearer {token}"}
        return Client(httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30))

    async def sign_in(self, username: str) -> Client:
        client = self.nobody()
        response = await client.http.post(
            "/auth/sandbox", data={"username": username}, headers={"Accept": "application/json"}
        )
        assert response.status_code == 200, response.text
        return client


@asynccontextmanager
async def on_port(app: Any, port: int = 0) -> AsyncIterator[str]:
    """The application served by uvicorn in this loop; gives its URL."""
    config = uvicorn.Config(
        app,
        port=port,
        log_level="warning",
        proxy_headers=False,
        ws_max_size=1024 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells no other way
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def served(settings: Settings, *, run_jobs: bool = False) -> AsyncIterator[Portal]:
    """LiteMaaS on the port that the settings name."""
    app = create_app(settings, run_jobs=run_jobs)
    async with on_port(app, settings.web.port) as url:
        yield Portal(url, app.state.services)
