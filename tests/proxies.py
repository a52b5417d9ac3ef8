"""LiteLLMs to test with: the sandbox's, in this process, behind a line that can be cut."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from gateway.sandbox.litellm import Options, create_app
from tests.graphql import on_port

MASTER_KEY = "sk-test-master-key"


class Died(BaseException):
    """Stands for the end of our process: nothing of ours may catch it."""


class Line(httpx.AsyncBaseTransport):
    """The way to LiteLLM, and what it counts of what was sent.

    `cut`: nothing gets through. `deaf`: requests arrive, answers get lost. `stutters`: each request arrives twice, and the second answer
    counts. `late`: a request that changes something gets stuck on its way, and arrives when `deliver` says so, long after it was given
    up. `lives`: our process dies at this many ends of the line from now, one before and one after each request, and wherever else
    somebody calls `burn`. `straight` is the way past all that.
    """

    def __init__(self, start: Callable[[], Awaitable[httpx.AsyncBaseTransport]]) -> None:
        self.straight = Straight(start)
        self.cut = False
        self.deaf = False
        self.stutters = False
        self.late = False
        self.lives: int | None = None
        self.sent: list[str] = []
        self.stuck: list[httpx.Request] = []

    def burn(self, *_: Any) -> None:
        if self.lives is not None:
            self.lives -= 1
            if self.lives <= 0:
                raise Died

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.burn()
        self.sent.append(request.url.path)
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        if self.late:
            self.stuck += [request] if request.method == "POST" else []
            raise httpx.ReadTimeout("late", request=request)
        response = await self.straight.handle_async_request(request)
        if self.stutters and request.method == "POST":
            response = await self.straight.handle_async_request(request)
        self.burn()
        if self.deaf:
            raise httpx.ReadTimeout("deaf", request=request)
        return response

    async def deliver(self, which: int) -> None:
        """One of the requests that got stuck arrives after all."""
        if self.stuck:
            await self.straight.handle_async_request(self.stuck.pop(which % len(self.stuck)))


class Straight(httpx.AsyncBaseTransport):
    """The way to a LiteLLM that can be restarted."""

    def __init__(self, start: Callable[[], Awaitable[httpx.AsyncBaseTransport]]) -> None:
        self._start = start
        self._running: httpx.AsyncBaseTransport | None = None

    async def restart(self) -> None:
        self._running = await self._start()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self._running is not None
        return await self._running.handle_async_request(request)


@asynccontextmanager
async def proxy_in_process(database_url: str) -> AsyncIterator[Line]:
    """A sandbox LiteLLM with its own database, reached through the line without a socket."""
    options = Options(database_url=database_url, master_key=MASTER_KEY, latency=0, spend_interval=0.1)
    async with AsyncExitStack() as running:

        async def start() -> httpx.AsyncBaseTransport:
            await running.aclose()
            app = create_app(options)
            await running.enter_async_context(app.router.lifespan_context(app))
            return httpx.ASGITransport(app)

        line = Line(start)
        await line.straight.restart()
        yield line


@asynccontextmanager
async def proxy_on_port(options: Options) -> AsyncIterator[str]:
    """The same on a port of its own; gives its URL."""
    async with on_port(create_app(options)) as url:
        yield url
