"""Contract: the spend log, which is what the usage ledger is reconciled with."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from gateway import usage
from gateway.litellm import LiteLLM, SpendRow, exact_money, hash_secret
from gateway.usage.reconcile.spend_log import record_of
from tests.litellm.conftest import MadeKey, Proxy, chat, make_key

PATIENCE = 25.0  # LiteLLM writes every `proxy_batch_write_at`, and up to 5 s later


async def _rows(client: LiteLLM, key: MadeKey, count: int, since: datetime) -> list[SpendRow]:
    """The key's rows, as soon as there are `count`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found: list[SpendRow] = []
        page = 1
        while True:
            answer = await client.spend_logs(since, datetime.now(UTC) + timedelta(seconds=1), page=page)
            found += [row for row in answer.data if row.api_key == key.token]
            if page >= answer.total_pages:
                break
            page += 1
        if len(found) >= count:
            return found
        assert time.monotonic() < deadline, f"{len(found)} of {count} rows after {PATIENCE} s"
        await asyncio.sleep(0.5)


async def test_every_call_gets_a_row_some_seconds_later(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat, proxy.embedding])
    since = datetime.now(UTC) - timedelta(seconds=2)
    answered = await chat(http, key, proxy.chat)
    embedded = await http.post(
        "/v1/embeddings", json={"model": proxy.embedding, "input": "one text"}, headers=key.headers
    )
    refused = await chat(http, key, proxy.other_chat)
    streamed = await chat(http, key, proxy.chat, stream=True, stream_options={"include_usage": True})
    assert [r.status_code for r in (answered, embedded, refused, streamed)] == [200, 200, 403, 200]

    rows = await _rows(client, key, 4, since)
    assert [row.startTime for row in rows] == sorted((row.startTime for row in rows), reverse=True), "newest first"
    by_id = {row.call_id: row for row in rows}
    assert len(by_id) == 4

    row = by_id[answered.headers["x-litellm-call-id"]]
    usage = answered.json()["usage"]
    assert (row.request_id, row.call_type, row.success) == (answered.json()["id"], "acompletion", True)
    assert (row.prompt_tokens, row.completion_tokens, row.total_tokens) == tuple(
        usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    assert row.spend == pytest.approx(Decimal(answered.headers["x-litellm-response-cost"]))
    assert (row.model_group, row.user, row.error_code) == (proxy.chat, key.user_id, None)
    assert since <= row.startTime <= datetime.now(UTC)

    row = by_id[embedded.headers["x-litellm-call-id"]]
    assert (row.call_type, row.success, row.completion_tokens) == ("aembedding", True, 0)
    assert row.spend > 0

    row = by_id[streamed.headers["x-litellm-call-id"]]
    assert row.success
    assert row.spend > 0
    assert row.completion_tokens > 0

    failed = [row for row in rows if not row.success]
    assert [(row.error_code, row.spend, row.total_tokens) for row in failed] == [("403", 0, 0)]


async def test_the_key_and_its_user_show_what_was_spent(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    costs = [Decimal((await chat(http, key, proxy.chat)).headers["x-litellm-response-cost"]) for _ in range(2)]
    deadline = time.monotonic() + PATIENCE
    while (info := await client.key_info(key.token)) is None or info.spend < sum(costs) * Decimal("0.999"):
        assert time.monotonic() < deadline, f"spend is {info and info.spend} after {PATIENCE} s"
        await asyncio.sleep(0.5)
    assert info.spend == pytest.approx(sum(costs))
    assert info.last_active is not None
    master = {"Authorization": f"Bearer {proxy.master_key}"}
    user = (await http.get("/user/info", params={"user_id": key.user_id}, headers=master)).json()["user_info"]
    assert Decimal(str(user["spend"])) == pytest.approx(sum(costs))


async def test_pages_and_slices_of_time(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    since = datetime.now(UTC).replace(microsecond=0)
    for _ in range(3):
        assert (await chat(http, key, proxy.chat)).status_code == 200
    rows = await _rows(client, key, 3, since - timedelta(seconds=1))
    until = max(row.startTime for row in rows) + timedelta(seconds=1)

    first = await client.spend_logs(since, until, page=1, page_size=1)
    assert (len(first.data), first.page, first.page_size) == (1, 1, 1)
    assert first.total_pages == first.total >= 3
    beyond = await client.spend_logs(since, until, page=first.total_pages + 5, page_size=1)
    assert (beyond.data, beyond.total) == ([], first.total)

    before = await client.spend_logs(since - timedelta(hours=2), since - timedelta(hours=1))
    assert not any(row.api_key == key.token for row in before.data)


async def test_both_orders_and_their_limits(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    since = datetime.now(UTC).replace(microsecond=0)
    for _ in range(3):
        assert (await chat(http, key, proxy.chat)).status_code == 200
    rows = await _rows(client, key, 3, since - timedelta(seconds=1))
    until = max(row.startTime for row in rows) + timedelta(seconds=1)
    oldest = await client.spend_logs(since, until, page_size=1000, oldest_first=True)
    newest = await client.spend_logs(since, until, page_size=1000)
    assert [row.startTime for row in oldest.data] == sorted(row.startTime for row in newest.data)
    assert {row.request_id for row in oldest.data} == {row.request_id for row in newest.data}
    assert not newest.total_is_capped

    master = {"Authorization": f"Bearer {proxy.master_key}"}
    range_ = {"start_date": "2026-11-23", "end_date": "2026-11-24"}
    for wrong, status in (({"sort_order": "sideways"}, 400), ({"page_size": 1001}, 422)):
        assert (await http.get("/spend/logs/v2", params=range_ | wrong, headers=master)).status_code == status


async def test_a_row_and_a_callback_tell_the_same_of_a_call(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    """All that the ledger books, for every kind of call: what a lost callback is replaced with is what it would have said."""
    if proxy.receiver is None:
        pytest.skip("where a real proxy calls back is fixed at its start: set LITELLM_CALLBACK_PORT to that port")
    models = [proxy.chat, proxy.embedding, *([proxy.broken] if proxy.broken else [])]
    key = await make_key(client, models=models)
    limited = await make_key(client, models=models, rpm_limit=1)
    unknown = MadeKey(f"sk-unknown-{time.time_ns()}", "", "", "")
    since = datetime.now(UTC) - timedelta(seconds=2)
    await chat(http, key, proxy.chat)
    await chat(http, key, proxy.chat, stream=True)
    await http.post("/v1/embeddings", json={"model": proxy.embedding, "input": "one text"}, headers=key.headers)
    await chat(http, key, proxy.other_chat)
    await chat(http, key, proxy.broken or proxy.other_chat)
    await chat(http, limited, proxy.chat)
    await chat(http, limited, proxy.chat)
    await chat(http, unknown, proxy.chat)
    tokens = {key.token, limited.token, hash_secret(unknown.secret)}
    rows = [row for token in tokens for row in await _rows(client, MadeKey("", token, "", ""), 1, since)]
    events = await asyncio.to_thread(
        proxy.receiver.wait_for, lambda event: event["metadata"]["user_api_key_hash"] in tokens, 8
    )
    deadline = time.monotonic() + PATIENCE
    while len(rows) < 8 and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        rows = [row for token in tokens for row in await _rows(client, MadeKey("", token, "", ""), 1, since)]
    told = {record.call_id: record for record in usage.decode(json.dumps(events).encode()).records}
    logged = {record.call_id: record for record in map(record_of, rows)}
    assert logged.keys() == told.keys()
    assert len(told) == 8
    for call_id, record in told.items():
        row = logged[call_id]
        assert abs(row.occurred_at - record.occurred_at) < timedelta(seconds=0.2)
        assert row.latency_ms is not None
        assert record.latency_ms is not None
        assert abs(row.latency_ms - record.latency_ms) < 200
        like_row: dict[str, Any] = {
            "occurred_at": row.occurred_at,
            "latency_ms": row.latency_ms,
            "spend": exact_money(record.spend),
        }
        if record.latency_ms < 20:
            # Too quick for a first piece to stand out.
            like_row |= {"stream": row.stream, "first_token_ms": row.first_token_ms}
        assert row == msgspec.structs.replace(record, **like_row)
    assert sum(not record.success for record in told.values()) >= 3
    assert sum(record.stream for record in told.values()) == 1


async def test_dates_are_required(proxy: Proxy, http: httpx.AsyncClient) -> None:
    master = {"Authorization": f"Bearer {proxy.master_key}"}
    assert (await http.get("/spend/logs/v2", headers=master)).status_code == 400
    wrong = {"start_date": "2026-11-23", "end_date": "yesterday"}
    assert (await http.get("/spend/logs/v2", params=wrong, headers=master)).status_code == 400
    page = {"start_date": "2026-11-23", "end_date": "2026-11-24", "page": 0}
    assert (await http.get("/spend/logs/v2", params=page, headers=master)).status_code == 422


async def test_nothing_that_was_said_is_in_the_log(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    """As long as `store_prompts_in_spend_logs` is off, which is its default."""
    key = await make_key(client, models=[proxy.chat])
    since = datetime.now(UTC) - timedelta(seconds=1)
    await chat(http, key, proxy.chat, text="a very confidential zebra")
    await _rows(client, key, 1, since)
    query = {"start_date": f"{since:%Y-%m-%d %H:%M:%S}", "end_date": "2099-01-01", "api_key": key.token}
    log = await http.get("/spend/logs/v2", params=query, headers={"Authorization": f"Bearer {proxy.master_key}"})
    assert log.json()["total"] == 1
    assert "zebra" not in log.text
