"""What leaves as a file is what the same view shows on the screen."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.actor import Role
from gateway.db import Database
from gateway.errors import NotPermitted
from gateway.usage import Scope, Sums, TimeRange, UsageFilter, UsageService, View, export
from tests.builders import a_person
from tests.domains.usage.ledger import NOON, a_call, a_key

HOUR = timedelta(hours=1)


async def rows_of(batches: AsyncIterator[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [row async for batch in batches for row in batch]


@pytest.fixture
async def calls(db: Database, service: UsageService) -> tuple[Any, Any]:
    """Forty calls of two people over ten days: alice and an admin."""
    alice, bob, ada = await a_person(db, "alice"), await a_person(db, "bob"), await a_person(db, "ada", Role.ADMIN)
    keys = [await a_key(db, alice, "k1"), await a_key(db, alice, "k2"), await a_key(db, bob, "k3"), None]
    await service.ingest(
        [
            a_call(
                key=keys[n % 4],
                call_id=f"call-{n}",
                occurred_at=NOON + n * 6 * HOUR + timedelta(minutes=17 * n % 60),
                spend=Decimal(n) / 1000,
                model_name=f"model-{n % 3}",
                success=n % 5 > 0,
            )
            for n in range(40)
        ]
    )
    return alice, ada


RANGES = [
    (NOON - HOUR, NOON + 300 * HOUR),
    (NOON + 20 * HOUR + timedelta(minutes=11), NOON + 100 * HOUR + timedelta(minutes=3)),
    (NOON + 6 * HOUR, NOON + 6 * HOUR + timedelta(minutes=52)),
]


@pytest.mark.parametrize(("start", "end"), RANGES)
@pytest.mark.parametrize("scope", list(Scope))
async def test_rows_add_up_to_the_totals(
    service: UsageService, calls: tuple[Any, Any], start: datetime, end: datetime, scope: Scope
) -> None:
    alice, ada = calls
    actor = ada if scope is Scope.ALL else alice
    view = View(TimeRange(start, end), UsageFilter(), scope)
    totals = await service.ask(actor, view, Sums())
    single = await rows_of(service.export_calls(actor, view))
    charges = await rows_of(service.export_charges(actor, view, "https://portal"))
    assert totals.requests > 0
    assert len(single) == sum(row["x_Requests"] for row in charges) == totals.requests
    assert sum(Decimal(row["spend"]) for row in single) == totals.spend
    assert sum(Decimal(row["BilledCost"]) for row in charges) == totals.spend
    assert sum(row["x_FailedRequests"] for row in charges) == totals.failures
    assert sum(row["ConsumedQuantity"] for row in charges) == totals.total_tokens
    assert all(start <= datetime.fromisoformat(row["ChargePeriodStart"]) for row in charges)
    assert {row["username"] for row in single} <= ({"alice"} if scope is Scope.OWN else {"alice", "bob", None})


async def test_calls_are_newest_first_over_many_batches(
    service: UsageService, calls: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 7)
    view = View(TimeRange(NOON - HOUR, NOON + 300 * HOUR), UsageFilter(), Scope.ALL)
    rows = await rows_of(service.export_calls(calls[1], view))
    assert [row["call_id"] for row in rows] == [f"call-{n}" for n in reversed(range(40))]


async def test_a_filter_narrows_both(service: UsageService, calls: tuple[Any, Any]) -> None:
    view = View(TimeRange(NOON - HOUR, NOON + 300 * HOUR), UsageFilter(statuses=["success"]), Scope.ALL)
    single = await rows_of(service.export_calls(calls[1], view))
    charges = await rows_of(service.export_charges(calls[1], view, "p"))
    assert len(single) == sum(row["x_Requests"] for row in charges) == 32


async def test_a_charge(service: UsageService, calls: tuple[Any, Any]) -> None:
    during = TimeRange(NOON + 18 * HOUR, NOON + 18 * HOUR + timedelta(minutes=52))
    (row,) = await rows_of(service.export_charges(calls[1], View(during, UsageFilter(), Scope.ALL), "https://portal"))
    month = during.start.replace(day=1, hour=0)
    assert {name: row[name] for name in ("BillingAccountId", "ServiceName", "SubAccountName", "BilledCost")} == {
        "BillingAccountId": "https://portal",
        "ServiceName": "model-0",
        "SubAccountName": None,
        "BilledCost": "0.003",
    }
    assert row["ChargePeriodEnd"] == during.end.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert row["BillingPeriodStart"] == month.strftime("%Y-%m-%dT%H:%M:%SZ")
    # What FOCUS 1.2 wants of every row.
    assert {
        *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd"),
        *("BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd"),
        *("ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity"),
        *("PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
    } <= set(row)


async def test_everybodys_are_not_for_everybody(service: UsageService, calls: tuple[Any, Any]) -> None:
    view = View(TimeRange(NOON, NOON + HOUR), UsageFilter(), Scope.ALL)
    for batches in (service.export_calls(calls[0], view), service.export_charges(calls[0], view, "p")):
        with pytest.raises(NotPermitted):
            await anext(batches)
