"""/auth/login, /auth/callback, /auth/logout, and the sandbox's /auth/sandbox."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway import auth
from gateway.errors import InvalidInput, NotAvailable
from gateway.services import Services
from gateway.web.answers import domain_error_answer
from gateway.web.cookies import drop_cookie, read_cookie, session_cookie, set_cookie, sign_in_cookie


def routes(services: Services) -> list[BaseRoute]:
    pages = SigningIn(services)
    return [
        Route("/auth/login", pages.login, methods=["GET"]),
        Route("/auth/callback", pages.callback, methods=["GET"]),
        Route("/auth/logout", pages.logout, methods=["POST"]),
        Route("/auth/sandbox", pages.sandbox, methods=["POST"]),
    ]


class SigningIn:
    def __init__(self, services: Services) -> None:
        self._auth = services.auth
        self._settings = services.settings
        self._session_cookie = session_cookie(services.settings)
        self._sign_in_cookie = sign_in_cookie(services.settings)

    async def login(self, request: Request) -> Response:
        """Sends the browser to the identity provider; `?next=` is where it comes back to."""
        next_path = auth.safe_next(request.query_params.get("next"))
        if self._settings.auth.provider == "sandbox":
            return _to(f"/sign-in?{urlencode({'next': next_path})}")
        try:
            departure = await self._auth.begin_sign_in(next_path)
        except auth.SignInFailed as error:
            return _failure(request, error)
        response = _to(departure.url)
        set_cookie(response, self._settings, self._sign_in_cookie, departure.sealed, auth.SIGN_IN_LASTS)
        return response

    async def callback(self, request: Request) -> Response:
        """Where the identity provider sends the browser back to."""
        sealed = read_cookie(request.scope, self._sign_in_cookie)
        try:
            arrival = await self._auth.finish_sign_in(sealed, request.query_params, _device(request))
        except auth.SignInFailed as error:
            response = _failure(request, error)
        else:
            response = _to(arrival.next)
            await self._begin_session(request, response, arrival.token)
        drop_cookie(response, self._settings, self._sign_in_cookie)
        return response

    async def logout(self, request: Request) -> Response:
        """Ends the session of this browser, if there is one, and sends it on: to the issuer, which ends its own session and sends it
        back to the sign-in page with `state=signed-out`, or there at once with `out=here`. A program is told where in `location`, or
        gets 204.
        """
        token = read_cookie(request.scope, self._session_cookie)
        location = await self._auth.sign_out(token) if token else None
        if _is_page(request):
            response = _to(location or "/sign-in?out=here")
        elif location:
            response = JSONResponse({"location": location}, headers=_PRIVATE)
        else:
            response = Response(status_code=204)
        drop_cookie(response, self._settings, self._session_cookie)
        return response

    async def sandbox(self, request: Request) -> Response:
        """Signs in the sandbox's person in the form field `username`; `next` is where a browser goes then."""
        if self._settings.auth.provider != "sandbox":
            raise NotAvailable("Signing in by name")
        async with request.form(max_files=0, max_fields=10) as form:
            username, next_path = form.get("username"), form.get("next", request.query_params.get("next"))
        if not isinstance(username, str) or not username:
            raise InvalidInput("username", "is missing")
        token = await self._auth.sign_in_by_name(username, _device(request))
        if "application/json" in request.headers.get("accept", ""):
            response: Response = JSONResponse({"username": username}, headers=_PRIVATE)
        else:
            response = _to(auth.safe_next(str(next_path)))
        await self._begin_session(request, response, token)
        return response

    async def _begin_session(self, request: Request, response: Response, token: str) -> None:
        if former := read_cookie(request.scope, self._session_cookie):
            await self._auth.close_session(former)
        lasts = self._settings.auth.session_lasts
        set_cookie(response, self._settings, self._session_cookie, token, lasts)


_PRIVATE = {"Cache-Control": "no-store"}


def _to(url: str) -> Response:
    return RedirectResponse(url, status_code=303, headers=_PRIVATE)


def _device(request: Request) -> auth.Device:
    host = request.client.host if request.client else None
    return auth.Device(host, request.headers.get("user-agent"))


def _is_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _failure(request: Request, error: auth.SignInFailed) -> Response:
    """Browsers get the sign-in page with the reason, programs a JSON error."""
    return _to(f"/sign-in?{urlencode({'error': error.code})}") if _is_page(request) else domain_error_answer(error)
