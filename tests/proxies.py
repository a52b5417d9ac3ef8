"""LiteLLMs to test with: the sandbox's, in this process, behind a line that can be cut."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from gateway.sandbox.litellm import Options, create_app
from tests.graphql import on_port

MASTER_KEY = "sk-test-master-key"


class Line(httpx.AsyncBaseTransport):
    """The way to LiteLLM. `cut`: nothing gets through. `deaf`: requests arrive, answers get lost. Counts what was sent."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.cut = False
        self.deaf = False
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request.url.path)
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        response = await self._inner.handle_async_request(request)
        if self.deaf:
            raise httpx.ReadTimeout("deaf", request=request)
        return response


@asynccontextmanager
async def proxy_in_process(database_url: str) -> AsyncIterator[Line]:
    """A sandbox LiteLLM with its own database, reached through the line without a socket."""
    options = Options(database_url=database_url, master_key=MASTER_KEY, latency=0, spend_interval=0.1)
    app = create_app(options)
    async with app.router.lifespan_context(app):
        yield Line(httpx.ASGITransport(app))


@asynccontextmanager
async def proxy_on_port(options: Options) -> AsyncIterator[str]:
    """The same on a port of its own; gives its URL."""
    async with on_port(create_app(options)) as url:
        yield url
