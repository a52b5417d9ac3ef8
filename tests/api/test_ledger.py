"""What admins see of the ledger beside LiteLLM's spend log, and what every total says of itself."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import event, insert, text

from gateway.db import table_of
from gateway.usage import LedgerMismatch
from tests.api.conftest import World

LEDGER = """
{ admin { ledger {
  checkedUntil lagSeconds settleSeconds newestEventAt gapSeconds repaired mismatches missingInLog lastError failingSince nextTryAt
  gaps { start end reason error } repairs { day repaired imported spend lastAt }
  mismatchExamples { callId at foundAt model success problems spend ledgerTokens liteLLMSpend liteLLMTokens }
  history { start end done calls imported callsPerSecond estimatedEnd }
} } }"""
USAGE = """query($r: TimeRange!) { viewer { usage(range: $r) { asOf complete totals { requests spend } } } }"""
RECHECK = """mutation($r: TimeRange!) { recheckUsage(input: {range: $r}) { __typename
  ... on RecheckUsageSuccess { start end ledger { gapSeconds gaps { start end reason } } } ... on InvalidInput { field message } } }"""


def a_range(start: datetime, end: datetime) -> dict[str, Any]:
    return {"r": {"start": start.isoformat(), "end": end.isoformat()}}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_totals_say_how_far_they_were_compared_and_admins_see_the_rest(world: World) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    past = a_range(now - timedelta(hours=2), now - timedelta(hours=1))
    usage = (await world.alice.execute(USAGE, past))["viewer"]["usage"]
    assert (usage["complete"], moment(usage["asOf"])) == (False, now - timedelta(hours=2))
    ledger = (await world.audrey.execute(LEDGER))["admin"]["ledger"]
    assert (ledger["checkedUntil"], ledger["lagSeconds"], ledger["gaps"], ledger["history"]) == (None, None, [], None)

    await world.portal.services.ledger.reconcile(seconds=60)
    usage = (await world.alice.execute(USAGE, past))["viewer"]["usage"]
    assert (usage["complete"], moment(usage["asOf"])) == (True, now - timedelta(hours=1))
    today = (await world.alice.execute(USAGE, a_range(now - timedelta(hours=1), now + timedelta(days=1))))["viewer"]
    assert today["usage"]["complete"]
    assert now - timedelta(seconds=30) <= moment(today["usage"]["asOf"]) <= datetime.now(UTC)

    ledger = (await world.audrey.execute(LEDGER))["admin"]["ledger"]
    assert 10 <= ledger["lagSeconds"] < 60
    assert (ledger["settleSeconds"], ledger["gaps"], ledger["gapSeconds"]) == (10, [], 0)
    assert (ledger["history"]["done"], ledger["history"]["estimatedEnd"]) == (1, None)
    assert moment(ledger["history"]["end"]) - moment(ledger["history"]["start"]) == timedelta(days=7)
    assert (ledger["lastError"], ledger["failingSince"], ledger["nextTryAt"]) == (None, None, None)

    assert (await world.alice.refused(LEDGER))["code"] == "FORBIDDEN"

    await world.portal.services.ledger.observe()
    lines = (await world.nobody.http.get("/metrics")).text.splitlines()
    figures = dict(line.split(" ") for line in lines if line.startswith("litemaas_ledger_"))
    assert 10 <= float(figures.pop("litemaas_ledger_lag_seconds")) < 60
    assert figures == {
        "litemaas_ledger_gap_seconds": "0.0",
        "litemaas_ledger_repaired_calls": "0.0",
        "litemaas_ledger_imported_calls": "0.0",
        "litemaas_ledger_mismatches": "0.0",
    }


async def test_admins_may_have_a_time_compared_again(world: World) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    await world.portal.services.ledger.reconcile(seconds=60)
    past = a_range(now - timedelta(days=3, hours=2), now - timedelta(days=3, hours=1))
    for client in (world.alice, world.audrey):
        assert (await client.refused(RECHECK, past))["code"] == "FORBIDDEN"
    future = a_range(now + timedelta(hours=1), now + timedelta(hours=2))
    refused = (await world.ada.execute(RECHECK, future))["recheckUsage"]
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "range.start")
    assert (await world.alice.execute(USAGE, past))["viewer"]["usage"]["complete"]

    opened = (await world.ada.execute(RECHECK, past))["recheckUsage"]
    assert opened["__typename"] == "RecheckUsageSuccess"
    assert moment(opened["start"]) <= moment(past["r"]["start"]) < moment(past["r"]["end"]) <= moment(opened["end"])
    assert moment(opened["end"]) - moment(opened["start"]) <= timedelta(days=2)
    assert [(gap["start"], gap["end"], gap["reason"]) for gap in opened["ledger"]["gaps"]] == [
        (opened["start"], opened["end"], "HISTORY")
    ]
    assert not (await world.alice.execute(USAGE, past))["viewer"]["usage"]["complete"]
    await world.portal.services.ledger.reconcile(seconds=60)
    assert (await world.alice.execute(USAGE, past))["viewer"]["usage"]["complete"]


async def test_the_ledger_costs_the_same_however_much_there_is_to_show(world: World) -> None:
    services = world.portal.services
    now = datetime.now(UTC)
    await services.ledger.reconcile(seconds=60)

    async def shown(count: int) -> tuple[dict[str, Any], int]:
        async with services.db.write() as session:
            await session.execute(text("DELETE FROM ledger_mismatch"))
            rows = [
                {"call_id": str(n), "success": True, "occurred_at": now, "found_at": now, "model_name": "m"}
                | {"problems": ["spend"], "spend": Decimal(1), "their_spend": Decimal("1.5"), "total_tokens": 3}
                for n in range(count)
            ]
            await session.execute(insert(table_of(LedgerMismatch)), rows)
            await session.execute(
                text(
                    "INSERT INTO ledger_repair SELECT CAST(:now AS date) - n, 1, 0, 1.5, :now FROM generate_series(1, :count) n"
                    " ON CONFLICT DO NOTHING"
                ),
                {"now": now, "count": count},
            )
        statements: list[str] = []

        def count_it(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        event.listen(services.db.engine.sync_engine, "before_cursor_execute", count_it)
        ledger = (await world.ada.execute(LEDGER))["admin"]["ledger"]
        event.remove(services.db.engine.sync_engine, "before_cursor_execute", count_it)
        return ledger, len(statements)

    few, cost_of_few = await shown(3)
    assert few["mismatchExamples"][0] | {"callId": "0", "at": "", "foundAt": ""} == {
        "callId": "0",
        "at": "",
        "foundAt": "",
        "model": "m",
        "success": True,
        "problems": ["spend"],
        "spend": "1",
        "ledgerTokens": 3,
        "liteLLMSpend": "1.5",
        "liteLLMTokens": None,
    }
    assert (few["repairs"][0]["repaired"], few["repairs"][0]["spend"], few["repaired"]) == (1, "1.5", 3)
    many, cost_of_many = await shown(30)
    assert (len(few["mismatchExamples"]), len(many["mismatchExamples"])) == (3, 20)
    assert (len(few["repairs"]), len(many["repairs"])) == (3, 30)
    assert cost_of_few == cost_of_many
