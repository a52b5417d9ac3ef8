"""The gateway's own webhook where LiteLLM calls back:  python -m tests.litellm.receiving PORT DATABASE_URL SECRET

Made to be killed: it has nothing but the route and the ledger behind it.
"""

import sys

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


def main() -> None:
    port, database_url, secret = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    services = build_services(sandbox_settings(database_url, webhook_secret=secret))
    app = at_any_path(Starlette(routes=web.routes(services, sdl="")))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    main()
