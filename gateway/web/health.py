"""/healthz: the process lives. /readyz: it can do its work. Both are public, so they name parts and never details."""

import asyncio

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway import revision
from gateway.services import Services

log = structlog.get_logger()

_PATIENCE = 3.0  # seconds for the database
_WORDS = {revision.Fit.EMPTY: "behind", revision.Fit.BEHIND: "behind", revision.Fit.TOO_NEW: "ahead"}


def routes(services: Services) -> list[BaseRoute]:
    async def readyz(request: Request) -> Response:
        return await _ready(services)

    return [Route("/healthz", _healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]


async def _healthz(request: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def _ready(services: Services) -> Response:
    """503 when the database is missing or not one to work with. The other parts are told and not required: pages work without them."""
    try:
        schema = await asyncio.wait_for(revision.schema_of(services.db), _PATIENCE)
        database, migrations = "ok", _WORDS.get(schema.fit, "ok")
    except Exception as error:
        log.warning("database_unavailable", error=type(error).__name__)
        database, migrations = "unavailable", "unknown"
    seen = services.system.litellm_status
    litellm = "unknown" if seen.checked_at is None else "ok" if seen.reachable else "unavailable"
    parts = {
        "database": database,
        "migrations": migrations,
        "litellm": litellm,
        "events": "ok" if services.bus.listening else "unavailable",
    }
    if services.settings.redis_url:
        parts["valkey"] = "ok" if services.buckets.shared else "unavailable"
    ready = migrations == "ok"
    return JSONResponse(
        {"status": "ready" if ready else "not ready", "parts": parts},
        status_code=200 if ready else 503,
        headers={"Cache-Control": "no-store"},
    )
