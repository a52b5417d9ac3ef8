"""kill -9 at every step of a creation: afterwards LiteLLM has exactly the keys that our rows call ACTIVE."""

import asyncio
import sys
from pathlib import Path

import httpx
from sqlalchemy import text

from gateway.db import Database
from gateway.keys import KeyService
from gateway.litellm import LiteLLM
from gateway.sandbox.litellm import Options
from tests.builders import a_model, a_person, a_subscription
from tests.proxies import MASTER_KEY, proxy_on_port


async def test_no_orphan_whatever_line_the_process_dies_at(
    db: Database, database_url: str, litellm_database_url: str
) -> None:
    alice = await a_person(db, "alice")
    model = await a_model(db, "gpt-5-mini")
    await a_subscription(db, alice, model.id)
    options = Options(database_url=litellm_database_url, master_key=MASTER_KEY, latency=0)
    async with proxy_on_port(options) as url:
        child = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "tests.domains.keys.crashing",
                database_url,
                url,
                str(alice.user_id),
                str(model.id),
            ),
            cwd=Path(__file__).parents[3],
            stdout=asyncio.subprocess.PIPE,
        )
        printed = (await child.communicate())[0].decode().splitlines()
        litellm = LiteLLM(url, MASTER_KEY)
        keys = KeyService(db, litellm)
        assert printed[-1].split()[1] == "made", printed
        assert len(printed) > 20, "every statement and every request is a step"

        # Before its time the reconciler touches nothing: the process might be alive.
        async with db.read() as session:
            interrupted = await session.scalar(text("SELECT count(*) FROM api_key WHERE status = 'PROVISIONING'"))
        assert interrupted is not None
        assert interrupted > 10
        assert await keys.settle() == 0

        async with db.write() as session:
            await session.execute(
                text("UPDATE api_key_generation SET settle_due_at = now() WHERE settle_due_at IS NOT NULL")
            )
        assert await keys.settle() == interrupted

        async with db.read() as session:
            rows = (
                await session.execute(
                    text(
                        "SELECT k.status, k.name, g.token_hash FROM api_key k JOIN api_key_generation g ON g.api_key_id = k.id"
                    )
                )
            ).all()
            unsettled = await session.scalar(
                text("SELECT count(*) FROM api_key_generation WHERE settle_due_at IS NOT NULL")
            )
        there = {row.token_hash for row in rows if await litellm.key_info(row.token_hash)}
        assert there == {row.token_hash for row in rows if row.status == "ACTIVE"}
        assert {row.status for row in rows} == {"ACTIVE", "FAILED"}
        assert unsettled == 0
        # The proxy knows no key that has no row.
        known = await _all_tokens(url)
        assert known == there
        await litellm.aclose()


async def _all_tokens(url: str) -> set[str]:
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {MASTER_KEY}"}) as client:
        answer = (await client.get("/key/list", params={"size": 100})).json()
    return {key if isinstance(key, str) else key["token"] for key in answer["keys"]}
