"""The gateway at rest: resident memory of its process after a start, and after a page was read. Goal: under 150 MB."""

import asyncio

import orjson

from tests.bench.gateway_server import MODELS
from tests.bench.models_page import answer, fill
from tests.bench.serving import arguments, database, request, serving, sign_in


async def run(database_url: str, seconds: float) -> None:
    await fill(database_url)
    with serving("tests.bench.gateway_server", database_url) as server:
        await asyncio.sleep(seconds)
        print(f"after the start     {server.memory / 2**20:.0f} MB (goal: 150 MB)")
        body = orjson.dumps({"query": f"sha256:{MODELS}", "variables": {"first": 60}})
        headers = {"Content_Type": "application/json", "X_LiteMaaS_Request": "1", "Cookie": await sign_in(server.port)}
        for _ in range(200):
            await answer(server, request("POST", "/graphql", body, **headers))
        await asyncio.sleep(seconds)
        print(f"after 200 requests  {server.memory / 2**20:.0f} MB")


def main() -> None:
    options = arguments(__doc__ or "")
    with database() as url:
        asyncio.run(run(url, 0.2 if options.smoke else 3.0))


if __name__ == "__main__":
    main()
