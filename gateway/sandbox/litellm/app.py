"""The Starlette app: routes, and what lives as long as the process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.sandbox.litellm import inference, keys, listings, users
from gateway.sandbox.litellm.access import Proxy
from gateway.sandbox.litellm.ledger import Ledger
from gateway.sandbox.litellm.options import Options
from gateway.sandbox.litellm.refusals import Refusal, to_response
from gateway.sandbox.litellm.store import Store


def create_app(options: Options) -> Starlette:
    """The sandbox's LiteLLM. It opens the database in its lifespan, so it has to be served with one."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        store = await Store.open(options.database_url)
        try:
            async with Ledger(store, options) as ledger:
                app.state.proxy = Proxy(options, store, ledger)
                yield
        finally:
            await store.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/health/liveliness", listings.liveliness),
            Route("/health/liveness", listings.liveliness),
            Route("/health/readiness", listings.readiness),
            Route("/health/readiness/details", listings.readiness_details),
            Route("/model/info", listings.model_info),
            Route("/v1/model/info", listings.model_info),
            Route("/models", listings.models),
            Route("/v1/models", listings.models),
            Route("/key/generate", keys.generate, methods=["POST"]),
            Route("/key/info", keys.info),
            Route("/key/update", keys.update, methods=["POST"]),
            Route("/key/block", keys.block, methods=["POST"]),
            Route("/key/unblock", keys.unblock, methods=["POST"]),
            Route("/key/delete", keys.delete, methods=["POST"]),
            Route("/key/list", keys.list_keys),
            Route("/user/new", users.new, methods=["POST"]),
            Route("/user/info", users.info),
            Route("/user/update", users.update, methods=["POST"]),
            Route("/user/delete", users.delete, methods=["POST"]),
            Route("/spend/logs/v2", listings.spend_logs),
            Route("/chat/completions", inference.chat_completions, methods=["POST"]),
            Route("/v1/chat/completions", inference.chat_completions, methods=["POST"]),
            Route("/completions", inference.completions, methods=["POST"]),
            Route("/v1/completions", inference.completions, methods=["POST"]),
            Route("/embeddings", inference.embeddings, methods=["POST"]),
            Route("/v1/embeddings", inference.embeddings, methods=["POST"]),
        ],
        # LiteLLM lets browsers of any origin in: a key is needed for everything anyway.
        middleware=[Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])],
        exception_handlers={Refusal: to_response, HTTPException: _plain_error},
    )


async def _plain_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, status_code=error.status_code)
