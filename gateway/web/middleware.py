"""What happens to every request before a route sees it. Pure ASGI, outermost first:

Ports       keeps /metrics on a port of its own, where there is one
Traces      begins a span, where traces are told
Proxies     takes the word of the routers that are named, and of nobody else, for where it comes from
Requests    gives it an id, counts it, and turns whatever was raised into an answer without details
Headers     tells browsers what the answer's page may do
Bodies      refuses what is too large
Origins     refuses what another site makes a signed-in browser send
Callers     finds out who is asking: `scope["state"]["actor"]`, an `Actor` or None
"""

import re
import secrets
from time import perf_counter
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway import audit
from gateway.actor import Actor
from gateway.auth import UnknownCredentials
from gateway.db import PoolFull
from gateway.errors import DomainError
from gateway.expected import as_domain_error
from gateway.scrubbing import scrub
from gateway.services import Services
from gateway.settings import Settings
from gateway.web import metrics
from gateway.web.answers import BodyTooLarge, domain_error_answer, error_answer, graphql_error_answer
from gateway.web.cookies import read_cookie, session_cookie
from gateway.web.tracing import TraceMiddleware

log = structlog.get_logger()

MAX_BODY = 1024 * 1024  # bytes
EVENT_STREAM = "text/event-stream"
_NEVER_NEEDED = (
    *(
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
    ),
    *("publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking"),
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


def middleware(services: Services) -> list[Middleware]:
    """For Starlette's `middleware`."""
    settings = services.settings
    wanted = []
    if port := settings.web.metrics_port:
        wanted.append(Middleware(metrics.MetricsPortMiddleware, port=port))
    if settings.tracing.endpoint:
        wanted.append(Middleware(TraceMiddleware, trusted_proxies=settings.web.trusted_proxies))
    return [
        *wanted,
        Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.web.trusted_proxies)),
        Middleware(HeaderMiddleware, settings=settings),
        Middleware(RequestMiddleware),
        Middleware(BodyMiddleware),
        Middleware(OriginMiddleware, settings=settings),
        Middleware(CallerMiddleware, services=services),
    ]


