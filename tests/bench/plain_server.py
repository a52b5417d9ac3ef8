"""The floor: a Starlette route that reads the same rows with asyncpg and writes the same bytes with orjson.  … PORT DATABASE_URL"""

import base64
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.cli import listen, uvicorn_config
from tests.bench.serving import HOST

SELECT = """
SELECT id, name, provider, mode, description, context_window, max_output_tokens, input_cost_per_million,
       output_cost_per_million, capabilities, access, lifecycle
FROM model WHERE access <> 'HIDDEN' AND lifecycle <> 'RETIRED' ORDER BY lower(name), id LIMIT $1
"""


def node(row: Any) -> dict[str, Any]:
    """A row as the GraphQL field writes it."""
    prices = row["input_cost_per_million"], row["output_cost_per_million"]
    return {
        "id": base64.b64encode(f"Model:{row['id']}".encode()).decode(),
        "name": row["name"],
        "provider": row["provider"],
        "mode": row["mode"],
        "description": row["description"],
        "contextWindow": row["context_window"],
        "maxOutputTokens": row["max_output_tokens"],
        "inputCostPerMillion": None if prices[0] is None else format(prices[0], "f"),
        "outputCostPerMillion": None if prices[1] is None else format(prices[1], "f"),
        "capabilities": row["capabilities"],
        "access": row["access"],
        "lifecycle": row["lifecycle"],
    }


def create_app(database_url: str) -> Starlette:
    pool: asyncpg.Pool

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(database_url, min_size=10, max_size=10) as pool:
            yield

    async def models(request: Request) -> Response:
        first = orjson.loads(await request.body())["variables"]["first"]
        rows = await pool.fetch(SELECT, first)
        answer = {"data": {"models": {"edges": [{"node": node(row)} for row in rows]}}}
        return Response(orjson.dumps(answer), media_type="application/json")

    async def healthz(request: Request) -> Response:
        return Response("ok")

    return Starlette(
        routes=[Route("/graphql", models, methods=["POST"]), Route("/healthz", healthz)], lifespan=lifespan
    )


def main() -> None:
    port, database_url = int(sys.argv[1]), sys.argv[2]
    uvicorn.Server(uvicorn_config(create_app(database_url))).run(sockets=[listen(HOST, port)])


if __name__ == "__main__":
    main()
