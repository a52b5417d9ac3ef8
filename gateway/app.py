"""The composition root: settings in, a Starlette application out. The only place where `gateway` meets `schema`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette

from gateway import jobs, tracing, web
from gateway.services import build_services, opened
from gateway.settings import Settings
from schema.asgi import graphql_routes
from schema.evolution import unannounced_changes
from schema.examples import change_examples
from schema.root import schema, sdl

__all__ = ["create_app", "examples", "sdl", "unannounced_changes"]


def create_app(settings: Settings, *, run_jobs: bool = True) -> Starlette:
    """LiteMaaS as an ASGI application. `run_jobs=False` leaves the periodic jobs to somebody else: another replica, or a test."""
    services = build_services(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if endpoint := settings.tracing.endpoint:
                await stack.enter_async_context(tracing.exporting(endpoint))
            await stack.enter_async_context(opened(services))
            if run_jobs:
                await stack.enter_async_context(jobs.running(services))
            yield

    app = Starlette(
        routes=[*graphql_routes(schema, services), *web.routes(services, sdl=sdl())],
        middleware=web.middleware(services),
        exception_handlers=web.EXCEPTION_HANDLERS,
        lifespan=lifespan,
    )
    app.state.services = services
    return app


def examples() -> str:
    """An example of each change, as JSON."""
    return change_examples(schema._schema)