class HeaderMiddleware:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        public = settings.web.public_url
        sockets = "ws" + public.removeprefix("http")
        common = {
            # For whatever says nothing of its own: answers differ from caller to caller.
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "x-permitted-cross-domain-policies": "none",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-embedder-policy": "require-corp",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": ", ".join(f"{name}=()" for name in _NEVER_NEEDED),
        }
        if settings.web.is_https:
            common["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        self._common = common
        self._policy = (
            "default-src 'self'; script-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' {sockets}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'; "
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        policy = self._policy + (
            "style-src 'self'" if not scope["path"].startswith("/graphiql") else _for_editor(scope)
        )

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._common.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", policy)
            await send(message)

        return await self._app(scope, receive, send_with_headers)


def _for_editor(scope: Scope) -> str:
    """GraphiQL's editor, Monaco, makes style elements, which this answer's nonce allows, brings its icons as data: and starts workers."""
    nonce = secrets.token_urlsafe(16)
    scope.setdefault("state", {})["style_nonce"] = nonce
    return f"style-src 'self' 'nonce-{nonce}'; font-src 'self' data:; worker-src 'self' blob:"


class RequestMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        request_id = Headers(scope=scope).get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id) or scrub(request_id) != request_id:
            request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        audit.set_origin(request_id, scope["client"][0] if scope.get("client") else None)
        serve = self._http if scope["type"] == "http" else self._websocket
        return await serve(scope, receive, send, request_id)

    async def _http(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began = perf_counter()
        status = 0
        is_stream = False

        async def send_with_id(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                is_stream = Headers(raw=message.get("headers", [])).get("content-type", "").startswith(EVENT_STREAM)
                if is_stream:
                    metrics.event_streams.inc()
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            if (expected := as_domain_error(error)) is not None:
                if status:
                    raise
                await domain_error_answer(expected)(scope, receive, send_with_id)
                return
            log.exception("request_failed", method=scope["method"], path=scope["path"])
            if status:  # too late for another answer; the server cuts the connection
                raise
            answer = error_answer("INTERNAL_SERVER_ERROR", "Something went wrong on our side.", requestId=request_id)
            await answer(scope, receive, send_with_id)
        finally:
            if is_stream:
                metrics.event_streams.dec()
            metrics.observe(scope, status or 499, None if is_stream else perf_counter() - began)  # 499: the client left

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        with metrics.websockets.track_inprogress():
            try:
                await self._app(scope, receive, send)
            except Exception:
                log.exception("websocket_failed", path=scope["path"])
                raise


class BodyMiddleware:
    """At most MAX_BODY bytes. Two have limits of their own: the webhook takes batches, GraphQL refuses in GraphQL's form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/webhooks/", "/graphql")):
            return await self._app(scope, receive, send)
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > MAX_BODY:
            return await domain_error_answer(BodyTooLarge())(scope, receive, send)
        seen = 0

        async def receive_within_limit() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:  # a chunked body announces no length
                raise BodyTooLarge
            return message

        return await self._app(scope, receive_within_limit, send)


class OriginMiddleware:
    """Answers 403 to a state-changing request that this portal's own pages did not send.

    Browsers name the sending page in `Origin`, and let no other site set `X-LiteMaaS-Request` or `Authorization`. Programs without a
    session cookie need neither. A WebSocket handshake always has an `Origin` when it comes from a page.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origin = settings.web.public_url
        self._cookie = session_cookie(settings)
        self._any_loopback_name = settings.auth.provider == "sandbox"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._allows(scope):
            return await self._app(scope, receive, send)
        message = f"This request must come from {self._origin}, or carry the header X-LiteMaaS-Request: 1."
        answer = error_answer("CSRF_REFUSED", message)
        if scope["type"] == "http":
            return await answer(scope, receive, send)
        return await _deny_websocket(answer, 4403, "CSRF_REFUSED", scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
            return True
        headers = Headers(scope=scope)
        if headers.get("x-litemaas-request") == "1" or bearer_of(scope) is not None:
            return True
        origin = headers.get("origin")
        if origin is None:
            return scope["type"] == "websocket" or read_cookie(scope, self._cookie) is None
        return origin == self._origin or self._is_this_machine(origin, headers.get("host", ""))

    def _is_this_machine(self, origin: str, host: str) -> bool:
        """In the sandbox, `localhost` and `127.0.0.1` are one place, as long as the request also went there."""
        return (
            self._any_loopback_name and _LOOPBACK.fullmatch(origin) is not None and origin.partition("://")[2] == host
        )


async def _deny_websocket(answer: Response, code: int, reason: str, scope: Scope, receive: Receive, send: Send) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await answer(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": code, "reason": reason})


def bearer_of(scope: Scope) -> str | None:
    """What the request shows as a bearer token; "" for headers that show none or several, and None without such a header."""
    shown = [value.decode("latin-1").split(None, 1) for name, value in scope["headers"] if name == b"authorization"]
    tokens = [words[1].strip() if len(words) == 2 else "" for words in shown if words and words[0].lower() == "bearer"]
    return None if not tokens else tokens[0] if len(shown) == 1 else ""


class CallerMiddleware:
    """A bearer token wins over a cookie, which then is not looked at; one that is not good is refused, and nobody else is asked for."""

    # Nobody is looked up where nobody is needed. The webhook has a secret of its own.
    _PUBLIC = ("/assets/", "/healthz", "/readyz", "/metrics", "/webhooks/", "/schema.graphql")

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._cookie = session_cookie(services.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            try:
                actor = None if scope["path"].startswith(self._PUBLIC) else await self._caller(scope)
            except UnknownCredentials as error:
                await self._refuse(error, 4401, scope, receive, send)
                return
            except PoolFull as error:
                busy = as_domain_error(error)
                assert busy is not None
                await self._refuse(busy, 1013, scope, receive, send)  # "try again later"
                return
            scope.setdefault("state", {})["actor"] = actor
            if actor is not None:
                structlog.contextvars.bind_contextvars(actor=actor.user_id)
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Actor | None:
        bearer = bearer_of(scope)
        if bearer is not None:
            return await self._services.bearer(bearer, client_address(scope))
        token = read_cookie(scope, self._cookie)
        return await self._services.auth.actor(token) if token else None

    async def _refuse(self, error: DomainError, close_code: int, scope: Scope, receive: Receive, send: Send) -> None:
        answer = (graphql_error_answer if scope["path"].startswith("/graphql") else domain_error_answer)(error)
        if isinstance(error, UnknownCredentials):
            answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        if scope["type"] == "http":
            await answer(scope, receive, send)
        else:
            await _deny_websocket(answer, close_code, error.code, scope, receive, send)


def client_address(scope: Scope) -> str | None:
    """Where the request comes from, as far as the routers that are trusted tell."""
    client = scope.get("client")
    return client[0] if client else None
