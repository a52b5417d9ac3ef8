"""The plain-HTTP half of LiteMaaS as an application, with settings that a test chooses, and clients that talk to it."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from structlog._config import BoundLoggerLazyProxy

from gateway import web
from gateway.actor import Actor, Role
from gateway.services import Services, build_services
from gateway.settings import SandboxPerson, Settings, load_settings

ORIGIN = "http://portal.test"
SESSION = "litemaas_session"
SDL = "type Query { viewer: String }\n"

PEOPLE = (
    SandboxPerson(username="alice", display_name="Alice Example", email="alice@example.com"),
    SandboxPerson(username="bob", display_name="Bob Example"),
    SandboxPerson(username="ada", display_name="Ada Admin", role=Role.ADMIN),
    SandboxPerson(username="audrey", display_name="Audrey Auditor", role=Role.AUDITOR),
)


def environment(**changes: str | None) -> dict[str, str]:
    """A complete environment for `litemaas serve` with an OpenID Connect issuer; None removes a variable."""
    given: dict[str, str | None] = {
        "DATABASE_URL": "postgresql://litemaas:hunter2@db.test/litemaas",
        "LITELLM_BASE_URL": "http://litellm.test:4000",
        "LITELLM_MASTER_KEY": "sk-master-5519-4471",
        "LITELLM_PUBLIC_URL": "https://llm.example.com",
        "LITELLM_WEBHOOK_SECRET": "callback-5519-4471-x",
        "AUTH_PROVIDER": "oidc",
        "OIDC_ISSUER": "http://issuer.test",
        "OAUTH_CLIENT_ID": "litemaas",
        "OAUTH_CLIENT_SECRET": "issuer-knows-this-7316",
        "PUBLIC_URL": ORIGIN,
        "SESSION_SECRET": "a1b2c3d4e5f6071829304a5b6c7d8e9f",
    }
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def settings_of(database_url: str, **changes: str | None) -> Settings:
    return load_settings(environment(DATABASE_URL=database_url, **changes))


def sandbox_settings(database_url: str, **changes: Any) -> Settings:
    options: dict[str, Any] = {
        "database_url": database_url,
        "litellm_url": "http://litellm.test:4000",
        "litellm_public_url": "http://litellm.test:4000",
        "litellm_master_key": "sk-master-5519-4471",
        "webhook_secret": "callback-5519-4471-x",
        "session_secret": "a1b2c3d4e5f6071829304a5b6c7d8e9f",
        "people": PEOPLE,
        "public_url": ORIGIN,
    }
    return Settings.for_sandbox(**{**options, **changes})


async def _whoami(request: Request) -> Response:
    actor: Actor | None = request.state.actor
    return JSONResponse(actor and {"id": str(actor.user_id), "username": actor.username, "role": actor.role})


def portal(settings: Settings, *routes: BaseRoute) -> tuple[Starlette, Services]:
    """The application, with `routes` and a /whoami before its own, and the services beneath it."""
    services = build_services(settings)
    app = Starlette(
        routes=[*routes, Route("/whoami", _whoami, methods=["GET", "POST"]), *web.routes(services, sdl=SDL)],
        middleware=web.middleware(services),
        exception_handlers=web.EXCEPTION_HANDLERS,
    )
    return app, services


@contextmanager
def restored_logging() -> Iterator[None]:
    """For tests that configure logging: as it was before, afterwards."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    try:
        yield
    finally:
        root.handlers, root.level = handlers, level
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        logging.captureWarnings(False)
        structlog.configure(**configured)
        for module in tuple(sys.modules.values()):  # a logger that was used keeps the way that it was configured
            if isinstance(log := getattr(module, "log", None), BoundLoggerLazyProxy):
                vars(log).pop("bind", None)


def browser(app: Starlette, origin: str = ORIGIN) -> httpx2.AsyncClient:
    """Keeps cookies, follows nothing by itself, and asks for pages as browsers do."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app, raise_app_exceptions=False),
        base_url=origin,
        headers={"Accept": "text/html,*/*"},
    )
