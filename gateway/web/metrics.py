"""What Prometheus reads at /metrics. Every label has few values: routes are templates, never paths.

With METRICS_PORT it is told there and nowhere else, so that what leads to the portal does not lead to it.
"""

import asyncio
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import __version__
from gateway.db import utc_now
from gateway.services import Services
from gateway.system import Figures
from gateway.web.answers import error_answer

log = structlog.get_logger()

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PATIENCE = 3.0  # seconds for the database

_requests = Counter("litemaas_http_requests", "HTTP requests answered.", ["method", "route", "status"])
_seconds = Histogram(
    "litemaas_http_request_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
websockets = Gauge("litemaas_websockets", "WebSocket connections open now.")
event_streams = Gauge("litemaas_event_streams", "Answers of server-sent events open now.")

_build = Gauge("litemaas_build_info", "Always 1; `version` is this release.", ["version"])
_build.labels(__version__).set(1)
_pool_size = Gauge("litemaas_database_pool_size", "Connections to the database that this replica's requests may use.")
_pool_used = Gauge("litemaas_database_pool_in_use", "Connections to the database in use now.")

_bus = Gauge("litemaas_bus_listening", "Whether this replica hears what others publish: live pages move by it.")

# Figures of the whole installation, which each replica tells alike.
_up = Gauge("litemaas_database_up", "Whether the database answered when these figures were counted.")
_people = Gauge("litemaas_people", "People who ever signed in: enabled, disabled.", ["state"])
_api_keys = Gauge("litemaas_api_keys", "API keys by status.", ["status"])
_subscriptions = Gauge("litemaas_subscriptions", "Subscriptions to models by status.", ["status"])
_pending = Gauge("litemaas_pending_requests", "What an admin is to decide: subscription, limits.", ["kind"])
_waiting = Gauge("litemaas_keys_waiting", "Secrets of keys that LiteLLM has not confirmed to be as they should.")
_failing = Gauge(
    "litemaas_keys_failing_seconds", "For how long what LiteLLM should be told of keys has failed; 0 if it does not."
)
_drifted = Gauge("litemaas_keys_drifted", "Keys that were changed in LiteLLM itself and wait for a person's decision.")


def routes(services: Services) -> list[BaseRoute]:
    async def metrics(request: Request) -> Response:
        pool: Any = services.db.engine.pool
        _pool_size.set(pool.size())
        _pool_used.set(pool.checkedout())
        _bus.set(services.bus.listening)
        try:
            _tell(await asyncio.wait_for(services.figures.figures(), _PATIENCE))
            _up.set(1)
        except Exception as error:
            # Everything else is told all the same, and of these what was known last.
            log.warning("figures_not_counted", error=type(error).__name__)
            _up.set(0)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", metrics, methods=["GET"])]


class MetricsPortMiddleware:
    """/metrics on `port`, and all else on the other one: which socket a request came in by can't be forged."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app, self._port = app, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        own_port = (scope.get("server") or ("", 0))[1] == self._port
        asked = scope["path"].rstrip("/") == "/metrics"
        if asked is own_port:
            return await self._app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 4404, "reason": "NOT_FOUND"})
        return await error_answer("NOT_FOUND", "Not Found.")(scope, receive, send)


def observe(scope: Any, status: int, seconds: float | None) -> None:
    """Count one answered request. None for one that lasts as long as somebody listens."""
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    _requests.labels(method, route, status).inc()
    if seconds is not None:
        _seconds.labels(route).observe(seconds)


def _tell(figures: Figures) -> None:
    _people.labels("enabled").set(figures.people)
    _people.labels("disabled").set(figures.disabled)
    for key_status, number in figures.api_keys.items():
        _api_keys.labels(key_status.lower()).set(number)
    for status, number in figures.subscriptions.items():
        _subscriptions.labels(status.lower()).set(number)
    _pending.labels("subscription").set(figures.pending)
    _pending.labels("limits").set(figures.limit_requests)
    backlog = figures.backlog
    _waiting.set(backlog.waiting)
    _drifted.set(backlog.drifted)
    since = backlog.failing_since
    _failing.set(0 if since is None else max(0.0, (utc_now() - since).total_seconds()))
