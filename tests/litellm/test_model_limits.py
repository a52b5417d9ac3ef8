"""Requests and tokens a minute of single models on a key: what a subscription's limits become. No licence is needed for them."""

import httpx

from gateway.litellm import KeyChanges, KeyInfo, LiteLLM
from tests.litellm.conftest import Proxy, chat, make_key


def limits(info: KeyInfo | None) -> tuple[object, object]:
    assert info is not None
    return info.metadata.get("model_rpm_limit"), info.metadata.get("model_tpm_limit")


async def test_requests_to_one_model(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat, proxy.other_chat], model_rpm_limit={proxy.chat: 1})
    allowed = await chat(http, key, proxy.chat)
    assert allowed.status_code == 200
    assert allowed.headers["x-ratelimit-model_per_key-limit-requests"] == "1"
    assert allowed.headers["x-ratelimit-model_per_key-remaining-requests"] == "0"
    refused = await chat(http, key, proxy.chat)
    assert (refused.status_code, refused.json()["error"]["type"]) == (429, "throttling_error")
    assert refused.headers["rate_limit_type"] == "requests"
    assert f"{key.token}:{proxy.chat}" in refused.json()["error"]["message"]
    for _ in range(2):
        assert (await chat(http, key, proxy.other_chat)).status_code == 200
    # Cleared, it holds no more, at once.
    assert await client.update_key(key.token, KeyChanges(model_rpm_limit={}))
    assert (await chat(http, key, proxy.chat)).status_code == 200


async def test_tokens_to_one_model(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat, proxy.other_chat], model_tpm_limit={proxy.chat: 100})
    refused = await chat(http, key, proxy.chat, max_tokens=200)
    assert (refused.status_code, refused.headers["rate_limit_type"]) == (429, "tokens")
    allowed = await chat(http, key, proxy.chat, max_tokens=20)
    assert allowed.headers["x-ratelimit-model_per_key-limit-tokens"] == "100"
    assert (await chat(http, key, proxy.other_chat, max_tokens=200)).status_code == 200


async def test_they_are_read_back_in_the_metadata_and_each_is_replaced_alone(client: LiteLLM, proxy: Proxy) -> None:
    key = await make_key(
        client,
        models=[proxy.chat],
        metadata={"ours": "x"},
        model_rpm_limit={proxy.chat: 2},
        model_tpm_limit={proxy.chat: 3000},
    )
    info = await client.key_info(key.token)
    assert info is not None
    assert info.metadata["ours"] == "x"
    assert limits(info) == ({proxy.chat: 2}, {proxy.chat: 3000})
    (listed,) = (await client.list_keys(key.alias)).keys
    assert limits(listed) == ({proxy.chat: 2}, {proxy.chat: 3000})

    assert await client.update_key(key.token, KeyChanges(model_rpm_limit={proxy.chat: 5}))
    info = await client.key_info(key.token)
    assert limits(info) == ({proxy.chat: 5}, {proxy.chat: 3000})
    assert info is not None
    assert info.metadata["ours"] == "x"
    # Other changes leave them alone.
    assert await client.update_key(key.token, KeyChanges(models=[], blocked=True, rpm_limit=7))
    assert limits(await client.key_info(key.token)) == ({proxy.chat: 5}, {proxy.chat: 3000})
    assert await client.update_key(key.token, KeyChanges(model_rpm_limit={}, model_tpm_limit={}))
    assert limits(await client.key_info(key.token)) == ({}, {})


async def test_null_changes_nothing_and_new_metadata_takes_them_away(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    """Why they are cleared with {}, and why the client never sends metadata of a key that is there."""
    key = await make_key(client, models=[proxy.chat], model_rpm_limit={proxy.chat: 2})
    master = {"Authorization": f"Bearer {proxy.master_key}"}
    nothing = await http.post("/key/update", json={"key": key.token, "model_rpm_limit": None}, headers=master)
    assert nothing.status_code == 200
    assert limits(await client.key_info(key.token)) == ({proxy.chat: 2}, None)
    assert await client.update_key(key.token, KeyChanges(metadata={"other": "y"}))
    assert limits(await client.key_info(key.token)) == (None, None)


async def test_a_limit_that_is_no_object_is_refused(proxy: Proxy, http: httpx.AsyncClient, client: LiteLLM) -> None:
    key = await make_key(client, models=[proxy.chat], model_rpm_limit={proxy.chat: 2})
    master = {"Authorization": f"Bearer {proxy.master_key}"}
    refused = await http.post("/key/update", json={"key": key.token, "model_rpm_limit": 5}, headers=master)
    assert refused.status_code == 422
    assert limits(await client.key_info(key.token)) == ({proxy.chat: 2}, None)
