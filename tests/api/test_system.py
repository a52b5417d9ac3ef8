"""The system page, and what works and what is refused while LiteLLM is away."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import text

from gateway import jobs, revision
from tests.api.conftest import World
from tests.api.test_first_call import CREATE, SUBSCRIBE, model_id, subscribed_key
from tests.api.test_keys import BLOCK, ROTATE, UNBLOCK, UPDATE

SYSTEM = """{ admin { system { version databaseRevision settlement { waiting failingSince } driftedKeys
  liteLLM { reachable checkedAt version verdict verdictReason circuit }
  jobs { name startedAt finishedAt outcome count nextAt } } } }"""
BANNER = "{ portal { liteLLM { reachable checkedAt } } }"
REVOKE = """mutation($k: ID!) { revokeApiKey(input: {apiKeyId: $k}) { __typename
  ... on RevokeApiKeySuccess { apiKey { status inSync } } } }"""
KEYS = "{ viewer { apiKeys(first: 100) { totalCount edges { node { name status inSync } } } } }"


@contextmanager
def litellm_away(world: World) -> Iterator[list[str]]:
    """Nothing gets through to LiteLLM; gives the paths that were tried."""
    tried: list[str] = []

    async def refuse(request: httpx.Request) -> None:
        tried.append(request.url.path)
        raise httpx.ConnectError("cut", request=request)

    hooks = world.portal.services.litellm._client
    hooks.event_hooks = {"request": [refuse]}
    try:
        yield tried
    finally:
        hooks.event_hooks = {}


async def rows(world: World, table: str) -> int:
    async with world.portal.services.db.read() as session:
        return int((await session.scalars(text(f"SELECT count(*) FROM {table}"))).one())


async def settled(world: World) -> None:
    """Let time pass until nothing waits: back-off, and the pause of the circuit."""
    services = world.portal.services
    for _ in range(200):
        async with services.db.write() as session:
            await session.execute(
                text("UPDATE api_key_generation SET settle_due_at = NULL WHERE settle_due_at IS NOT NULL")
            )
        await services.keys.settle()
        if (await services.keys.backlog()).waiting == 0:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("something still waits")


async def test_how_it_is(world: World) -> None:
    await world.portal.services.system.check_litellm()
    for reader in (world.ada, world.audrey):
        system = (await reader.execute(SYSTEM))["admin"]["system"]
        assert system["databaseRevision"] == revision.head()
        assert system["settlement"] == {"waiting": 0, "failingSince": None}
        assert (system["driftedKeys"], system["jobs"]) == (0, [])
        litellm = system["liteLLM"]
        assert litellm.pop("checkedAt") is not None
        assert litellm.pop("version").startswith("1.")
        assert litellm == {"reachable": True, "verdict": "GOOD", "verdictReason": None, "circuit": "CLOSED"}
    assert (await world.alice.refused(SYSTEM))["code"] == "FORBIDDEN"
    assert (await world.nobody.refused(SYSTEM))["code"] == "UNAUTHENTICATED"


async def test_jobs_are_seen_with_their_last_run(world: World) -> None:
    services = world.portal.services
    expected = sorted(job.name for job in jobs.jobs(services))
    async with jobs.running(services):
        for _ in range(200):
            system = (await world.ada.execute(SYSTEM))["admin"]["system"]
            if [job["name"] for job in system["jobs"]] == expected:
                break
            await asyncio.sleep(0.05)
    ran = {job["name"]: job for job in system["jobs"]}
    assert sorted(ran) == expected
    assert {job["outcome"] for job in ran.values()} == {"DONE"}
    assert ran["keys-sweep"]["count"] == 0
    assert all(job["startedAt"] <= job["finishedAt"] < job["nextAt"] for job in ran.values())


async def test_a_job_that_finds_litellm_away_says_so(world: World) -> None:
    services = world.portal.services
    with litellm_away(world):
        async with jobs.running(services):
            for _ in range(200):
                ran = {job["name"]: job["outcome"] for job in await _jobs(world)}
                if "catalog-sync" in ran and "quotas" in ran:
                    break
                await asyncio.sleep(0.05)
    assert (ran["catalog-sync"], ran["quotas"]) == ("WAITING", "DONE")


async def _jobs(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.ada.execute(SYSTEM))["admin"]["system"]["jobs"]
    return found


async def test_without_litellm_what_can_be_kept_is_taken_and_secrets_are_refused(world: World) -> None:
    services, alice = world.portal.services, world.alice
    made = [(await subscribed_key(alice))["apiKey"]["id"] for _ in range(1)]
    model = await model_id(alice, "gpt-5-mini")
    wanted = {"name": "k", "modelIds": [model]}
    made += [(await alice.execute(CREATE, {"input": wanted}))["createApiKey"]["apiKey"]["id"] for _ in range(3)]
    with litellm_away(world) as tried:
        await services.system.check_litellm()
        assert (await world.nobody.execute(BANNER))["portal"]["liteLLM"]["reachable"] is False
        assert len((await alice.execute(KEYS))["viewer"]["apiKeys"]["edges"]) == 4
        asked = await alice.execute(SUBSCRIBE, {"m": await model_id(alice, "codestral")})
        assert asked["requestModelSubscription"]["subscription"]["status"] == "ACTIVE"
        changed = await alice.execute(UPDATE, {"input": {"apiKeyId": made[0], "rpmLimit": 7}})
        assert (changed["updateApiKey"]["apiKey"]["rpmLimit"], changed["updateApiKey"]["apiKey"]["inSync"]) == (
            7,
            False,
        )
        for key in made[1:3]:
            blocked = (await alice.execute(BLOCK, {"k": key}))["blockApiKey"]["apiKey"]
            assert blocked == {"status": "BLOCKED", "inSync": False}
        assert (await alice.execute(UNBLOCK, {"k": made[1]}))["unblockApiKey"]["apiKey"]["status"] == "ACTIVE"
        revoked = (await alice.execute(REVOKE, {"k": made[3]}))["revokeApiKey"]["apiKey"]
        assert revoked == {"status": "REVOKED", "inSync": False}
        # By now the circuit is open: nobody waits, nothing is sent and nothing is written.
        system = (await world.ada.execute(SYSTEM))["admin"]["system"]
        assert system["liteLLM"]["circuit"] == "OPEN"
        assert system["settlement"]["waiting"] == 3
        assert system["settlement"]["failingSince"] is not None
        tried.clear()
        before = [await rows(world, table) for table in ("api_key", "api_key_generation", "audit_entry")]
        assert (await alice.refused(CREATE, {"input": wanted}))["code"] == "UPSTREAM_UNAVAILABLE"
        assert (await alice.refused(ROTATE, {"k": made[0], "o": 0, "c": "once"}))["code"] == "UPSTREAM_UNAVAILABLE"
        assert [await rows(world, table) for table in ("api_key", "api_key_generation", "audit_entry")] == before
        assert tried == []
    await settled(world)
    await services.system.check_litellm()
    assert (await world.nobody.execute(BANNER))["portal"]["liteLLM"]["reachable"] is True
    keys = (await alice.execute(KEYS))["viewer"]["apiKeys"]["edges"]
    assert sorted(edge["node"]["status"] for edge in keys) == ["ACTIVE", "ACTIVE", "BLOCKED", "REVOKED"]
    assert {edge["node"]["inSync"] for edge in keys} == {True}
    listed = (await services.litellm.list_keys("litemaas-")).keys
    assert sorted(bool(key.blocked) for key in listed) == [False, False, True]
    assert [key.rpm_limit for key in listed if key.rpm_limit] == [7]
    assert (await alice.execute(ROTATE, {"k": made[0], "o": 0, "c": "once"}))["rotateApiKey"]["secret"]
