"""Contract: whatever becomes of its callbacks, the ledger ends up with what LiteLLM's own spend log has, to the last digit."""

import asyncio
import json
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gateway.actor import Role
from gateway.db import Database
from gateway.events import Bus
from gateway.keys import KeyService, NewKey
from gateway.litellm import LiteLLM, exact_money, hash_secret
from gateway.usage import LedgerService, TimeRange, UsageService
from tests.builders import a_model, a_person, a_subscription
from tests.domains.usage.ledger import sums_differ
from tests.litellm.conftest import MadeKey, Proxy, chat, make_key

SETTLE = 10  # the rig writes its log at most 6 s late
CALLS = {"real": 2_000, "sandbox": 400}
AT_ONCE = 12
LEAST_SECONDS = 15  # for three lives or so of the receiver
Sums = dict[str, tuple[int, int, int, Decimal]]


@asynccontextmanager
async def a_mortal_gateway(
    proxy: Proxy, client: LiteLLM, http: httpx.AsyncClient, database_url: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The webhook in place of the suite's receiver: see `tests.litellm.receiving`."""
    assert proxy.receiver is not None
    key = await make_key(client, models=[proxy.chat])
    await chat(http, key, proxy.chat)
    await asyncio.to_thread(
        proxy.receiver.wait_for, lambda event: event["metadata"]["user_api_key_hash"] == key.token, 1
    )
    headers = proxy.receiver.deliveries[-1].headers
    secret = headers.get("x-callback-secret") or headers["authorization"].removeprefix("Bearer ")
    with proxy.receiver.away():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.litellm.receiving"),
            *(str(proxy.receiver.port), database_url, secret),
            cwd=Path(__file__).parents[2],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()


async def _keys(db: Database, client: LiteLLM, proxy: Proxy) -> list[MadeKey]:
    """Keys as people make them: two owners, all models that are called, one key with a limit."""
    models = {}
    for name in {proxy.chat, proxy.other_chat, proxy.embedding, *([proxy.broken] if proxy.broken else [])}:
        models[name] = await a_model(db, name)
    keys: list[MadeKey] = []
    service = KeyService(db, client)
    for owner, limits in (("a", {}), ("b", {}), ("b", {"rpm_limit": 5})):
        person = await a_person(db, f"person-{owner}-{len(keys)}")
        held = [model for name, model in models.items() if name != proxy.other_chat]
        for model in held:
            await a_subscription(db, person, model.id)
        made = await service.create(
            person, NewKey(name=f"key {len(keys)}", model_ids=[model.id for model in held], **limits)
        )
        keys.append(MadeKey(made.secret, hash_secret(made.secret), "", ""))
    return keys


def _calls(
    proxy: Proxy, http: httpx.AsyncClient, keys: list[MadeKey], count: int
) -> list[Callable[[], Awaitable[Any]]]:
    chance = random.Random(2)

    def embed(key: MadeKey) -> Awaitable[Any]:
        body = {"model": proxy.embedding, "input": "one text"}
        return http.post("/v1/embeddings", json=body, headers=key.headers)

    kinds: list[tuple[float, Callable[[MadeKey], Awaitable[Any]]]] = [
        (0.5, lambda key: chat(http, key, proxy.chat)),
        (0.2, lambda key: chat(http, key, proxy.chat, stream=True)),
        (0.15, embed),
        (0.06, lambda key: chat(http, key, proxy.other_chat)),  # 403
        (0.06, lambda key: chat(http, key, proxy.broken or proxy.chat)),  # 500
        (0.03, lambda key: chat(http, MadeKey("sk-nobodys-key-at-all", "", "", ""), proxy.chat)),  # 401
    ]

    def one() -> Callable[[], Awaitable[Any]]:
        key = chance.choices(keys, weights=(10, 10, 1))[0]
        [call] = chance.choices([call for _, call in kinds], weights=[weight for weight, _ in kinds])
        return lambda: call(key)

    return [one() for _ in range(count)]


async def _log(proxy: Proxy, http: httpx.AsyncClient, since: datetime, tokens: set[str]) -> tuple[Sums, Sums]:
    """Sums of LiteLLM's rows by key: as their digits stand in its answer, and without the noise of binary floats."""
    digits: dict[str, list[tuple[int, int, int, Decimal]]] = defaultdict(list)
    exact: dict[str, list[tuple[int, int, int, Decimal]]] = defaultdict(list)
    for token in tokens:
        page, pages = 1, 1
        while page <= pages:
            query = {"start_date": f"{since:%Y-%m-%d %H:%M:%S}", "end_date": "2099-01-01", "api_key": token}
            answer = await http.get(
                "/spend/logs/v2",
                params=query | {"page": page, "page_size": 500},
                headers={"Authorization": f"Bearer {proxy.master_key}"},
            )
            body = json.loads(answer.text, parse_float=Decimal)
            pages = body["total_pages"]
            page += 1
            for row in body["data"]:
                success = row["status"] == "success"
                tokens_ = row["total_tokens"] if success else 0
                digits[token].append((1, not success, tokens_, Decimal(row["spend"])))
                exact[token].append((1, not success, tokens_, exact_money(row["spend"])))
    return _summed(digits), _summed(exact)


def _summed(rows: dict[str, list[tuple[int, int, int, Decimal]]]) -> Sums:
    return {
        token: (
            sum(row[0] for row in found),
            sum(row[1] for row in found),
            sum(row[2] for row in found),
            sum((row[3] for row in found), Decimal(0)),
        )
        for token, found in rows.items()
    }


async def _ledger(db: Database, tokens: set[str]) -> Sums:
    booked: dict[str, list[tuple[int, int, int, Decimal]]] = defaultdict(list)
    async with db.read() as session:
        found = await session.execute(
            text("SELECT token_hash, success, total_tokens, spend FROM usage_event WHERE token_hash = ANY(:tokens)"),
            {"tokens": list(tokens)},
        )
        for row in found:
            booked[row.token_hash].append((1, not row.success, row.total_tokens, exact_money(row.spend)))
    return _summed(booked)


@pytest.mark.timeout(600)
async def test_the_ledger_is_litellms_own_log_while_the_receiver_is_killed_again_and_again(
    proxy: Proxy, client: LiteLLM, http: httpx.AsyncClient, db: Database, database_url: str
) -> None:
    if proxy.receiver is None:
        pytest.skip("where a real proxy calls back is fixed at its start: set LITELLM_CALLBACK_PORT to that port")
    ada = await a_person(db, role=Role.ADMIN)
    usage = UsageService(db, Bus(database_url))
    ledger = LedgerService(db, client, usage, settle_seconds=SETTLE, history_days=0)
    keys = await _keys(db, client, proxy)
    tokens = {*(key.token for key in keys), hash_secret("sk-nobodys-key-at-all")}
    async with a_mortal_gateway(proxy, client, http, database_url) as gateway:
        assert gateway.stdin is not None
        assert gateway.stdout is not None
        await gateway.stdout.readline()  # it has lived, and died for the first time
        started = datetime.now(UTC)
        await ledger.reconcile()  # from here on: nothing of this is history
        waiting = _calls(proxy, http, keys, CALLS[proxy.name])

        async def work() -> None:
            while waiting:
                call, done = waiting.pop(), 1 - len(waiting) / CALLS[proxy.name]
                await asyncio.sleep(LEAST_SECONDS * done - (datetime.now(UTC) - started).total_seconds())
                await call()

        async def reconcile() -> None:
            while True:
                await ledger.reconcile()
                await asyncio.sleep(1)

        reconciling = asyncio.create_task(reconcile())
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        over = datetime.now(UTC)
        gateway.stdin.write(b"enough\n")
        for _ in range(120):
            status = await ledger.status(ada)
            if status.checked_until and status.checked_until > over + timedelta(seconds=1):
                break
            await asyncio.sleep(0.5)
        reconciling.cancel()
        await asyncio.wait([reconciling])
        gateway.stdin.close()
        kills = (await gateway.stdout.read()).count(b"killed")

    status = await ledger.status(ada)
    digits, exact = await _log(proxy, http, started - timedelta(seconds=1), tokens)
    booked = await _ledger(db, tokens)
    took = (over - started).total_seconds()
    calls = sum(row[0] for row in exact.values())
    print(
        f"\n{proxy.name}: {calls} calls in {took:.1f} s, receiver killed {kills} times, {status.repaired} calls repaired"
    )
    for token, sums in sorted(booked.items()):
        print(f"  {token[:8]}… calls, failures, tokens, spend: {sums}; log's own digits: {digits[token][3]}")
    assert calls == CALLS[proxy.name]
    assert kills >= 2
    assert 0 < status.repaired < calls, "some were lost, and some arrived"
    assert booked == exact
    assert not await sums_differ(db)
    assert (status.mismatches, status.gaps, status.last_error) == (0, [], None)
    assert (await usage.compared(TimeRange(started, over))).complete
