"""Many keys brought to LiteLLM from scratch, and a sweep that finds nothing, beside LiteLLM's own time: `python -m tests.bench.reconcile`.

LiteLLM's own time is what a bare HTTP client needs for the same requests, as many at once, in the same run. By default the sandbox's
LiteLLM answers, in a process of its own; LITELLM_BASE_URL and LITELLM_MASTER_KEY name a real one, which is left with the keys deleted.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import httpx
import structlog
from sqlalchemy import func, insert, select, text, update

from gateway.db import Database
from gateway.keys import ApiKeyStatus, KeyService, desired, policy
from gateway.keys.settlement import AT_ONCE
from gateway.keys.tables import api_key, api_key_model, generation
from gateway.litellm import GenerateKey, LiteLLM, hash_secret
from tests.bench.serving import MASTER_KEY, arguments, database, serving
from tests.builders import a_model, a_person, a_subscription

KEYS_EACH, MODELS = 10, 3


class Bare:
    """A client that does nothing but send, AT_ONCE requests at a time."""

    def __init__(self, base_url: str, master_key: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": f"Bearer {master_key}"}, timeout=60
        )

    async def post_all(self, path: str, bodies: Sequence[Any]) -> None:
        waiting = iter(bodies)

        async def lane() -> None:
            for body in waiting:
                (await self._client.post(path, json=body)).raise_for_status()

        await asyncio.gather(*(lane() for _ in range(AT_ONCE)))

    async def list_all(self) -> None:
        page, last = 1, 1
        while page <= last:
            params: dict[str, Any] = {"key_alias": policy.ALIAS_PREFIX, "substring_matching": "true", "page": page}
            params |= {"return_full_object": "true", "sort_by": "created_at", "sort_order": "asc", "size": 100}
            last = (await self._client.get("/key/list", params=params)).raise_for_status().json()["total_pages"]
            page += 1

    async def close(self) -> None:
        await self._client.aclose()


async def some_keys(db: Database, litellm: LiteLLM, count: int) -> list[str]:
    """Active keys of many people, in our rows and in LiteLLM alike: their hashes."""
    models = [(await a_model(db)).id for _ in range(MODELS)]
    made: list[tuple[UUID, str, str]] = []
    for _ in range(-(-count // KEYS_EACH)):
        owner = await a_person(db)
        for model in models:
            await a_subscription(db, owner, model)
        ids = [uuid4() for _ in range(min(KEYS_EACH, count - len(made)))]
        found = [(key_id, f"sk-lm-{secrets.token_urlsafe(32)}", str(owner.user_id)) for key_id in ids]
        made += found
        async with db.write() as session:
            keys = [{"id": key_id, "user_id": owner.user_id, "name": "bench", "rpm_limit": 1} for key_id in ids]
            await session.execute(insert(api_key).values(status=ApiKeyStatus.ACTIVE), keys)
            held = [{"api_key_id": key_id, "model_id": model} for key_id in ids for model in models]
            await session.execute(insert(api_key_model), held)
            shown = {"prefix": "sk-lm-", "last_four": "0000"}
            rows = [{"api_key_id": key_id, "token_hash": hash_secret(secret)} | shown for key_id, secret, _ in found]
            await session.execute(insert(generation), rows)
    async with db.write() as session:
        wanted = select(desired.wanted()).where(api_key.c.id == generation.c.api_key_id).scalar_subquery()
        await session.execute(update(generation).values(told=wanted))
        names = list((await session.scalars(text("SELECT name FROM model ORDER BY name"))).all())
    waiting = iter(made)

    async def lane() -> None:
        for key_id, secret, owner_id in waiting:
            alias = f"{policy.ALIAS_PREFIX}{key_id}-1"
            request = GenerateKey(key=secret, key_alias=alias, user_id=owner_id, models=names, rpm_limit=1)
            await litellm.generate_key(request)

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return [hash_secret(secret) for _, secret, _ in made]


async def settle_all(keys: KeyService) -> None:
    while await keys.settle():
        pass


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    began = perf_counter()
    await work()
    return perf_counter() - began


async def measure(database_url: str, base_url: str, master_key: str, count: int) -> None:
    db, litellm, bare = Database(database_url), LiteLLM(base_url, master_key), Bare(base_url, master_key)
    keys = KeyService(db, litellm)
    tokens = await some_keys(db, litellm, count)
    if await keys.settle() or await keys.sweep():
        raise SystemExit("the keys are not in LiteLLM as they should be")

    async def report(what: str, requests: int, ours: float, floor: float) -> None:
        print(
            f"{what:<34} {ours:7.2f} s   {ours / floor:5.2f} of LiteLLM's own {floor:.2f} s for {requests:,} requests"
        )

    changed = [{"key": token, "rpm_limit": 2} for token in tokens]
    floor = await timed(lambda: bare.post_all("/key/update", changed))
    async with db.write() as session:
        await session.execute(update(api_key).values(rpm_limit=3))
    await report("a changed limit on every key", count, await timed(lambda: settle_all(keys)), floor)

    everything = {"models": ["no-default-models"], "blocked": False, "max_budget": None, "budget_duration": None}
    everything |= {"tpm_limit": None, "max_parallel_requests": None, "duration": None, "rpm_limit": 4}
    floor = await timed(lambda: bare.post_all("/key/update", [{"key": token} | everything for token in tokens]))
    async with db.write() as session:
        await session.execute(update(generation).values(told=desired.UNSURE))
    await report("nobody knows what LiteLLM has", count, await timed(lambda: settle_all(keys)), floor)

    pages = -(-count // 100)
    floor = await timed(bare.list_all)
    await report("a sweep over what has not drifted", pages, await timed(keys.sweep), floor)
    idle = await timed(keys.settle)
    print(f"{'a look at what is settled':<34} {idle:7.2f} s   no request")
    async with db.read() as session:
        confirmed = await session.scalar(select(func.count()).where(generation.c.told["rpm_limit"].as_integer() == 3))
    if confirmed != count:
        raise SystemExit(f"{confirmed} of {count} keys were confirmed")
    await bare.post_all("/key/delete", [{"keys": [token]} for token in tokens])
    await bare.close()
    await litellm.aclose()
    await db.close()


def main() -> None:
    options = arguments((__doc__ or "").splitlines()[0], keys=10_000)
    structlog.configure(processors=[_silence])
    count = 200 if options.smoke else options.keys
    base_url, master_key = os.environ.get("LITELLM_BASE_URL"), os.environ.get("LITELLM_MASTER_KEY", MASTER_KEY)
    print(f"{count:,} keys of {-(-count // KEYS_EACH):,} people, {MODELS} models on each, {AT_ONCE} requests at once")
    with ExitStack() as stack:
        if not base_url:
            of_litellm = stack.enter_context(database())
            base_url = stack.enter_context(serving("tests.bench.litellm_server", of_litellm)).url
        asyncio.run(measure(stack.enter_context(database()), base_url, master_key, count))


def _silence(*_: Any) -> Any:
    raise structlog.DropEvent


if __name__ == "__main__":
    main()
