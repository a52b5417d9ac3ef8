"""What the usage pages show, as a file."""

import csv
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from gateway.db import utc_now
from gateway.usage import CallRecord
from tests.api.conftest import World

PAGE = """
query ($range: TimeRange!) { viewer { usage(range: $range) { totals { requests spend } byModel { key label } } } }
"""


async def some_calls(world: World, number: int = 7) -> dict[str, str]:
    """Alice subscribes, makes a key and calls two models; gives the range as query parameters."""
    found = await world.alice.execute("{ models(first: 2, filter: {access: [OPEN]}) { edges { node { id name } } } }")
    models = [edge["node"] for edge in found["models"]["edges"]]
    for model in models:
        ask = "mutation ($m: ID!) { requestModelSubscription(input: {modelId: $m}) { __typename } }"
        await world.alice.execute(ask, {"m": model["id"]})
    make = (
        "mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { ... on CreateApiKeySuccess { apiKey { id } } } }"
    )
    await world.alice.execute(make, {"i": {"name": "k", "modelIds": [model["id"] for model in models]}})
    services = world.portal.services
    async with services.db.read() as session:
        token = await session.scalar(text("SELECT token_hash FROM api_key_generation"))
    now = utc_now()
    calls = [
        CallRecord(
            call_id=f"call-{n}",
            occurred_at=now - timedelta(minutes=n),
            model_name=models[n % 2]["name"],
            success=True,
            call_type="acompletion",
            prompt_tokens=10,
            completion_tokens=20,
            total_tokens=30,
            spend=Decimal("0.001") * (n + 1),
            token_hash=token,
        )
        for n in range(number)
    ]
    await services.usage.ingest(calls)
    return {"start": (now - timedelta(days=1)).isoformat(), "end": (now + timedelta(minutes=1)).isoformat()}


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
@pytest.mark.parametrize("of", ["calls", "focus"])
async def test_a_file_adds_up_to_the_page(world: World, form: str, of: str) -> None:
    during = await some_calls(world)
    page = (await world.alice.execute(PAGE, {"range": during}))["viewer"]["usage"]
    answer = await world.alice.http.get("/exports/usage", params={**during, "of": of, "format": form})
    assert answer.status_code == 200
    name = "calls" if of == "calls" else "charges"
    assert answer.headers["content-disposition"] == f'attachment; filename="litemaas-{name}.{form}"'
    assert answer.headers.get("x-total-rows") == ("7" if of == "calls" else None)
    rows: list[dict[str, Any]] = []
    if form == "csv":
        rows += csv.DictReader(answer.text.splitlines())
    else:
        rows += json.loads(answer.text) if form == "json" else map(json.loads, answer.text.splitlines())
    spent = sum(Decimal(row["spend" if of == "calls" else "BilledCost"]) for row in rows)
    count = len(rows) if of == "calls" else sum(int(row["x_Requests"]) for row in rows)
    assert (count, spent) == (page["totals"]["requests"], Decimal(page["totals"]["spend"])) == (7, Decimal("0.028"))


async def test_filters_are_those_of_the_page(world: World) -> None:
    during = await some_calls(world)
    slices = (await world.alice.execute(PAGE, {"range": during}))["viewer"]["usage"]["byModel"]
    answer = await world.alice.http.get("/exports/usage", params={**during, "modelIds": slices[0]["key"]})
    assert {json.loads(line)["model"] for line in answer.text.splitlines()} == {slices[0]["label"]}
    none = await world.alice.http.get("/exports/usage", params={**during, "statuses": "429"})
    assert (none.status_code, none.text) == (200, "")
    empty = await world.alice.http.get("/exports/usage", params={**during, "statuses": "429", "format": "json"})
    assert empty.json() == []


async def test_calls_are_narrowed_as_on_the_page(world: World) -> None:
    during = await some_calls(world)
    label = (await world.alice.execute(PAGE, {"range": during}))["viewer"]["usage"]["byModel"][0]["label"]
    answer = await world.alice.http.get("/exports/usage", params={**during, "without.models": label, "priced": "true"})
    models = [json.loads(line)["model"] for line in answer.text.splitlines()]
    assert (len(models), label in models, "x-total-rows" in answer.headers) == (3, False, False)
    ours = {**during, "among.apiKeyIds": "", "among.models": label}
    assert (await world.alice.http.get("/exports/usage", params=ours)).text == ""


async def test_ones_own_and_everybodys(world: World) -> None:
    during = await some_calls(world)
    assert (await world.bob.http.get("/exports/usage", params=during)).text == ""
    refused = await world.bob.http.get("/exports/usage", params={**during, "scope": "all"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
    every = await world.audrey.http.get("/exports/usage", params={**during, "scope": "all"})
    assert [json.loads(line)["username"] for line in every.text.splitlines()] == ["alice"] * 7
    nobody = await world.nobody.http.get("/exports/usage", params=during)
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


WRONG = [
    ({"start": "yesterday"}, "start"),
    ({"start": ""}, "start"),
    ({"start": "2026-01-01T00:00:00Z", "end": "2020-01-01T00:00:00Z"}, "range.start"),
    ({"of": "prompts"}, "of"),
    ({"format": "xlsx"}, "format"),
    ({"scope": "mine"}, "scope"),
    ({"of": "focus", "success": "true"}, "of"),
    ({"success": "yes"}, "success"),
    ({"weekday": "1"}, "weekday"),
    ({"weekday": "8", "hour": "0"}, "hourOfWeek"),
    ({"weekday": "1", "hour": "0", "timeZone": "Mars"}, "timeZone"),
    ({"without.apiKeyIds": "nonsense"}, "without.apiKeyIds"),
    ({"without.userIds": "QXBpS2V5OjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMA=="}, "without.userIds"),
    ({"modelIds": "nonsense"}, "modelIds"),
    ({"modelIds": "VXNlcjowMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDA="}, "modelIds"),
]


async def test_what_can_not_be_read(world: World) -> None:
    given = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
    for changed, field in WRONG:
        answer = await world.alice.http.get("/exports/usage", params={**given, **changed})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field), changed
