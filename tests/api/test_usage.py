"""A whole dashboard in one query, as a page or an integrator asks it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import event

from gateway.usage import UsageService
from tests.api.conftest import World
from tests.builders import a_person
from tests.domains.usage.ledger import a_call, a_key

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
HOUR = timedelta(hours=1)
NOON = NOW.replace(hour=12) - timedelta(days=5)
RANGE = {"start": (NOW - timedelta(days=20)).isoformat(), "end": (NOW + timedelta(hours=1)).isoformat()}

TOTALS = "totals { requests failures totalTokens spend cachedTokens cacheHits unpricedRequests successRate }"
WHOLE = f"""query ($range: TimeRange!, $filter: UsageFilter, $zone: String!) {{ admin {{ usage(range: $range, filter: $filter) {{
  id asOf complete {TOTALS}
  series(interval: DAY, timeZone: $zone) {{ start {TOTALS} }}
  byModel {{ key label {TOTALS} }} byApiKey {{ key label {TOTALS} }} byPerson {{ key label {TOTALS} }}
  byProvider {{ key label {TOTALS} }} byStatus {{ key label {TOTALS} }}
  heatmap(timeZone: $zone) {{ weekday hour {TOTALS} }}
  latency {{ calls p50Ms p95Ms p99Ms }} timeToFirstToken {{ calls p50Ms }}
  previous {{ {TOTALS} }}
  calls(first: 50) {{ pageInfo {{ hasNextPage }} edges {{ node {{ callId model provider status success at spend priced latencyMs
    timeToFirstTokenMs cacheHit stream price {{ inputCostPerMillion validFrom }} apiKey {{ name }} user {{ username }} }} }} }}
}} }} }}"""


async def ask(world: World, **filter_: Any) -> dict[str, Any]:
    answer = await world.ada.execute(WHOLE, {"range": RANGE, "filter": filter_ or None, "zone": "Asia/Kolkata"})
    usage: dict[str, Any] = answer["admin"]["usage"]
    return usage


async def test_a_whole_dashboard_costs_the_same_for_three_and_thirty(world: World) -> None:
    services = world.portal.services
    service: UsageService = services.usage
    owners = [await a_person(services.db, f"person {n}") for n in range(30)]
    keys = [await a_key(services.db, owner, f"key {n}") for n, owner in enumerate(owners)]

    async def cost(count: int) -> tuple[int, int]:
        await service.ingest(
            [
                a_call(key=key, model_name=f"model {n}", provider=f"p{n}", occurred_at=NOW - timedelta(hours=5 * n + 1))
                for n, key in enumerate(keys[:count])
            ]
        )
        statements: list[str] = []
        engine = services.db.engine.sync_engine
        count_one = lambda *facts: statements.append(facts[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", count_one)
        usage = await ask(world)
        event.remove(engine, "before_cursor_execute", count_one)
        return len(usage["byApiKey"]), len([each for each in statements if "pg_try_advisory_lock" not in each])

    few, many = await cost(3), await cost(30)
    assert (few[0], many[0]) == (3, 30)
    assert few[1] == many[1] <= 12


async def test_every_number_leads_to_its_calls(world: World) -> None:
    services = world.portal.services
    owner = await a_person(services.db, "carol")
    key = await a_key(services.db, owner, "carol's")
    made = [
        a_call(
            key=key,
            occurred_at=NOW - timedelta(hours=n),
            provider="openai",
            priced=n > 0,
            latency_ms=100 * n,
            cached_tokens=n,
        )
        for n in range(3)
    ]
    failed = a_call(key=key, occurred_at=NOW - timedelta(days=2), success=False, error_code="429", spend=Decimal(0))
    await services.usage.ingest([*made, failed, a_call(occurred_at=NOW - timedelta(days=30))])

    usage = await ask(world, userIds=[next(iter(await people(world, "carol")))])
    assert usage["totals"] == {
        "requests": 4,
        "failures": 1,
        "totalTokens": 120,
        "spend": "0.003",
        "cachedTokens": 3,
        "cacheHits": 0,
        "unpricedRequests": 1,
        "successRate": 0.75,
    }
    assert [(part["label"], part["totals"]["requests"]) for part in usage["byStatus"]] == [("success", 3), ("429", 1)]
    assert sum(cell["totals"]["requests"] for cell in usage["heatmap"]) == 4
    assert (len(usage["heatmap"]), usage["latency"]["calls"], usage["timeToFirstToken"]["p50Ms"]) == (168, 3, None)
    assert usage["previous"]["totals"]["requests"] == 0
    assert usage["previous"]["totals"]["successRate"] is None
    calls = [edge["node"] for edge in usage["calls"]["edges"]]
    assert [call["callId"] for call in calls] == [call.call_id for call in (*made, failed)]
    assert [(call["status"], call["priced"]) for call in calls] == [
        ("success", False),
        *[("success", True)] * 2,
        ("429", True),
    ]
    assert {(call["apiKey"]["name"], call["user"]["username"]) for call in calls} == {("carol's", "carol")}

    refused = await ask(world, apiKeyIds=[usage["byApiKey"][0]["key"]], statuses=["429"])
    assert [edge["node"]["callId"] for edge in refused["calls"]["edges"]] == [failed.call_id]
    assert refused["totals"]["requests"] == 1


CALLS = """query ($range: TimeRange!, $filter: CallFilter) { admin { usage(range: $range) { callsKeptFrom
  calls(first: 50, filter: $filter) { totalCount edges { node { callId } } } } } }"""


async def test_calls_are_chosen_by_what_sums_do_not_tell(world: World) -> None:
    services = world.portal.services
    key = await a_key(services.db, await a_person(services.db, "carol"), "carol's")
    ours, foreign = a_call(key=key, occurred_at=NOON, model_name="a"), a_call(occurred_at=NOON + HOUR, model_name="b")
    await services.usage.ingest([ours, foreign])
    key_id = (await ask(world))["byApiKey"][0]["key"] or (await ask(world))["byApiKey"][1]["key"]

    async def chosen(**filter_: Any) -> list[str]:
        usage = (await world.ada.execute(CALLS, {"range": RANGE, "filter": filter_}))["admin"]["usage"]
        ids = [edge["node"]["callId"] for edge in usage["calls"]["edges"]]
        assert (usage["callsKeptFrom"], usage["calls"]["totalCount"]) == (None, len(ids))
        return ids

    kolkata = {"weekday": NOON.isoweekday(), "hour": 17, "timeZone": "Asia/Kolkata"}  # 12:00 is 17:30 there
    assert await chosen() == [foreign.call_id, ours.call_id]
    assert await chosen(hourOfWeek=kolkata) == [ours.call_id]
    assert await chosen(among={"apiKeyIds": [key_id]}) == [ours.call_id]
    assert await chosen(among={"apiKeyIds": [None]}) == [foreign.call_id]
    assert await chosen(without={"apiKeyIds": [key_id]}) == [foreign.call_id]
    assert await chosen(without={"userIds": [None], "models": ["c"]}) == [ours.call_id]
    assert await chosen(among={"models": ["b", "c"], "providers": [], "statuses": ["success"]}) == []
    assert await chosen(success=True, stream=False, cacheHit=False, priced=True) == [foreign.call_id, ours.call_id]
    assert await chosen(success=False) == []

    wrong = {"range": RANGE, "filter": {"without": {"apiKeyIds": ["nonsense"]}}}
    refusal = {"code": "INVALID_INPUT", "field": "filter.without.apiKeyIds"}
    assert await world.ada.refused(CALLS, wrong) == refusal


async def people(world: World, name: str) -> list[str]:
    answer = await world.ada.execute(
        "query ($s: String!) { admin { users(first: 10, search: $s) { edges { node { id } } } } }", {"s": name}
    )
    return [edge["node"]["id"] for edge in answer["admin"]["users"]["edges"]]


async def test_one_bad_argument_is_named_and_costs_nothing_else(world: World) -> None:
    query = """query ($range: TimeRange!) { viewer { usage(range: $range) { totals { requests }
      series(interval: DAY, timeZone: "Mars/Olympus") { start } } } }"""
    assert await world.alice.refused(query, {"range": RANGE}) == {"code": "INVALID_INPUT", "field": "timeZone"}
    team = "query ($range: TimeRange!) { viewer { usage(range: $range) { byTeam { label } } } }"
    assert (await world.alice.refused(team, {"range": RANGE}))["code"] == "NOT_AVAILABLE"
