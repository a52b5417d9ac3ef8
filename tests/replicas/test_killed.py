"""A replica that is killed takes nothing with it: not what was acknowledged, not what was being done, and not the work of all."""

import asyncio
import hashlib
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.domains.keys.looking import make_due
from tests.domains.usage.ledger import sums_differ
from tests.proxies import MASTER_KEY
from tests.replicas.asking import a_model, cookies_of_client, subscribed
from tests.replicas.cluster import Cluster, Replica, until
from tests.replicas.load import CREATE, busy

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

SETTINGS = {"RATE_LIMIT_POINTS_PER_SECOND": "100000", "RATE_LIMIT_WRITES_PER_MINUTE": "1000"}
HOLDERS = """SELECT usename FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND ((classid::bigint << 32) | objid::bigint) = :number
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
JOB = "audit-seal"


async def runners(cluster: Cluster) -> list[str]:
    """The roles of those replicas that are running the job now."""
    number = int.from_bytes(hashlib.sha256(JOB.encode()).digest()[:8], "big", signed=True)
    return [role for (role,) in await cluster.rows(HOLDERS, number=number)]


async def litellm_keys(cluster: Cluster) -> set[str]:
    headers = {"Authorization": f"Bearer {MASTER_KEY}"}
    async with httpx.AsyncClient(base_url=cluster.litellm_url, headers=headers) as http:
        listed = (await http.get("/key/list", params={"size": 100})).json()
    assert listed["total_pages"] <= 1
    return set(listed["keys"])


async def the_record_is_whole(cluster: Cluster) -> None:
    async def all_sealed() -> bool:
        counts = "SELECT (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM audit_seal)"
        ((entries, seals),) = await cluster.rows(counts)
        return entries == seals > 0

    await until(all_sealed, "all entries are sealed")
    ran = await cluster.replicas[0].run("audit", "verify")
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.startswith("The record is whole: ")


async def back(replica: Replica) -> None:
    replica.start()
    await replica.ready()


async def test_a_job_has_one_runner_and_another_one_when_it_is_killed(cluster: Cluster) -> None:
    await cluster.sign_in("ken")
    async with cluster.db.write() as session:
        # Whoever runs the job now gets stuck in it.
        await session.execute(text("LOCK TABLE audit_seal IN ACCESS EXCLUSIVE MODE"))
        (role,) = await until(lambda: runners(cluster), "somebody runs the job")
        (leader,) = [replica for replica in cluster.replicas if replica.role == role]
        (other,) = [replica for replica in cluster.replicas if replica is not leader]

        async def other_checks() -> float:
            return await other.metric('litemaas_job_runs_total{name="litellm-check",outcome="done"}')

        # That one comes every five seconds and on each replica: meanwhile the other has tried its luck with the job, every two seconds.
        checks = await other_checks()

        async def has_tried() -> bool:
            return await other_checks() >= checks + 2

        await until(has_tried, "the other replica's jobs run")
        assert await runners(cluster) == [leader.role]
        leader.kill()

        async def taken_over() -> bool:
            return await runners(cluster) == [other.role]

        await until(taken_over, "the other replica takes the job over")
    await back(leader)
    await the_record_is_whole(cluster)


async def test_a_key_that_was_being_made_is_settled_by_the_other(cluster: Cluster) -> None:
    laura = await cluster.sign_in("laura")
    model = await a_model(laura)
    await subscribed(laura, model)
    first = cluster.replicas[0]
    wanted: dict[str, Any] = {"models": [model], "id": "in-flight"}
    cluster.litellm.close("/key/generate")
    making = asyncio.create_task(first.at(cookies_of_client(laura)).post(CREATE, wanted))
    await until(lambda: cluster.litellm.kept_back, "LiteLLM has made the key")
    first.kill()
    with pytest.raises(httpx.TransportError):
        await making
    ((token, status),) = await cluster.rows(
        "SELECT token_hash, status FROM api_key_generation g JOIN api_key k ON k.id = api_key_id WHERE name = 'in-flight'"
    )
    assert status == "PROVISIONING"
    assert token in await litellm_keys(cluster)
    cluster.litellm.open()
    # Sent again, as a page does: no second key, and no secret.
    assert await laura.execute(CREATE, wanted) == {"createApiKey": {"__typename": "AlreadyDone"}}
    await make_due(cluster.db)

    async def settled() -> bool:
        ((status,),) = await cluster.rows("SELECT status FROM api_key WHERE name = 'in-flight'")
        return status == "FAILED" and token not in await litellm_keys(cluster)

    await until(settled, "the other replica takes the key away")
    await back(first)


async def test_nothing_is_lost_when_either_is_killed_under_load(cluster: Cluster) -> None:
    async with busy(cluster) as load:
        await load.goes_on()
        for replica in cluster.replicas:
            replica.kill()
            await load.goes_on()
            await back(replica)
            await load.goes_on()
    stored = await cluster.rows("SELECT call_id, seq FROM usage_event ORDER BY seq")
    assert len(load.booked) >= 150
    assert sorted(call for call, _ in stored) == sorted(load.booked)
    assert load.seen == [seq for _, seq in stored]
    assert await sums_differ(cluster.db) == []
    assert load.connections >= 2
    await every_key_is_one_thing_or_the_other(cluster, load.made)
    await the_record_is_whole(cluster)


async def every_key_is_one_thing_or_the_other(cluster: Cluster, made: dict[str, str]) -> None:
    """Who was given a secret has a key that works; who was not has one that never will, or one to revoke; LiteLLM has no other."""
    await make_due(cluster.db)

    async def none_under_way() -> bool:
        return await cluster.rows("SELECT 1 FROM api_key WHERE status = 'PROVISIONING'") == []

    await until(none_under_way, "all keys are settled")
    statuses = dict(await cluster.rows("SELECT client_mutation_id, status FROM api_key WHERE client_mutation_id <> ''"))
    for name, answer in made.items():
        assert answer in ("CreateApiKeySuccess", "AlreadyDone"), answer
        assert statuses[name] == "ACTIVE" if answer == "CreateApiKeySuccess" else statuses[name] in ("ACTIVE", "FAILED")
    assert {status for name, status in statuses.items() if name not in {*made, "first", "in-flight"}} == set()
    active = "SELECT token_hash FROM api_key_generation g JOIN api_key k ON k.id = api_key_id WHERE k.status = 'ACTIVE'"

    async def litellm_agrees() -> bool:
        return await litellm_keys(cluster) == {token for (token,) in await cluster.rows(active)}

    await until(litellm_agrees, "LiteLLM has the keys that are active, and no other")
