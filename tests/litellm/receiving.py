"""The gateway's own webhook where LiteLLM calls back, killed again and again:  python -m tests.litellm.receiving PORT DATABASE_URL SECRET

It has nothing but the route and the ledger behind it. Each life is a process of its own that ends by SIGKILL, each death takes
longer than LiteLLM tries again for. Prints a line for each death; the first line on standard input is the end of that: the next
life lasts until standard input ends.
"""

import os
import random
import select
import signal
import sys
import time

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import web
from gateway.services import build_services
from tests.portal import sandbox_settings


def at_any_path(app: ASGIApp) -> ASGIApp:
    """LiteLLM's configuration says where it posts to; here it is always the webhook."""

    async def moved(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope | {"path": "/webhooks/litellm", "raw_path": b"/webhooks/litellm"}, receive, send)

    return moved


def live(port: int, database_url: str, secret: str) -> None:
    services = build_services(sandbox_settings(database_url, webhook_secret=secret))
    app = at_any_path(Starlette(routes=web.routes(services, sdl="")))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")


def told(seconds: float) -> bool:
    """Whether standard input says something within that time."""
    return bool(select.select([sys.stdin], [], [], seconds)[0])


def main() -> None:
    chance = random.Random(1)
    last = False
    while True:
        pid = os.fork()
        if pid == 0:
            live(int(sys.argv[1]), sys.argv[2], sys.argv[3])
            os._exit(0)
        if last:
            sys.stdin.read()
        else:
            told(chance.uniform(1.0, 3.0))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if last:
            return
        print("killed", flush=True)
        last = told(chance.uniform(2.0, 3.5)) and bool(sys.stdin.readline())
        time.sleep(0.1)


if __name__ == "__main__":
    main()
