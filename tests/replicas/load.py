"""People and a LiteLLM that are busy at the front, do not know of replicas, and try again as the pages and LiteLLM do."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import websockets

from tests.graphql import Client
from tests.replicas.asking import a_call, a_model, subscribed
from tests.replicas.cluster import Cluster, until

ROWS = "{ viewer { apiKeys(first: 100) { edges { node { name status } } } } }"
CREATE = """mutation ($models: [ID!]!, $id: String!) {
  createApiKey(input: {name: $id, modelIds: $models, clientMutationId: $id}) {
    __typename ... on CreateApiKeySuccess { secret apiKey { id } } } }"""
USED = "subscription ($key: ID!, $after: BigInt) { apiKeyUsed(apiKeyId: $key, after: $after) { position } }"
LITELLM_RETRIES = 3  # as callbacks are sent


@dataclass
class Load:
    """What was done, and what the doers were told."""

    cluster: Cluster
    booked: list[str] = field(default_factory=list)
    """Calls whose callback was acknowledged."""
    seen: list[int] = field(default_factory=list)
    """Positions of the calls that the live page was told of."""
    made: dict[str, str] = field(default_factory=dict)
    """The last answer for each key that was asked for, by the request's id."""
    answers: Counter[str] = field(default_factory=Counter)
    """How pages' requests went: "ok", or why not."""
    connections: int = 0
    """How often the live page connected."""

    async def goes_on(self, steps: int = 30) -> None:
        """Returns when everybody has got on by so many."""
        calls, pages, keys = len(self.booked), self.answers["ok"], len(self.made)
        await until(
            lambda: (
                len(self.booked) >= calls + steps
                and self.answers["ok"] >= pages + steps
                and len(self.made) >= keys + min(steps, 3)
            ),
            "the load goes on",
        )


@asynccontextmanager
async def busy(cluster: Cluster) -> AsyncIterator[Load]:
    """The load runs until the block is left, and then comes to its end: what was begun is finished."""
    load = Load(cluster)
    mallory = await cluster.sign_in("mallory")
    model = await a_model(mallory)
    await subscribed(mallory, model)
    created = (await mallory.execute(CREATE, {"models": [model], "id": "first"}))["createApiKey"]
    secret, key = created["secret"], created["apiKey"]["id"]
    stopping = asyncio.Event()

    async def repeat(step: Callable[[], Awaitable[None]]) -> None:
        while not stopping.is_set():
            await step()

    async def report_calls() -> None:
        calls = [a_call(secret) for _ in range(3)]
        async with cluster.litellm_calls(cluster.url) as litellm:
            for attempt in range(1 + LITELLM_RETRIES):
                with contextlib.suppress(httpx.TransportError):
                    if (await litellm.post("/webhooks/litellm", json=calls)).status_code == 200:
                        load.booked += [call["litellm_call_id"] for call in calls]
                        return
                await asyncio.sleep(0.2 * 2**attempt)
        raise AssertionError("LiteLLM has given up, and its calls are lost")

    async def read_page() -> None:
        load.answers[await _outcome(mallory, ROWS, {})] += 1

    async def make_key() -> None:
        name = uuid4().hex
        while True:
            try:
                answer = await mallory.post(CREATE, {"models": [model], "id": name})
            except (httpx.TransportError, ValueError):
                await asyncio.sleep(0.1)
                continue
            load.made[name] = answer["data"]["createApiKey"]["__typename"]
            break
        await asyncio.sleep(0.5)

    live = asyncio.create_task(_follow(mallory, key, load))
    doing = [asyncio.create_task(repeat(each)) for each in (report_calls, report_calls, read_page, read_page, make_key)]
    try:
        yield load
        stopping.set()
        await asyncio.gather(*doing)
        await until(lambda: live.done() or len(load.seen) >= len(load.booked), "the live page is told of all calls")
    finally:
        for task in (*doing, live):
            task.cancel()
        results = await asyncio.gather(*doing, live, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _outcome(client: Client, query: str, variables: dict[str, Any]) -> str:
    """ "ok", or why there was no answer."""
    try:
        response = await client.http.post("/graphql", json={"query": query, "variables": variables})
    except httpx.TransportError as error:
        return type(error).__name__
    if response.status_code != 200:
        return str(response.status_code)
    return "ok" if "errors" not in response.json() else response.text


async def _follow(client: Client, key: str, load: Load) -> None:
    """A page that shows a key's calls, and goes on after the last one when it has lost its connection."""
    after = 0
    while True:
        try:
            async with client.socket() as socket:
                load.connections += 1
                payload = {"query": USED, "variables": {"key": key, "after": after}}
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "next":
                        after = message["payload"]["data"]["apiKeyUsed"]["position"]
                        load.seen.append(after)
        except (websockets.WebSocketException, OSError):
            await asyncio.sleep(0.1)
