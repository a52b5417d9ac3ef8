"""Contract: the generic_api callback, which is how usage arrives."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from gateway.litellm import LiteLLM, hash_secret
from tests.litellm.conftest import CALLBACK_SECRET, MadeKey, Proxy, chat, make_key
from tests.litellm.serving import Receiver


@pytest.fixture
def receiver(proxy: Proxy) -> Receiver:
    if proxy.receiver is None:
        pytest.skip("where a real proxy calls back is fixed at its start: set LITELLM_CALLBACK_PORT to that port")
    return proxy.receiver


def _of(key: MadeKey) -> Any:
    return lambda event: event["metadata"]["user_api_key_hash"] == key.token


async def _wait(receiver: Receiver, key: MadeKey, count: int) -> list[dict[str, Any]]:
    return await asyncio.to_thread(receiver.wait_for, _of(key), count)


async def test_a_call_is_reported_with_what_the_ledger_needs(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    key = await make_key(client, models=[proxy.chat], metadata={"litemaas_api_key_id": "7"})
    before = time.time()
    response = await chat(http, key, proxy.chat, text="a very confidential zebra")
    [event] = await _wait(receiver, key, 1)
    usage = response.json()["usage"]
    assert event["litellm_call_id"] == response.headers["x-litellm-call-id"]
    assert event["id"] == response.json()["id"]
    assert (event["status"], event["call_type"], event["stream"]) == ("success", "acompletion", None)
    assert (event["model_group"], event["metadata"]["user_api_key_user_id"]) == (proxy.chat, key.user_id)
    assert event["metadata"]["user_api_key_alias"] == key.alias
    assert event["metadata"]["user_api_key_auth_metadata"] == {"litemaas_api_key_id": "7"}
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert event[name] == usage[name]
    assert event["response_cost"] == pytest.approx(float(response.headers["x-litellm-response-cost"]))
    assert before - 1 < event["startTime"] <= event["endTime"] < time.time() + 1
    assert event["error_information"]["error_code"] == ""
    # Both are in it, so a receiver has to drop them.
    assert "zebra" in str(event["messages"])
    assert event["response"]["choices"][0]["message"]["content"]
    assert key.secret not in str(event)


async def test_how_it_is_delivered(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver) -> None:
    key = await make_key(client, models=[proxy.chat])
    await chat(http, key, proxy.chat)
    await _wait(receiver, key, 1)
    headers = next(d.headers for d in receiver.deliveries if any(map(_of(key), d.events)))
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("litellm/")
    assert "content-encoding" not in headers
    assert "transfer-encoding" not in headers
    given = (
        headers.get("authorization") == f"Bearer {CALLBACK_SECRET}"
        if proxy.name == "sandbox"
        else "x-callback-secret" in headers
    )
    assert given, "the configured headers are sent"


async def test_a_stream_is_one_event_when_it_is_over(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    key = await make_key(client, models=[proxy.chat])
    await chat(http, key, proxy.chat, stream=True)
    [event] = await _wait(receiver, key, 1)
    assert (event["stream"], event["status"]) == (True, "success")
    assert event["completion_tokens"] > 0
    assert event["response_cost"] > 0


async def test_an_embedding_is_reported(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    key = await make_key(client, models=[proxy.embedding])
    response = await http.post(
        "/v1/embeddings", json={"model": proxy.embedding, "input": ["one", "two"]}, headers=key.headers
    )
    [event] = await _wait(receiver, key, 1)
    assert (event["call_type"], event["completion_tokens"]) == ("aembedding", 0)
    assert event["litellm_call_id"] == response.headers["x-litellm-call-id"] == event["id"]
    assert event["prompt_tokens"] > 0


async def test_refused_calls_are_reported_as_failures(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    key = await make_key(client, models=[proxy.chat], rpm_limit=1)
    await chat(http, key, proxy.other_chat)
    await chat(http, key, proxy.chat)
    await chat(http, key, proxy.chat)
    await client.block_key(key.token)
    await chat(http, key, proxy.chat)
    events = sorted(await _wait(receiver, key, 4), key=lambda event: event["startTime"])
    told = [(event["status"], event["error_information"]["error_code"]) for event in events]
    assert told == [("failure", "403"), ("success", ""), ("failure", "429"), ("failure", "")]
    for event in events:
        if event["status"] == "failure":
            assert event["error_information"]["error_class"]
            assert (event["response_cost"], event["total_tokens"]) == (0, 0)
            assert event["id"] == event["litellm_call_id"]


async def test_calls_with_keys_that_do_not_exist_are_reported_too(
    proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    """So an event is no proof that a key exists; and what stands there need not even be a hash."""
    unknown = f"sk-unknown-{time.time_ns()}"
    junk = f"junk-{time.time_ns()}"
    for secret in (unknown, junk):
        assert (await chat(http, MadeKey(secret, "", "", ""), proxy.chat)).status_code == 401
    for expected in (hash_secret(unknown), junk):
        [event] = await _wait(receiver, MadeKey("", expected, "", ""), 1)
        assert (event["status"], event["error_information"]["error_code"]) == ("failure", "401")


async def test_management_calls_that_are_refused_are_reported_under_their_route(
    proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    unknown = f"sk-unknown-{time.time_ns()}"
    await http.get("/key/info", params={"key": "x"}, headers={"Authorization": f"Bearer {unknown}"})
    [event] = await _wait(receiver, MadeKey("", hash_secret(unknown), "", ""), 1)
    assert (event["call_type"], event["status"], event["model_group"]) == ("/key/info", "failure", "")


async def test_a_model_that_fails_is_reported(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    if proxy.broken is None:
        pytest.skip("this proxy has no model that is known to fail: set LITELLM_BROKEN_MODEL")
    key = await make_key(client, models=[proxy.broken])
    await chat(http, key, proxy.broken)
    [event] = await _wait(receiver, key, 1)
    assert (event["status"], event["error_information"]["error_code"]) == ("failure", "500")
    assert event["model_group"] == proxy.broken


async def test_events_come_in_batches_and_each_call_once(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    key = await make_key(client, models=[proxy.chat])
    responses = await asyncio.gather(*(chat(http, key, proxy.chat) for _ in range(20)))
    events = await _wait(receiver, key, 20)
    assert {event["litellm_call_id"] for event in events} == {r.headers["x-litellm-call-id"] for r in responses}
    batches = [d for d in receiver.deliveries if any(map(_of(key), d.events))]
    assert len(batches) < 20


async def test_a_receiver_in_trouble_gets_the_same_batch_again(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    """With `max_retries` set, as the deployment guide says: LiteLLM's default is not to retry at all."""
    await asyncio.sleep(1.5)  # let everything of other tests be delivered first
    key = await make_key(client, models=[proxy.chat])
    receiver.answers[:] = [503, 500]
    tried = len(receiver.attempts)
    await chat(http, key, proxy.chat)
    [event] = await _wait(receiver, key, 1)
    attempts = [a for a in receiver.attempts[tried:] if any(map(_of(key), a.events))]
    assert [a.events[0]["litellm_call_id"] for a in attempts] == [event["litellm_call_id"]] * 3
    assert attempts[0].at < attempts[1].at < attempts[2].at


async def test_a_receiver_that_refuses_is_not_asked_again(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, receiver: Receiver
) -> None:
    """A batch that is answered 4xx is lost, so the gateway must not do that to anything that may become valid."""
    await asyncio.sleep(1.5)
    lost, key = await make_key(client, models=[proxy.chat]), await make_key(client, models=[proxy.chat])
    receiver.answers[:] = [400]
    await chat(http, lost, proxy.chat)
    deadline = time.monotonic() + 10
    while receiver.answers:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    await chat(http, key, proxy.chat)
    await _wait(receiver, key, 1)
    assert [a for a in receiver.deliveries if any(map(_of(lost), a.events))] == []
