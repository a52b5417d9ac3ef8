"""Contract: what the gateway relies on when it makes, changes and takes away keys."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from gateway.litellm import UNSET, GenerateKey, KeyChanges, LiteLLM, LiteLLMRefused, hash_secret
from tests.litellm.conftest import Proxy, chat, make_key, new_secret

MISSING = hash_secret("sk-nobody-has-this-one")


def _master(proxy: Proxy) -> dict[str, str]:
    return {"Authorization": f"Bearer {proxy.master_key}"}


async def test_a_key_is_stored_as_asked(client: LiteLLM, proxy: Proxy) -> None:
    before = datetime.now(UTC)
    key = await make_key(
        client,
        models=[proxy.chat, proxy.embedding],
        metadata={"litemaas_api_key_id": "7", "note": "ä"},
        max_budget=Decimal("1.10"),
        budget_duration="30d",
        rpm_limit=60,
        tpm_limit=90_000,
        duration=timedelta(hours=1),
    )
    info = await client.key_info(key.token)
    assert info is not None
    assert info.token == hash_secret(key.secret)
    assert (info.key_alias, info.user_id, info.models) == (key.alias, key.user_id, [proxy.chat, proxy.embedding])
    assert info.metadata == {"litemaas_api_key_id": "7", "note": "ä"}
    assert (info.max_budget, info.budget_duration, info.rpm_limit, info.tpm_limit) == (
        Decimal("1.1"),
        "30d",
        60,
        90_000,
    )
    assert info.spend == 0
    assert not info.blocked
    assert info.expires is not None
    assert timedelta(minutes=59) < info.expires - before < timedelta(minutes=61)
    assert info.budget_reset_at is not None
    assert (info.budget_reset_at.day, info.budget_reset_at.hour) == (1, 0), "30d is a calendar month"


async def test_the_secret_is_not_in_what_can_be_read_back(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    key = await make_key(client, models=[proxy.chat])
    for path in (
        f"/key/info?key={key.token}",
        f"/key/list?user_id={key.user_id}&return_full_object=true",
        f"/user/info?user_id={key.user_id}",
    ):
        response = await http.get(path, headers=_master(proxy))
        assert response.status_code == 200
        assert key.token in response.text
        assert key.secret not in response.text


async def test_an_existing_secret_is_answered_as_new_and_changes_nothing(client: LiteLLM, proxy: Proxy) -> None:
    key = await make_key(client, models=[proxy.chat], rpm_limit=60)
    again = GenerateKey(
        key=key.secret, key_alias=f"contract-{uuid4()}", user_id=key.user_id, models=[proxy.embedding], rpm_limit=7
    )
    assert (await client.generate_key(again)).token == key.token
    info = await client.key_info(key.token)
    assert info is not None
    assert (info.key_alias, info.models, info.rpm_limit) == (key.alias, [proxy.chat], 60)


async def test_an_alias_is_unique_over_all_users(client: LiteLLM, proxy: Proxy) -> None:
    key = await make_key(client, models=[proxy.chat])
    secret = new_secret()
    with pytest.raises(LiteLLMRefused) as refused:
        await client.generate_key(
            GenerateKey(key=secret, key_alias=key.alias, user_id=str(uuid4()), models=[proxy.chat])
        )
    assert (refused.value.status, refused.value.param) == (400, "key_alias")
    assert await client.key_info(hash_secret(secret)) is None


@pytest.mark.parametrize("secret", ["sk-short", "pk-that-does-not-begin-as-it-should"])
async def test_a_secret_that_litellm_does_not_take(client: LiteLLM, secret: str) -> None:
    with pytest.raises(LiteLLMRefused) as refused:
        await client.generate_key(
            GenerateKey(key=secret, key_alias=f"contract-{uuid4()}", user_id=str(uuid4()), models=[])
        )
    assert refused.value.status == 400
    assert secret not in str(refused.value)


async def test_a_user_is_ensured_twice(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    user_id = str(uuid4())
    await client.ensure_user(user_id, "Alice")
    await client.ensure_user(user_id, "Somebody else")
    answer = (await http.get("/user/info", params={"user_id": user_id}, headers=_master(proxy))).json()
    assert answer["user_info"]["user_alias"] == "Alice"
    assert answer["keys"] == []


async def test_no_models_means_none_and_not_all(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[])
    refused = await chat(http, key, proxy.chat)
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "key_model_access_denied")
    assert (await http.get("/v1/models", headers=key.headers)).json()["data"] == []

    assert await client.update_key(key.token, KeyChanges(models=[proxy.chat]))
    assert (await chat(http, key, proxy.chat)).status_code == 200
    assert await client.update_key(key.token, KeyChanges(models=[]))
    assert (await chat(http, key, proxy.chat)).status_code == 403


async def test_litellm_itself_takes_an_empty_list_for_all(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    """Why the client never sends one."""
    secret = new_secret()
    made = await http.post(
        "/key/generate", json={"key": secret, "models": [], "key_type": "llm_api"}, headers=_master(proxy)
    )
    assert made.status_code == 200
    listed = await http.get("/v1/models", headers={"Authorization": f"Bearer {secret}"})
    assert {model["id"] for model in listed.json()["data"]} >= {proxy.chat, proxy.embedding}
    await client.delete_key(hash_secret(secret))


async def test_an_update_changes_what_is_given_and_clears_what_is_null(client: LiteLLM, proxy: Proxy) -> None:
    key = await make_key(
        client,
        models=[proxy.chat],
        metadata={"a": 1},
        max_budget=Decimal(5),
        budget_duration="7d",
        rpm_limit=10,
        tpm_limit=1000,
        duration=timedelta(hours=1),
    )
    assert await client.update_key(key.token, KeyChanges(rpm_limit=20, metadata={"b": 2}))
    info = await client.key_info(key.token)
    assert info is not None
    assert (info.rpm_limit, info.tpm_limit, info.max_budget, info.metadata) == (20, 1000, Decimal(5), {"b": 2})
    assert info.expires is not None

    cleared = KeyChanges(rpm_limit=None, tpm_limit=None, max_budget=None, budget_duration=None, duration=None)
    assert cleared.models is UNSET
    assert await client.update_key(key.token, cleared)
    info = await client.key_info(key.token)
    assert info is not None
    assert (info.rpm_limit, info.tpm_limit, info.max_budget, info.budget_duration) == (None, None, None, None)
    assert (info.budget_reset_at, info.expires) == (None, None)
    assert (info.key_alias, info.models) == (key.alias, [proxy.chat])


async def test_models_null_is_refused_as_a_whole(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    """Why KeyChanges has no None for models."""
    key = await make_key(client, models=[proxy.chat], rpm_limit=10)
    response = await http.post(
        "/key/update", json={"key": key.token, "models": None, "rpm_limit": 99}, headers=_master(proxy)
    )
    assert response.status_code == 400
    info = await client.key_info(key.token)
    assert info is not None
    assert (info.models, info.rpm_limit) == ([proxy.chat], 10)


async def test_a_malformed_duration_is_refused_and_not_an_outage(client: LiteLLM, proxy: Proxy) -> None:
    with pytest.raises(LiteLLMRefused):
        await make_key(client, models=[proxy.chat], budget_duration="3 weeks")


async def test_block_and_unblock_take_effect_at_once_and_twice(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    key = await make_key(client, models=[proxy.chat])
    assert (await chat(http, key, proxy.chat)).status_code == 200
    for _ in range(2):
        assert await client.block_key(key.token)
        refused = await chat(http, key, proxy.chat)
        assert (refused.status_code, refused.json()["error"]["type"]) == (401, "auth_error")
    info = await client.key_info(key.token)
    assert info is not None
    assert info.blocked
    for _ in range(2):
        assert await client.unblock_key(key.token)
        assert (await chat(http, key, proxy.chat)).status_code == 200


async def test_a_deleted_key_is_gone_and_deleting_it_again_says_so(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient
) -> None:
    key = await make_key(client, models=[proxy.chat])
    assert (await chat(http, key, proxy.chat)).status_code == 200
    assert await client.delete_key(key.token) is True
    refused = await chat(http, key, proxy.chat)
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "token_not_found_in_db")
    assert await client.delete_key(key.token) is False
    assert await client.key_info(key.token) is None, "whatever status LiteLLM gives it"
    assert await client.block_key(key.token) is False
    assert await client.update_key(key.token, KeyChanges(rpm_limit=1)) is False


async def test_deleting_frees_the_alias(client: LiteLLM, proxy: Proxy) -> None:
    key = await make_key(client, models=[proxy.chat])
    await client.delete_key(key.token)
    secret = new_secret()
    made = await client.generate_key(
        GenerateKey(key=secret, key_alias=key.alias, user_id=key.user_id, models=[proxy.chat])
    )
    assert made.token == hash_secret(secret)


async def test_a_key_that_never_was(client: LiteLLM) -> None:
    assert await client.key_info(MISSING) is None
    assert await client.delete_key(MISSING) is False
    assert await client.block_key(MISSING) is False
    assert await client.unblock_key(MISSING) is False
    assert await client.update_key(MISSING, KeyChanges(rpm_limit=1)) is False


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/key/generate"),
        ("POST", "/key/update"),
        ("POST", "/key/block"),
        ("POST", "/key/delete"),
        ("GET", "/key/info"),
        ("GET", "/key/list"),
        ("POST", "/user/new"),
        ("GET", "/user/info"),
        ("GET", "/spend/logs/v2"),
    ],
)
async def test_our_keys_reach_no_management_route(
    client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient, method: str, path: str
) -> None:
    key = await make_key(client, models=[proxy.chat], max_budget=Decimal(1))
    body = {"key": key.token, "keys": [key.token], "max_budget": 1000} if method == "POST" else None
    response = await http.request(method, path, json=body, headers=key.headers)
    assert response.status_code == 403
    assert "not allowed to call this route" in response.json()["detail"]
    info = await client.key_info(key.token)
    assert info is not None
    assert info.max_budget == 1


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, "auth_error"),
        ({"Authorization": "Bearer sk-wrong-wrong-wrong"}, "token_not_found_in_db"),
        ({"Authorization": "Bearer wrong"}, "auth_error"),
    ],
    ids=["none", "unknown", "no key at all"],
)
async def test_management_needs_the_master_key(http: httpx.AsyncClient, headers: dict[str, str], kind: str) -> None:
    response = await http.get("/key/info", params={"key": MISSING}, headers=headers)
    assert (response.status_code, response.json()["error"]["type"]) == (401, kind)


async def test_the_client_with_a_wrong_master_key_is_refused(proxy: Proxy) -> None:
    async with LiteLLM(proxy.base_url, "sk-not-the-master-key") as stranger:
        for attempt in (stranger.models(), stranger.key_info(MISSING), stranger.delete_key(MISSING)):
            with pytest.raises(LiteLLMRefused) as refused:
                await attempt
            assert refused.value.status == 401
            assert not refused.value.missing


async def test_deleting_a_user_takes_their_keys(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    assert (
        await http.post("/user/delete", json={"user_ids": [key.user_id]}, headers=_master(proxy))
    ).status_code == 200
    assert (await chat(http, key, proxy.chat)).status_code == 401
    assert await client.key_info(key.token) is None


async def test_keys_are_listed_by_user_and_page(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    second = GenerateKey(key=new_secret(), key_alias=f"contract-{uuid4()}", user_id=key.user_id, models=[proxy.chat])
    await client.generate_key(second)

    async def listed(**query: str | int) -> dict[str, object]:
        response = await http.get("/key/list", params={"user_id": key.user_id, **query}, headers=_master(proxy))
        assert response.status_code == 200
        return dict(response.json())

    both = await listed()
    assert both["total_count"] == 2
    assert set(both["keys"]) == {key.token, hash_secret(second.key)}  # type: ignore[call-overload]
    assert len((await listed(size=1, page=2))["keys"]) == 1  # type: ignore[arg-type]
    assert (await listed(page=3))["keys"] == []
    assert (await listed(key_alias=key.alias))["keys"] == [key.token]
    too_many = await http.get("/key/list", params={"size": 101}, headers=_master(proxy))
    assert (too_many.status_code, too_many.json()["detail"][0]["loc"]) == (422, ["query", "size"])


async def test_a_second_key_begins_with_the_spend_of_the_first(client: LiteLLM, proxy: Proxy) -> None:
    """What a rotation relies on."""
    key = await make_key(
        client, models=[proxy.chat], max_budget=Decimal(5), spend=Decimal("1.25"), max_parallel_requests=2
    )
    info = await client.key_info(key.token)
    assert info is not None
    assert (info.spend, info.max_budget, info.max_parallel_requests) == (Decimal("1.25"), Decimal(5), 2)


async def test_one_update_changes_limits_and_blocks(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat])
    assert await client.update_key(key.token, KeyChanges(blocked=True, max_parallel_requests=3, models=[]))
    info = await client.key_info(key.token)
    assert info is not None
    assert (info.blocked, info.max_parallel_requests, info.models) == (True, 3, ["no-default-models"])
    refused = await chat(http, key, proxy.chat)
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "auth_error")
    changes = KeyChanges(blocked=False, max_parallel_requests=None, models=[proxy.chat])
    assert await client.update_key(key.token, changes)
    assert (await chat(http, key, proxy.chat)).status_code == 200


async def test_keys_are_found_by_a_part_of_their_alias(client: LiteLLM, proxy: Proxy) -> None:
    part, made = f"part-{uuid4()}", []
    for number in range(3):
        key = GenerateKey(
            key=new_secret(),
            key_alias=f"contract-{part}-{number}",
            user_id=str(uuid4()),
            models=[proxy.chat],
            rpm_limit=number + 1,
        )
        made.append(await client.generate_key(key))
    page = await client.list_keys(part)
    assert [key.token for key in page.keys] == [key.token for key in made]
    assert [key.rpm_limit for key in page.keys] == [1, 2, 3]
    assert (page.keys[0].models, page.keys[0].created_at is not None) == ([proxy.chat], True)
    assert (await client.list_keys(part, page=2)).keys == []
    await client.delete_key(made[0].token)
    assert [key.token for key in (await client.list_keys(part)).keys] == [key.token for key in made[1:]]
