"""What Prometheus reads at /metrics. Every label has few values: routes are templates, never paths."""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_requests = Counter("litemaas_http_requests", "HTTP requests answered.", ["method", "route", "status"])
_seconds = Histogram(
    "litemaas_http_request_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
websockets = Gauge("litemaas_websockets", "WebSocket connections open now.")
event_streams = Gauge("litemaas_event_streams", "Answers of server-sent events open now.")


def observe(scope: Any, status: int, seconds: float | None) -> None:
    """Count one answered request. None for one that lasts as long as somebody listens."""
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    _requests.labels(method, route, status).inc()
    if seconds is not None:
        _seconds.labels(route).observe(seconds)


async def metrics(request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
