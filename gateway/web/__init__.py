"""Plain HTTP beside GraphQL: signing in, the webhook, health, metrics, the pages, and what every request goes through.

`routes(services, sdl=…)` and `middleware(services)` are what `gateway.app` puts together. Routes after these are
never reached: the last one answers for every address that no other knows.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.services import Services
from gateway.web import exports, frontend, health, metrics, signing_in, webhook
from gateway.web.answers import EXCEPTION_HANDLERS, BodyTooLarge, error_answer
from gateway.web.middleware import MAX_BODY, middleware

__all__ = ["EXCEPTION_HANDLERS", "MAX_BODY", "BodyTooLarge", "error_answer", "middleware", "routes"]


def routes(services: Services, *, sdl: str) -> list[BaseRoute]:
    """All of them, in order. `sdl` is the schema as text."""

    async def schema(request: Request) -> Response:
        return PlainTextResponse(sdl)

    return [
        *signing_in.routes(services),
        *health.routes(services),
        *webhook.routes(services),
        *exports.routes(services),
        *metrics.routes(services),
        Route("/schema.graphql", schema, methods=["GET"]),
        *frontend.routes(),
    ]
