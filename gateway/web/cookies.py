"""The two cookies: who is signed in, and, for minutes, which sign-in a browser has begun."""

from datetime import timedelta

from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import Scope

from gateway.settings import Settings


def session_cookie(settings: Settings) -> str:
    return _name("litemaas_session", settings)


def sign_in_cookie(settings: Settings) -> str:
    return _name("litemaas_sign_in", settings)


def _name(name: str, settings: Settings) -> str:
    # Browsers take a __Host- cookie only over TLS, for every path and from this very host: no neighbour can plant one.
    return f"__Host-{name}" if settings.web.is_https else name


def read_cookie(scope: Scope, name: str) -> str | None:
    """The cookie's value in an HTTP request or a WebSocket handshake."""
    for header, value in scope["headers"]:
        if header == b"cookie" and name.encode() in value:
            found = cookie_parser(value.decode("latin-1")).get(name)
            if found:
                return found
    return None


def set_cookie(response: Response, settings: Settings, name: str, value: str, lifetime: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=settings.web.is_https,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, settings: Settings, name: str) -> None:
    response.delete_cookie(name, path="/", secure=settings.web.is_https, httponly=True, samesite="lax")
