"""A portal, and the OpenID Connect issuer that its people come from, for a browser: `python -m tests.oidc_portal`.

The issuer has a page to sign in at and a session of its own, and ends that session as RP-Initiated Logout 1.0 has it. On standard output
comes one line of JSON when both answer; they end with standard input, or with a signal.
"""

import contextlib
import json
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.errors import JoseError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.app import create_app
from gateway.cli import listen, uvicorn_config
from gateway.migrate import upgrade
from gateway.sandbox.postgres import Postgres
from tests.issuers import OidcIssuer, serving
from tests.portal import settings_of

SESSION = "issuer_session"
PAGE = """<!doctype html><html lang="en"><title>Issuer</title><link rel="icon" href="data:,"><h1>{title}</h1>
<form method="post" action="/session?{query}"><button>Sign in as Grace</button></form></html>"""


@dataclass
class IssuerWithPages(OidcIssuer):
    """Whoever presses its button is Grace, an admin, until the issuer's own session ends. `POST /ends-sessions?offers=no` takes the
    page away where a client may end it."""

    back: str = ""  # the only address to which a sign-out may lead
    sessions: set[str] = field(default_factory=set)

    def app(self) -> Starlette:
        app = super().app()
        app.routes[:0] = [
            Route("/authorize", self.ask),
            Route("/session", self.begin, methods=["POST"]),
            Route("/session", self.tell),
            Route("/logout", self.logout),
            Route("/ends-sessions", self.offer, methods=["POST"]),
        ]
        return app

    async def ask(self, request: Request) -> Response:
        if request.cookies.get(SESSION) in self.sessions:
            return await self.authorize(request)
        return HTMLResponse(PAGE.format(title="Sign in at the issuer", query=request.url.query.replace("&", "&amp;")))

    async def begin(self, request: Request) -> Response:
        response = RedirectResponse(f"/authorize?{request.url.query}", 303)
        session = f"session-{len(self.sessions)}"
        self.sessions.add(session)
        response.set_cookie(SESSION, session, httponly=True)
        return response

    async def tell(self, request: Request) -> Response:
        return JSONResponse(request.cookies.get(SESSION) in self.sessions)

    async def logout(self, request: Request) -> Response:
        asked = request.query_params
        try:
            claims = jwt.decode(asked.get("id_token_hint", ""), self.signing_key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return JSONResponse({"error": "the hint is not a token of ours"}, 400)
        right = claims["aud"] == asked.get("client_id") and asked.get("post_logout_redirect_uri") == self.back
        if not right:
            return JSONResponse({"error": "not a registered client and address"}, 400)
        self.sessions.discard(request.cookies.get(SESSION, ""))
        return RedirectResponse(f"{self.back}?{urlencode({'state': asked.get('state', '')})}", 303)

    async def offer(self, request: Request) -> Response:
        self.ends_sessions = request.query_params["offers"] == "yes"
        return Response(status_code=204)


def main() -> None:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="litemaas-oidc-")))
        directory.chmod(0o755)  # run by root, PostgreSQL may have to become somebody else
        database_url = stack.enter_context(Postgres(directory / "postgres", durable=False)).url("postgres")
        upgrade(database_url)
        listener = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        issuer = IssuerWithPages(
            redirect_uri=f"{url}/auth/callback",
            back=f"{url}/sign-in",
            ends_sessions=True,
            person={"sub": "g-1", "preferred_username": "grace", "name": "Grace Hopper", "groups": ["sre"]},
        )
        issuer.url = stack.enter_context(serving(issuer.app()))
        settings = settings_of(database_url, OIDC_ISSUER=issuer.url, PUBLIC_URL=url, ADMIN_GROUPS="sre")
        server = uvicorn.Server(uvicorn_config(create_app(settings)))
        threading.Thread(target=_end_with_input, args=[server], daemon=True).start()
        print(json.dumps({"portal": url, "issuer": issuer.url}), flush=True)
        server.run(sockets=[listener])


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
