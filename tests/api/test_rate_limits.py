"""Points, as an integrator meets them: published with each answer, refused with 429, shared by replicas, and back after a while."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gateway.settings import ApiSettings
from tests.graphql import Client, Portal, served
from tests.portal import sandbox_settings
from tests.ports import own_port

VIEWER = "{ viewer { user { username } } }"  # 2 points
MODELS = "query($n: Int!) { models(first: $n) { edges { node { id } } } }"
READ = "mutation { markNotificationsRead(input: {}) { __typename } }"
# So little comes back that tests can count on what is left.
FEW = ApiSettings(points=1_000, points_per_second=1, writes=3, writes_per_minute=1, concurrency=2)


@asynccontextmanager
async def a_portal(database_url: str, api: ApiSettings = FEW, redis_url: str | None = None) -> AsyncIterator[Portal]:
    port = own_port()
    settings = sandbox_settings(database_url, port=port, public_url=f"http://127.0.0.1:{port}", api=api)
    async with served(settings.model_copy(update={"redis_url": redis_url})) as portal:
        yield portal


@pytest.fixture
async def portal(database_url: str) -> AsyncIterator[Portal]:
    async with a_portal(database_url) as made:
        yield made


async def post(client: Client, query: str, variables: Any = None, **more: Any) -> httpx.Response:
    return await client.http.post("/graphql", json={"query": query, "variables": variables, **more})


def cost_of(response: httpx.Response) -> dict[str, Any]:
    cost: dict[str, Any] = response.json()["extensions"]["cost"]
    return cost


async def test_each_answer_says_what_it_cost_and_what_is_left(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    response = await post(alice, MODELS, {"n": 60})  # there is no model yet
    assert response.json()["data"] == {"models": {"edges": []}}
    cost = cost_of(response)
    reset = datetime.fromisoformat(cost.pop("resetAt"))
    assert cost == {"requested": 60, "actual": 1, "available": 999, "restoreRate": 1}
    assert 0 <= (reset - datetime.now(UTC)).total_seconds() <= 3
    assert response.headers["ratelimit-policy"] == '"points";q=1000;w=1000'
    assert response.headers["ratelimit"] == '"points";r=999;t=1'
    assert "retry-after" not in response.headers


async def test_rate_limit_can_be_asked_for(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    query = "{ rateLimit { cost remaining limit resetAt } models(first: 50) { edges { node { id } } } }"
    response = await post(alice, query)
    told = response.json()["data"]["rateLimit"]
    assert (told["cost"], told["remaining"], told["limit"]) == (51, 949, 1000)
    assert datetime.fromisoformat(told["resetAt"]) > datetime.now(UTC)
    assert cost_of(response)["available"] == 949 + 50 - 1 + 1  # one for `rateLimit`, nothing for no models
    assert (await portal.nobody().execute("{ rateLimit { cost remaining } }"))["rateLimit"] == {
        "cost": 1,
        "remaining": 999,
    }


async def test_a_dry_run_says_the_price_and_does_nothing(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    response = await post(alice, READ, extensions={"dryRun": True})
    assert response.json()["data"] is None
    assert "errors" not in response.json()
    assert {name: cost_of(response)[name] for name in ("requested", "actual", "available")} == {
        "requested": 10,
        "actual": 1,
        "available": 999,
    }
    wrong = (await post(alice, "{ nothing }", extensions={"dryRun": True})).json()
    assert wrong["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    async with alice.socket() as socket:
        payload = {"query": READ, "extensions": {"dryRun": True}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        answer = json.loads(await socket.recv())["payload"]
        assert (answer["data"], answer["extensions"]["cost"]["requested"]) == (None, 10)
    live = "subscription { usageChanged { totals { spend } } }"
    for dry_run in (True, False):
        async with alice.socket() as socket:
            payload = {"query": live, "extensions": {"dryRun": dry_run}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            answer = json.loads(await socket.recv())["payload"]
            assert (answer["data"] is None) == dry_run
            assert ("extensions" in answer) == dry_run
            if dry_run:
                assert json.loads(await socket.recv()) == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("extensions", ["x", [], 1])
async def test_extensions_of_another_form(portal: Portal, extensions: Any) -> None:
    response = await post(await portal.sign_in("alice"), VIEWER, extensions=extensions)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_what_costs_too_much_is_refused_before_it_is_executed(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    query = "{ " + " ".join(f"m{n}: models(first: 100) {{ edges {{ node {{ id }} }} }}" for n in range(11)) + " }"
    response = await post(alice, query)
    assert response.status_code == 200
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "QUERY_TOO_COSTLY", "cost": 1100, "ceiling": 1000}
    assert (
        error["message"]
        == "This operation may cost 1,100 points; 1,000 are allowed. Ask for fewer items or fields at a time."
    )
    assert response.json()["data"] is None
    assert cost_of(response)["available"] == 999  # a point, as for anything that is refused


async def test_over_the_budget(portal: Portal) -> None:
    alice, bob = await portal.sign_in("alice"), await portal.sign_in("bob")
    refused = "{ " + " ".join(f"a{n}: portal {{ version }}" for n in range(30)) + " }"
    for _ in range(33):
        assert (await post(alice, refused)).status_code == 200
    response = await post(alice, refused)
    assert response.status_code == 429
    (error,) = response.json()["errors"]
    wait = error["extensions"]["retryAfter"]
    assert 1 <= wait <= 20
    assert error["extensions"] == {"code": "RATE_LIMITED", "limit": "points", "retryAfter": wait}
    assert error["message"] == f"This caller has asked for too much at a time (points). Try again in {wait} s."
    assert response.headers["retry-after"] == str(wait)
    assert response.json()["data"] is None
    assert (await post(bob, VIEWER)).status_code == 200
    assert (await post(portal.nobody(), "{ portal { version } }")).status_code == 200


async def test_another_session_of_the_same_person_has_no_points_of_its_own(portal: Portal) -> None:
    first, second = await portal.sign_in("alice"), await portal.sign_in("alice")
    await post(first, VIEWER)
    assert cost_of(await post(second, VIEWER))["available"] == 996


async def test_the_anonymous_are_counted_by_address(portal: Portal) -> None:
    one, two = portal.nobody(), portal.nobody()
    two.http.headers["X-Forwarded-For"] = "203.0.113.9"
    two.http.headers["Forwarded"] = "for=203.0.113.10"
    assert cost_of(await post(one, "{ portal { version } }"))["available"] == 999
    assert cost_of(await post(two, "{ portal { version } }"))["available"] == 998


async def test_changes_have_a_limit_of_their_own(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    response = await post(alice, READ)
    assert response.headers["ratelimit-policy"] == '"points";q=1000;w=1000, "writes";q=3;w=180'
    assert response.headers["ratelimit"].split(", ")[1].startswith('"writes";r=2;')
    three = (
        "mutation { ...All } fragment All on Mutation { " + READ[11:-2] + " b: " + READ[11:-2] + " c: " + READ[11:-2]
    )
    response = await post(alice, three + " }")
    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["limit"] == "writes"
    assert (await post(alice, READ)).status_code == 200
    assert (await post(alice, VIEWER)).status_code == 200


async def test_few_operations_at_a_time(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    responses = await asyncio.gather(*(post(alice, MODELS, {"n": 1}) for _ in range(40)))
    refused = [each for each in responses if each.status_code == 429]
    assert refused
    assert refused[0].json()["errors"][0]["extensions"] == {
        "code": "RATE_LIMITED",
        "limit": "concurrency",
        "retryAfter": 1,
    }
    assert any(each.status_code == 200 for each in responses)
    assert (await post(alice, MODELS, {"n": 1})).status_code == 200  # nothing is counted that is over


async def test_over_a_websocket_it_is_an_error_of_the_operation(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    async with alice.socket() as socket:

        async def ask(id_: str, query: str) -> dict[str, Any]:
            await socket.send(json.dumps({"id": id_, "type": "subscribe", "payload": {"query": query}}))
            message: dict[str, Any] = json.loads(await socket.recv())
            assert message["id"] == id_
            if message["type"] == "next":
                assert json.loads(await socket.recv())["type"] == "complete"
            return message

        assert (await ask("1", VIEWER))["payload"]["extensions"]["cost"]["available"] == 998
        for number in range(3):
            assert (await ask(f"m{number}", READ))["type"] == "next"
        over = await ask("2", READ)
        assert over["type"] == "error"
        assert over["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        costly = "{ " + " ".join(f"m{n}: models(first: 100) {{ edges {{ node {{ id }} }} }}" for n in range(11)) + " }"
        assert (await ask("3", costly))["payload"][0]["extensions"]["code"] == "QUERY_TOO_COSTLY"
        assert (await ask("4", VIEWER))["type"] == "next"


async def test_a_subscription_is_paid_when_it_begins(portal: Portal) -> None:
    alice = await portal.sign_in("alice")
    series = "series(interval: DAY) { totals { spend } }"
    many = " ".join(f"a{n}: {series}" for n in range(15))
    async with alice.subscribe(f"subscription {{ usageChanged {{ usage {{ {many} }} }} }}") as ticks:
        (error,) = await anext(ticks)
        assert error["extensions"]["code"] == "QUERY_TOO_COSTLY"
    async with alice.subscribe("subscription { usageChanged { asOf totals { spend } } }") as ticks:
        assert "data" in await anext(ticks)
    available = cost_of(await post(alice, VIEWER))["available"]
    assert available == 1000 - 1 - 2 - 2


async def test_replicas_share_points_and_survive_the_loss_of_what_they_share(
    database_url: str, valkey_url: str
) -> None:
    async with a_portal(database_url, redis_url=valkey_url) as one, a_portal(database_url, redis_url=valkey_url) as two:
        first, second = await one.sign_in("alice"), await two.sign_in("alice")
        assert cost_of(await post(first, VIEWER))["available"] == 998
        assert cost_of(await post(second, VIEWER))["available"] == 996
        heavy = "{ " + " ".join(f"a{n}: portal {{ version }}" for n in range(30)) + " }"
        statuses = [(await post((first, second)[turn % 2], heavy)).status_code for turn in range(40)]
        assert statuses.count(200) == 33  # 996 points, whichever replica is asked
        assert set(statuses) == {200, 429}


async def test_with_a_valkey_that_is_away_requests_are_answered(database_url: str) -> None:
    async with a_portal(database_url, redis_url=f"redis://127.0.0.1:{own_port()}") as portal:
        alice = await portal.sign_in("alice")
        assert cost_of(await post(alice, VIEWER))["available"] == 998
        assert cost_of(await post(alice, VIEWER))["available"] == 996
