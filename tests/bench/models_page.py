"""A page of 60 models with 12 fields, as a stored document, against a plain route that writes the same data.

Each is served by one uvicorn process, in turn, on the same PostgreSQL. Goal: at least 20 % of the plain route's requests a second.
The gateway's requests are those of a signed-in person, session and all; the plain route asks nobody.
"""

import asyncio
import statistics
import time
from decimal import Decimal

import orjson

from gateway.catalog import Model, ModelAccess, ModelCapability, ModelLifecycle, ModelMode
from gateway.db import Database
from tests.bench.gateway_server import MODELS
from tests.bench.serving import Server, arguments, connected, database, request, serving, sign_in

MODELS_ON_PAGE = 60
CONNECTIONS = 32


def model(number: int) -> Model:
    return Model(
        name=f"vendor/model-{number:03}-instruct",
        provider=("openai", "anthropic", "hosted_vllm", "mistral")[number % 4],
        mode=(ModelMode.CHAT, ModelMode.CHAT, ModelMode.EMBEDDING)[number % 3],
        description=f"Model {number}: writes, summarises and answers questions about long documents in many languages.",
        context_window=8_192 * (1 + number % 16),
        max_output_tokens=4_096 if number % 5 else None,
        input_cost_per_million=Decimal(number) / 4,
        output_cost_per_million=Decimal(number) / 2 if number % 7 else None,
        capabilities=[ModelCapability.VISION, ModelCapability.FUNCTION_CALLING, ModelCapability.STREAMING][
            : number % 4
        ],
        access=ModelAccess.RESTRICTED if number % 6 == 0 else ModelAccess.OPEN,
        lifecycle=ModelLifecycle.AVAILABLE,
    )


async def fill(database_url: str) -> None:
    db = Database(database_url)
    async with db.write() as session:
        session.add_all(model(number) for number in range(MODELS_ON_PAGE + 20))
    await db.close()


async def answer(server: Server, sent: bytes) -> bytes:
    async with connected(server.port) as connection:
        status, _, body = await connection.send(sent)
    if status != 200 or b'"errors"' in body:
        raise RuntimeError(f"{status}: {body[:500]!r}")
    return body


async def measure(server: Server, sent: bytes, seconds: float) -> tuple[float, float]:
    """(requests a second, CPU milliseconds of the server a request) with CONNECTIONS clients that never pause."""
    count = 0
    end = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal count
        async with connected(server.port) as connection:
            while True:
                await connection.send(sent)
                count += 1
                if time.perf_counter() > end:
                    break

    began, used = time.perf_counter(), server.cpu_seconds
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - began), (server.cpu_seconds - used) / count * 1000


async def run(database_url: str, rounds: int, seconds: float) -> None:
    await fill(database_url)
    with (
        serving("tests.bench.plain_server", database_url) as plain,
        serving("tests.bench.gateway_server", database_url) as ours,
    ):
        body = orjson.dumps({"query": f"sha256:{MODELS}", "variables": {"first": MODELS_ON_PAGE}})
        kind = "application/json"
        to_plain = request("POST", "/graphql", body, Content_Type=kind)
        cookie = await sign_in(ours.port)
        to_ours = request("POST", "/graphql", body, Content_Type=kind, Cookie=cookie, X_LiteMaaS_Request="1")
        expected, given = await answer(plain, to_plain), await answer(ours, to_ours)
        same, cost, _ = given.partition(b',"extensions":{"cost":')
        if not cost or expected != same + b"}":
            raise RuntimeError(f"not the same bytes:\n{expected[:600]!r}\n{given[:600]!r}")
        print(
            f"{len(expected):,} bytes, the same from both; {CONNECTIONS} connections, {rounds} rounds of {seconds:g} s each"
        )
        for warm, sent in ((plain, to_plain), (ours, to_ours)):
            await measure(warm, sent, seconds / 4)
        results = [
            (await measure(plain, to_plain, seconds), await measure(ours, to_ours, seconds)) for _ in range(rounds)
        ]
    for name, column in (("plain route", 0), ("gateway", 1)):
        rate = statistics.median(result[column][0] for result in results)
        cpu = statistics.median(result[column][1] for result in results)
        print(f"{name:12} {rate:8,.0f} requests/s   {cpu:6.2f} ms CPU a request")
    ratio = statistics.median(ours[0] / plain[0] for plain, ours in results)
    cost = statistics.median(plain[1] / ours[1] for plain, ours in results)
    print(f"ratio        {ratio:8.0%} of the requests/s (goal: 20 %)   {cost:.0%} by CPU")


def main() -> None:
    options = arguments(__doc__ or "", rounds=5, seconds=4)
    rounds, seconds = (1, 1.0) if options.smoke else (options.rounds, float(options.seconds))
    with database() as url:
        asyncio.run(run(url, rounds, seconds))


if __name__ == "__main__":
    main()
