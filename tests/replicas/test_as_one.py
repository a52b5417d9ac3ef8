"""Two replicas are one LiteMaaS: who signs in at one is known to the other, live pages hear of both, limits are counted together."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from typing import Any

import pytest

from tests.graphql import Client
from tests.replicas.asking import a_call, a_key, cookies_of, cookies_of_client
from tests.replicas.cluster import Cluster, Replica

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

WHO = "{ viewer { user { username } } }"
CHANGED = "subscription { usageChanged { totals { requests } } }"
READ_ALL = "mutation { markNotificationsRead(input: {}) { __typename } }"
SIGNED_IN = 303
WRITES = 10
SETTINGS = {"RATE_LIMIT_WRITES": str(WRITES), "RATE_LIMIT_WRITES_PER_MINUTE": "1"}


async def test_who_signs_in_at_one_acts_at_the_other(cluster: Cluster) -> None:
    first, second = cluster.replicas
    nobody = first.at()
    left = await nobody.http.get("/auth/login")
    way_back = await cluster.at_issuer(left.headers["location"], "grace")
    arrived = await second.at(cookies_of(left)).http.get(way_back)
    assert (arrived.status_code, arrived.headers["location"]) == (SIGNED_IN, "/")
    cookie = cookies_of(arrived)
    for replica in cluster.replicas:
        assert await replica.at(cookie).execute(WHO) == {"viewer": {"user": {"username": "grace"}}}
    secret = await a_key(first.at(cookie))
    seen = await second.at(cookie).execute("{ viewer { apiKeys(first: 2) { edges { node { name status } } } } }")
    assert seen == {"viewer": {"apiKeys": {"edges": [{"node": {"name": "key", "status": "ACTIVE"}}]}}}
    for replica in cluster.replicas:
        program = replica.at()
        program.http.headers["Authorization"] = f"Bearer {secret}"
        assert await program.execute("{ viewer { apiKey { name } } }") == {"viewer": {"apiKey": {"name": "key"}}}
    assert (await second.at(cookie).http.post("/auth/logout")).status_code < 400
    assert (await first.at(cookie).refused(WHO))["code"] == "UNAUTHENTICATED"


@asynccontextmanager
async def events(client: Client, query: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """A subscription over server-sent events."""
    headers = {"Accept": "text/event-stream"}
    async with client.http.stream("POST", "/graphql", json={"query": query}, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")

        async def payloads() -> AsyncIterator[dict[str, Any]]:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line.removeprefix("data: "))

        yield payloads()


async def read_until(results: AsyncIterator[dict[str, Any]], requests: int) -> None:
    async with asyncio.timeout(30):
        async for result in results:
            assert "errors" not in result, result
            if result["data"]["usageChanged"]["totals"]["requests"] == requests:
                return
    raise AssertionError("the subscription ended")


async def test_live_pages_hear_of_what_the_other_replica_was_told(cluster: Cluster) -> None:
    ida = await cluster.sign_in("ida")
    secret = await a_key(ida)
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(ida.subscribe(CHANGED)) for _ in range(4)]
        pages += [await stack.enter_async_context(events(ida, CHANGED)) for _ in range(4)]
        await asyncio.gather(*(read_until(page, 0) for page in pages))
        for replica in cluster.replicas:
            assert await replica.metric("litemaas_websockets") > 0
            assert await replica.metric("litemaas_event_streams") > 0
        for count, replica in enumerate(cluster.replicas, 1):
            async with cluster.litellm_calls(replica.url) as litellm:
                assert (await litellm.post("/webhooks/litellm", json=a_call(secret))).status_code == 200
            await asyncio.gather(*(read_until(page, count) for page in pages))


async def test_changes_are_counted_together(cluster: Cluster) -> None:
    ivan = await cluster.sign_in("ivan")
    cookie = cookies_of_client(ivan)
    done = {replica.url: 0 for replica in cluster.replicas}
    refused: set[str] = set()
    turns: cycle[Replica] = cycle(cluster.replicas)
    while len(refused) < 2 and sum(done.values()) < 2 * WRITES:
        replica = next(turns)
        answer = await replica.at(cookie).post(READ_ALL)
        if "errors" in answer:
            assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            refused.add(replica.url)
        else:
            done[replica.url] += 1
    assert list(done.values()) == [WRITES / 2, WRITES / 2]
    for replica in cluster.replicas:
        assert await replica.metric("litemaas_rate_limit_shared") == 1


async def test_where_a_request_comes_from_is_what_nginx_says_and_not_the_client(cluster: Cluster) -> None:
    judy = await cluster.sign_in("judy")
    judy.http.headers["X-Forwarded-For"] = "203.0.113.9"
    assert "errors" not in await judy.post(READ_ALL)
    await a_key(judy)
    rows = await cluster.rows("SELECT DISTINCT address FROM audit_entry WHERE actor = 'judy'")
    assert rows == [("127.0.0.1",)]


async def test_metrics_are_not_for_everybody(cluster: Cluster) -> None:
    assert (await cluster.nobody().http.get("/metrics")).status_code == 404
