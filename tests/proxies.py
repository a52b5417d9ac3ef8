"""LiteLLMs to test with: the sandbox's, in this process, behind a line that can be cut."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from gateway.sandbox.litellm import Options, create_app
from tests.graphql import on_port

MASTER_KEY = "sk-test-master-key"


class Died(BaseException):
    """Stands for the end of our process: nothing of ours may catch it."""


class Line(httpx.AsyncBaseTransport):
    """The way to LiteLLM, and what it counts of what was sent.

    `cut`: nothing gets through. `deaf`: requests arrive, answers get lost. `stutters`: each request arrives twice, and the second answer
    counts. `lives`: our process dies at this many ends of the line from now, one before and one after each request. `straight` is the
    way past all that.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.straight = inner
        self.cut = False
        self.deaf = False
        self.stutters = False
        self.lives: int | None = None
        self.sent: list[str] = []

    def _burn(self) -> None:
        if self.lives is not None:
            self.lives -= 1
            if self.lives <= 0:
                raise Died

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._burn()
        self.sent.append(request.url.path)
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        response = await self.straight.handle_async_request(request)
        if self.stutters and request.method == "POST":
            response = await self.straight.handle_async_request(request)
        self._burn()
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
