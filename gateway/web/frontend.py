"""The pages: the built frontend's files, and its index for every address that its own router knows."""

from collections.abc import Sequence
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

import gateway

_PACKAGE = Path(gateway.__file__).parent
# A checkout's build, or the one that was packed into the wheel.
PLACES = (_PACKAGE.parent / "frontend" / "dist", _PACKAGE / "web" / "static")

# In graphiql.html, for what the answer's policy names.
NONCE = "{{nonce}}"

_NOT_BUILT = (
    "The pages of LiteMaaS are not built. `make run` builds them; so does `npm ci && npm run build` in frontend/. "
    "The GraphQL API works without them.\n"
)


def routes(places: Sequence[Path] = PLACES) -> list[BaseRoute]:
    """The last routes of all: they answer whatever no other route does."""
    pages: ASGIApp = GZipMiddleware(Pages(places), minimum_size=1000, compresslevel=6)
    return [Route("/{path:path}", pages)]


class Pages(StaticFiles):
    def __init__(self, places: Sequence[Path]) -> None:
        super().__init__(directory=places[0], check_dir=False)
        self._places = places
        self.config_checked = True  # a missing build is answered in words, request by request

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(404)
        built = next((place for place in self._places if (place / "index.html").is_file()), None)
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if built is None:
            if wants_page or path == ".":
                return PlainTextResponse(_NOT_BUILT, status_code=503)
            raise HTTPException(404)
        self.all_directories = [built]
        page = {".": "index.html", "graphiql": "graphiql.html"}.get(path, path)
        if page == "graphiql.html":
            return _with_nonce(built / page, scope)
        try:
            response = await super().get_response(page, scope)
        except HTTPException as error:
            if error.status_code != 404 or not wants_page or page.startswith("assets/"):
                raise
            response = await super().get_response("index.html", scope)
        # Names of assets contain a hash of what is inside; everything else is asked for again.
        forever = page.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if forever else "no-cache"
        return response


def _with_nonce(page: Path, scope: Scope) -> Response:
    """Each time with another one, so nobody may keep it."""
    if not page.is_file():
        raise HTTPException(404)
    # By an unusual address, such as //graphiql, there is none, and the editor goes without its styles.
    nonce = scope.get("state", {}).get("style_nonce", "")
    return HTMLResponse(page.read_text().replace(NONCE, nonce))
