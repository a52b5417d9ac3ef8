"""Processes that die at the first point, then at the second, … until one gets to the end.

A point is before and after every statement and every commit, before and after every request to LiteLLM, and where a connection goes
back to the pool.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from sqlalchemy import event

from gateway.db import Database
from gateway.litellm import LiteLLM
from tests.proxies import MASTER_KEY


class Fuse:
    def __init__(self, at: int) -> None:
        self.left = at

    def burn(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FusedTransport(httpx.AsyncHTTPTransport):
    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._fuse.burn()
        response = await super().handle_async_request(request)
        await response.aread()
        self._fuse.burn()
        return response


def fused(at: int, database_url: str, litellm_url: str) -> tuple[Database, LiteLLM]:
    """A database and a LiteLLM for a process that kills itself (SIGKILL) at this point."""
    fuse = Fuse(at)
    db = Database(database_url)
    engine = db.engine.sync_engine
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, fuse.burn)
    # What follows a commit: the connection goes back to the pool.
    event.listen(engine.pool, "checkin", fuse.burn)
    return db, LiteLLM(litellm_url, MASTER_KEY, transport=FusedTransport(fuse))


def die_step_by_step(live: Callable[[int], Coroutine[Any, Any, None]], most: int) -> None:
    """Runs `live(1)`, `live(2)`, … each in a child of its own, until one survives. Prints a line for each that was killed."""
    for at in range(1, most):
        pid = os.fork()
        if pid == 0:
            asyncio.run(live(at))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            return
        print(f"{at} killed", flush=True)
