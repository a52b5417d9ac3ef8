"""A span for each HTTP request, as a child of what a router in front began."""

from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import tracing
from gateway.web.metrics import METHODS

# Asked every few seconds by machines, or nothing but a file.
_UNTRACED = ("/assets/", "/healthz", "/readyz", "/metrics")


class TraceMiddleware:
    """Outermost, since it must see who connects: `traceparent` is believed from `trusted_proxies` only, like all that they say.

    A WebSocket has no span, which would last for hours; its operations begin traces of their own. Addresses, with their queries, are in
    none: a route's template is enough to find it.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: tuple[str, ...]) -> None:
        self._app = app
        self._networks = [ip_network(each) for each in trusted_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNTRACED):
            return await self._app(scope, receive, send)
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        headers = Headers(scope=scope) if self._trusts(scope) else {}
        with tracing.incoming(method, headers) as span:

            async def send_and_see(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.fail()
                await send(message)

            try:
                await self._app(scope, receive, send_and_see)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                span.rename(f"{method} {route}")
                span.set("http.request.method", method)
                span.set("http.route", route)
                span.set("litemaas.request_id", scope.get("state", {}).get("request_id"))

    def _trusts(self, scope: Scope) -> bool:
        client = scope.get("client")
        try:
            address = ip_address(client[0] if client else "")
        except ValueError:
            return False
        return any(address in network for network in self._networks)
