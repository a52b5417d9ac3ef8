"""Contract: calling models with a key, and how LiteLLM refuses. What people's programs see, and the portal explains."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from gateway.litellm import KeyChanges, LiteLLM
from tests.litellm.conftest import MadeKey, Proxy, chat, make_key, new_secret


def _error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["type"]


async def _events(http: httpx.AsyncClient, key: MadeKey, body: dict[str, Any]) -> AsyncIterator[str]:
    async with http.stream("POST", "/v1/chat/completions", json=body, headers=key.headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.aiter_lines():
            if line:
                assert line.startswith("data: ")
                yield line.removeprefix("data: ")


async def _stream(http: httpx.AsyncClient, key: MadeKey, model: str, **options: Any) -> list[dict[str, Any]]:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello there."}], "stream": True, **options}
    events = [event async for event in _events(http, key, body)]
    assert events[-1] == "[DONE]"
    return [json.loads(event) for event in events[:-1]]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
async def test_chat(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, path: str) -> None:
    key = await make_key(client, models=[proxy.chat])
    body = {"model": proxy.chat, "messages": [{"role": "user", "content": "Hello there."}]}
    response = await http.post(path, json=body, headers=key.headers)
    assert response.status_code == 200
    answer = response.json()
    assert answer["id"].startswith("chatcmpl-")
    assert (answer["object"], answer["model"]) == ("chat.completion", proxy.chat)
    choice = answer["choices"][0]
    assert (choice["index"], choice["finish_reason"], choice["message"]["role"]) == (0, "stop", "assistant")
    assert choice["message"]["content"]
    usage = answer["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]

    assert response.headers["x-litellm-call-id"]
    assert response.headers["x-litellm-version"]
    assert response.headers["x-litellm-model-group"] == proxy.chat
    price_in, price_out = proxy.prices[proxy.chat]
    cost = usage["prompt_tokens"] * price_in + usage["completion_tokens"] * price_out
    assert Decimal(response.headers["x-litellm-response-cost"]) == pytest.approx(cost)
    assert Decimal(response.headers["x-litellm-key-spend"]) == pytest.approx(cost), "the first call of this key"


async def test_a_stream_tells_its_usage_in_the_end_when_asked(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    key = await make_key(client, models=[proxy.chat])
    chunks = await _stream(http, key, proxy.chat, stream_options={"include_usage": True})
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    reasons = [choice.get("finish_reason") for chunk in chunks for choice in chunk["choices"]]
    assert [reason for reason in reasons if reason] == ["stop"]
    usage = chunks[-1]["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert not any("usage" in chunk for chunk in chunks[:-1])


async def test_a_stream_keeps_its_usage_to_itself_when_not_asked(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    key = await make_key(client, models=[proxy.chat])
    chunks = await _stream(http, key, proxy.chat)
    assert chunks
    assert not any("usage" in chunk for chunk in chunks)


async def test_embeddings(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.embedding])
    body = {"model": proxy.embedding, "input": "one text"}
    response = await http.post("/v1/embeddings", json=body, headers=key.headers)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["object"], answer["model"]) == ("list", proxy.embedding)
    assert (answer["data"][0]["object"], answer["data"][0]["index"]) == ("embedding", 0)
    assert all(isinstance(number, float) for number in answer["data"][0]["embedding"])
    assert answer["usage"]["prompt_tokens"] > 0
    assert Decimal(response.headers["x-litellm-response-cost"]) > 0


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (None, (401, "auth_error")),
        ("sk-nobody-has-this-one", (401, "token_not_found_in_db")),
        ("nonsense", (401, "auth_error")),
    ],
    ids=["no key", "unknown key", "not a key"],
)
async def test_calls_without_a_usable_key(
    proxy: Proxy, http: httpx.AsyncClient, secret: str | None, expected: tuple[int, str]
) -> None:
    key = MadeKey(secret, "", "", "") if secret else None
    assert _error(await chat(http, key, proxy.chat)) == expected


async def test_the_hash_of_a_key_is_no_key(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    assert _error(await chat(http, MadeKey(key.token, "", "", ""), proxy.chat)) == (401, "auth_error")


async def test_models_that_the_key_may_not_call(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    for model in (proxy.other_chat, "no-such-model"):
        assert _error(await chat(http, key, model)) == (403, "key_model_access_denied")
    assert await client.update_key(key.token, KeyChanges(models=[proxy.chat, proxy.other_chat]))
    assert (await chat(http, key, proxy.other_chat)).status_code == 200


async def test_a_model_that_does_not_exist(proxy: Proxy, http: httpx.AsyncClient) -> None:
    secret = new_secret()
    master = {"Authorization": f"Bearer {proxy.master_key}"}
    await http.post("/key/generate", json={"key": secret, "key_type": "llm_api"}, headers=master)
    assert _error(await chat(http, MadeKey(secret, "", "", ""), "no-such-model")) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/chat/completions", '{"model": "CHAT"}', "messages"),
        ("/v1/chat/completions", '{"messages": []}', None),
        ("/v1/chat/completions", "{}", "messages"),
        ("/v1/chat/completions", "{nope", "request_body"),
        ("/v1/embeddings", '{"model": "EMBEDDING"}', "input"),
    ],
    ids=["no messages", "no model", "neither", "no json", "no input"],
)
async def test_malformed_calls(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, path: str, body: str, param: str | None
) -> None:
    key = await make_key(client, models=[proxy.chat, proxy.embedding])
    content = body.replace("CHAT", proxy.chat).replace("EMBEDDING", proxy.embedding)
    response = await http.post(path, content=content, headers=key.headers | {"content-type": "application/json"})
    assert _error(response) == (400, "invalid_request_error")
    assert response.json()["error"]["param"] == param


async def test_a_model_that_fails(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    if proxy.broken is None:
        pytest.skip("this proxy has no model that is known to fail: set LITELLM_BROKEN_MODEL")
    key = await make_key(client, models=[proxy.broken])
    response = await chat(http, key, proxy.broken)
    assert _error(response) == (500, "internal_server_error")
    assert response.json()["error"]["code"] == "500"


async def test_an_expired_key(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat], duration=timedelta(seconds=1))
    await asyncio.sleep(1.5)
    response = await chat(http, key, proxy.chat)
    assert _error(response) == (401, "expired_key")
    assert key.secret not in response.text


async def test_the_budget_is_checked_before_a_call_with_what_was_spent(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    """So the call that breaks the budget still goes through, and the next one does not. Go by type: statuses vary."""
    key = await make_key(client, models=[proxy.chat], max_budget=Decimal("0.00000001"))
    assert (await chat(http, key, proxy.chat)).status_code == 200
    await asyncio.sleep(0.3)
    refused = await chat(http, key, proxy.chat)
    assert refused.status_code in (400, 422, 429)
    assert refused.json()["error"]["type"] == "budget_exceeded"
    assert await client.update_key(key.token, KeyChanges(max_budget=Decimal(1)))
    assert (await chat(http, key, proxy.chat)).status_code == 200


async def test_a_budget_of_nothing(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat], max_budget=Decimal(0))
    assert (await chat(http, key, proxy.chat)).json()["error"]["type"] == "budget_exceeded"


async def test_requests_per_minute(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat], rpm_limit=2)
    for remaining in (1, 0):
        response = await chat(http, key, proxy.chat)
        assert response.status_code == 200
        assert response.headers["x-ratelimit-api_key-limit-requests"] == "2"
        assert response.headers["x-ratelimit-api_key-remaining-requests"] == str(remaining)
    refused = await chat(http, key, proxy.chat)
    assert _error(refused) == (429, "throttling_error")
    assert refused.headers["rate_limit_type"] == "requests"
    assert int(refused.headers["retry-after"]) <= 60
    assert refused.headers["reset_at"].endswith(" UTC")


async def test_tokens_per_minute(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    """A call is charged in advance with what it may use at most."""
    key = await make_key(client, models=[proxy.chat], tpm_limit=100)
    refused = await chat(http, key, proxy.chat, max_tokens=200)
    assert _error(refused) == (429, "throttling_error")
    assert refused.headers["rate_limit_type"] == "tokens"
    allowed = await chat(http, key, proxy.chat, max_tokens=20)
    assert allowed.status_code == 200
    assert allowed.headers["x-ratelimit-api_key-limit-tokens"] == "100"
