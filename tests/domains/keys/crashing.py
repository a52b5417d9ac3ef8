"""Creates a key and dies on the way: `python -m tests.domains.keys.crashing DATABASE_URL LITELLM_URL USER_ID MODEL_ID`.

Step by step: the first child kills itself (SIGKILL) at the first point, the second at the second, … until one gets through. A point is
before and after every statement and every commit, and before and after every request to LiteLLM. Prints one line for each child.
"""

import asyncio
import os
import signal
import sys
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import event

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.keys import KeyService, NewKey
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


async def create(at: int, database_url: str, litellm_url: str, user_id: str, model_id: str) -> None:
    fuse = Fuse(at)
    db = Database(database_url)
    litellm = LiteLLM(litellm_url, MASTER_KEY, transport=FusedTransport(fuse))
    alice = Actor(user_id=UUID(user_id), username="alice", role=Role.USER)
    engine = db.engine.sync_engine
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, fuse.burn)
    # What follows a commit: the connection goes back to the pool.
    event.listen(engine.pool, "checkin", fuse.burn)
    made = await KeyService(db, litellm).create(alice, NewKey(name=f"step {at}", model_ids=[UUID(model_id)]))
    print(f"{at} made {made.secret}", flush=True)


def main() -> None:
    for at in range(1, 200):
        pid = os.fork()
        if pid == 0:
            asyncio.run(create(at, *sys.argv[1:]))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            break
        print(f"{at} killed", flush=True)


if __name__ == "__main__":
    main()
