"""The whole path: sign in, find a model, subscribe, make a key, call LiteLLM with it, and see the call arrive."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import text

from tests.api.conftest import World
from tests.documents import CREATE, FIND, LIVE, REVOKE, SUBSCRIBE, USAGE, USED
from tests.graphql import Client


def today() -> dict[str, str]:
    start = datetime.now(UTC) - timedelta(hours=2)
    return {"start": start.isoformat(), "end": (start + timedelta(days=1)).isoformat()}


async def model_id(client: Client, name: str) -> str:
    found = await client.execute(FIND, {"s": name})
    node: dict[str, Any] = found["models"]["edges"][0]["node"]
    assert node["name"] == name
    return str(node["id"])


async def subscribed_key(client: Client, name: str = "gpt-5-mini") -> dict[str, Any]:
    """A key for one model, made the way people make it: `{secret, apiKey}`."""
    model = await model_id(client, name)
    await client.execute(SUBSCRIBE, {"m": model})
    made = (await client.execute(CREATE, {"input": {"name": "laptop", "modelIds": [model]}}))["createApiKey"]
    assert made["__typename"] == "CreateApiKeySuccess", made
    return dict(made)


async def call(world: World, secret: str, model: str = "gpt-5-mini", prompt: str = "Hello") -> httpx.Response:
    async with httpx.AsyncClient(base_url=world.litellm_url) as client:
        return await client.post(
            "/v1/chat/completions",
            headers={"Authorization": f"Bearer {secret}"},
            json={"model": model, "messages": [{"role": "user", "content": prompt}]},
        )


async def test_from_sign_in_to_the_first_live_call(world: World) -> None:
    model = await model_id(world.alice, "gpt-5-mini")
    subscribed = (await world.alice.execute(SUBSCRIBE, {"m": model}))["requestModelSubscription"]
    assert subscribed == {
        "__typename": "RequestModelSubscriptionSuccess",
        "subscription": {
            "id": subscribed["subscription"]["id"],
            "status": "ACTIVE",
            "model": {"name": "gpt-5-mini"},
            "user": {"username": "alice"},
            "spend": "0",
        },
    }
    made = (await world.alice.execute(CREATE, {"input": {"name": "laptop", "modelIds": [model], "maxBudget": "5"}}))[
        "createApiKey"
    ]
    secret, key = made["secret"], made["apiKey"]
    assert key == {
        "id": key["id"],
        "name": "laptop",
        "prefix": secret[:10],
        "lastFour": secret[-4:],
        "status": "ACTIVE",
        "inSync": True,
        "spend": "0",
        "lastUsedAt": None,
        "models": [{"name": "gpt-5-mini"}],
        "user": {"username": "alice"},
    }
    during = today()
    async with (
        world.alice.subscribe(LIVE, {"r": during}) as ticks,
        world.bob.subscribe(LIVE, {"r": during}) as ticks_of_bob,
        world.alice.subscribe(USED, {"k": key["id"]}) as uses,
    ):
        first = (await anext(ticks))["data"]["usageChanged"]
        assert first["totals"] == {"requests": 0, "failures": 0, "spend": "0"}
        assert (await anext(ticks_of_bob))["data"]["usageChanged"]["totals"]["requests"] == 0
        waiting = asyncio.create_task(anext(uses))
        await asyncio.sleep(0.2)

        answered = await call(world, secret)
        assert answered.status_code == 200, answered.text
        tick = (await anext(ticks))["data"]["usageChanged"]
        assert (tick["totals"]["requests"], tick["totals"]["failures"]) == (1, 0)
        assert Decimal(tick["totals"]["spend"]) == Decimal(answered.headers["x-litellm-response-cost"])
        use = (await waiting)["data"]["apiKeyUsed"]
        assert (use["apiKey"]["id"], use["model"], use["success"], use["errorCode"]) == (
            key["id"],
            "gpt-5-mini",
            True,
            None,
        )
        assert use["totalTokens"] == answered.json()["usage"]["total_tokens"]

        usage = (await world.alice.execute(USAGE, {"r": during}))["viewer"]["usage"]
        assert usage["id"] == tick["usage"]["id"] == first["usage"]["id"]
        assert usage["byModel"] == [
            {"key": model, "label": "gpt-5-mini", "totals": {"requests": 1, "spend": tick["totals"]["spend"]}}
        ]
        assert usage["byApiKey"] == [{"key": key["id"], "label": "laptop", "totals": {"requests": 1}}]
        assert sum(point["totals"]["requests"] for point in usage["series"]) == 1
        assert usage["complete"] is False
        # Nothing of it is Bob's.
        of_bob = (await world.bob.execute(USAGE, {"r": during}))["viewer"]["usage"]
        assert of_bob["totals"]["requests"] == 0
        assert of_bob["id"] != usage["id"]

    revoked = (await world.alice.execute(REVOKE, {"k": key["id"]}))["revokeApiKey"]
    assert revoked == {
        "__typename": "RevokeApiKeySuccess",
        "apiKey": {"id": key["id"], "status": "REVOKED", "inSync": True},
    }
    assert (await call(world, secret)).status_code == 401


async def test_what_was_said_to_a_model_is_nowhere(world: World) -> None:
    made = await subscribed_key(world.alice)
    planted = "xyzzy-plugh-4711"
    during = today()
    async with world.alice.subscribe(LIVE, {"r": during}) as ticks:
        await anext(ticks)
        assert (await call(world, made["secret"], prompt=f"Remember {planted}.")).status_code == 200
        await anext(ticks)
    async with world.portal.services.db.read() as session:
        tables = (await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
        assert "usage_event" in tables
        for table in tables:
            rows = (await session.scalars(text(f'SELECT t::text FROM "{table}" t'))).all()
            assert not [row for row in rows if planted in row or made["secret"] in row]


async def test_a_call_that_is_refused_is_told_too(world: World) -> None:
    made = await subscribed_key(world.alice)
    async with world.alice.subscribe(USED, {"k": made["apiKey"]["id"]}) as uses:
        waiting = asyncio.create_task(anext(uses))
        await asyncio.sleep(0.2)
        assert (await call(world, made["secret"], model="gpt-5")).status_code == 403
        use = (await waiting)["data"]["apiKeyUsed"]
        assert (use["success"], use["errorCode"], use["spend"]) == (False, "403", "0")


async def test_the_same_callback_again_changes_nothing(world: World) -> None:
    made = await subscribed_key(world.alice)
    during = today()
    async with world.alice.subscribe(LIVE, {"r": during}) as ticks:
        await anext(ticks)
        await call(world, made["secret"])
        await anext(ticks)
    async with world.portal.services.db.read() as session:
        row = (await session.execute(text("SELECT call_id, token_hash FROM usage_event"))).one()
    before = await world.alice.execute(USAGE, {"r": during})
    event = {
        "litellm_call_id": row.call_id,
        "status": "success",
        "response_cost": 99.0,
        "startTime": datetime.now(UTC).timestamp(),
        "endTime": datetime.now(UTC).timestamp(),
        "model_group": "gpt-5-mini",
        "metadata": {"user_api_key_hash": row.token_hash},
    }
    for _ in range(3):
        response = await world.nobody.http.post(
            "/webhooks/litellm",
            content=json.dumps([event, event]),
            headers={"Authorization": "Bearer callback-5519-4471-x"},
        )
        assert response.status_code in (200, 202, 204)
    assert await world.alice.execute(USAGE, {"r": during}) == before


async def test_asking_again_and_asking_for_what_is_restricted(world: World) -> None:
    model = await model_id(world.alice, "gpt-5-mini")
    first = (await world.alice.execute(SUBSCRIBE, {"m": model}))["requestModelSubscription"]
    again = (await world.alice.execute(SUBSCRIBE, {"m": model}))["requestModelSubscription"]
    assert again["__typename"] == "AlreadySubscribed"
    assert again["subscription"]["id"] == first["subscription"]["id"]
    restricted = await model_id(world.alice, "claude-opus-4-1")
    refused = (await world.alice.execute(SUBSCRIBE, {"m": restricted}))["requestModelSubscription"]
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "justification")
    asked = (await world.alice.execute(SUBSCRIBE, {"m": restricted, "why": "the demo"}))["requestModelSubscription"]
    assert asked["subscription"]["status"] == "PENDING"
    not_yet = (await world.alice.execute(CREATE, {"input": {"name": "k", "modelIds": [restricted]}}))["createApiKey"]
    assert (not_yet["__typename"], not_yet["field"], not_yet["models"]) == (
        "NotSubscribed",
        "modelIds",
        [{"name": "claude-opus-4-1"}],
    )
