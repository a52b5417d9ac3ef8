"""Quotas: counted from the ledger, used up, reset by the clock, raised by an admin."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.events import Bus
from gateway.subscriptions import FOREVER, SubscriptionService, SubscriptionStatus, Used, quota_of, window_of, windows
from gateway.usage import Totals, UsageService
from tests.builders import a_model, a_person, a_subscription
from tests.domains.usage.ledger import a_call, a_key

PER_DAY = {"budget_duration": "1d"}


@pytest.fixture
def usage(db: Database, database_url: str) -> UsageService:
    return UsageService(db, Bus(database_url))


@pytest.fixture
async def call(db: Database, usage: UsageService, alice: Actor) -> Callable[..., Any]:
    """Book calls of Alice's."""
    key = await a_key(db, alice, "laptop")

    async def book(times: int = 1, **facts: Any) -> None:
        await usage.ingest([a_call(key=key, **({"occurred_at": utc_now()} | facts)) for _ in range(times)])

    return book


async def until(db: Database, subscription: Any) -> datetime | None:
    async with db.read() as session:
        found = text("SELECT exhausted_until FROM model_subscription WHERE id = :id")
        moment: datetime | None = await session.scalar(found, {"id": subscription.id})
        return moment


@pytest.mark.parametrize(
    ("limits", "calls_left"),
    [({"max_requests": 3}, 2), ({"max_tokens": 61}, 2), ({"max_tokens": 60}, 1), ({"max_budget": Decimal("0.003")}, 2)],
)
async def test_used_up_by_the_call_that_reaches_the_limit(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any], limits: dict[str, Any], calls_left: int
) -> None:
    own = await a_subscription(db, alice, (await a_model(db, "small")).id, **limits, **PER_DAY)
    await call(calls_left)
    assert await usage.settle_quotas() == 0
    assert await until(db, own) is None
    await call()
    assert await usage.settle_quotas() == 1
    assert await until(db, own) == windows.window("1d", utc_now())[1]
    assert await usage.settle_quotas() == 0


async def test_only_what_counts(db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]) -> None:
    own = await a_subscription(db, alice, (await a_model(db, "small")).id, max_requests=1, **PER_DAY)
    await call(success=False, spend=Decimal(0))
    await call(model_name="other")
    await call(occurred_at=windows.window("1d", utc_now())[0] - timedelta(seconds=1))
    of_bob = await a_key(db, await a_person(db, "bob"), "of bob")
    await usage.ingest([a_call(key=of_bob, occurred_at=utc_now())])
    assert await usage.settle_all_quotas() == 0
    assert await until(db, own) is None


async def test_the_next_window_starts_anew(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]
) -> None:
    own = await a_subscription(db, alice, (await a_model(db, "small")).id, max_requests=1, budget_duration="1h")
    end = windows.window("1h", utc_now())[0]
    await call(occurred_at=end - timedelta(minutes=1))
    async with db.write() as session:
        await session.execute(text("UPDATE model_subscription SET exhausted_until = :end"), {"end": end})
    assert await usage.settle_quotas() == 1
    assert await until(db, own) is None


async def test_without_a_window_it_is_used_up_for_good(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]
) -> None:
    own = await a_subscription(db, alice, (await a_model(db, "small")).id, max_requests=2)
    await call(occurred_at=own.created_at - timedelta(seconds=1))
    await call()
    assert await usage.settle_quotas() == 0
    await call()
    assert await usage.settle_quotas() == 1
    assert await until(db, own) == FOREVER


@pytest.mark.parametrize("raised", [{"max_requests": 3}, {"max_requests": None}])
async def test_more_is_granted_and_the_model_returns(
    db: Database,
    usage: UsageService,
    subscriptions: SubscriptionService,
    alice: Actor,
    ada: Actor,
    call: Callable[..., Any],
    raised: dict[str, Any],
) -> None:
    own = await a_subscription(db, alice, (await a_model(db, "small")).id, max_requests=2, **PER_DAY)
    await call(2)
    await usage.settle_quotas()
    asked = await subscriptions.request_quota_change(alice, own.id, raised, "more")
    assert await usage.settle_quotas() == 0
    await subscriptions.approve(ada, own.id, None, {}, asked.id)
    assert await usage.settle_quotas() == 1
    assert await until(db, own) is None


async def test_a_change_meanwhile_is_not_overwritten(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]
) -> None:
    own = await a_subscription(db, alice, (await a_model(db, "small")).id, max_requests=1, **PER_DAY)
    await call()
    raised = False

    def raise_quota(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal raised
        if statement.startswith("UPDATE model_subscription") and "exhausted_until=" in statement and not raised:
            raised = True
            cursor.execute("UPDATE model_subscription SET max_requests = 5, updated_at = now()")

    event.listen(db.engine.sync_engine, "before_cursor_execute", raise_quota)
    assert await usage.settle_quotas() == 0
    assert raised
    assert await until(db, own) is None


async def test_late_reports_are_found_by_the_sweep(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]
) -> None:
    own = await a_subscription(db, alice, (await a_model(db, "small")).id, max_requests=1, budget_duration="30d")
    late = max(utc_now() - timedelta(hours=5), windows.window("30d", utc_now())[0])
    await call(occurred_at=late)
    assert await usage.settle_quotas() == 0
    assert await usage.settle_all_quotas() == 1
    assert await until(db, own) is not None


async def test_what_is_on_hold_is_left_alone(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]
) -> None:
    model = await a_model(db, "small")
    own = await a_subscription(db, alice, model.id, SubscriptionStatus.SUSPENDED, max_requests=1, **PER_DAY)
    await call()
    assert await usage.settle_all_quotas() == 0
    assert await until(db, own) is None


async def test_giving_up_and_asking_again_is_no_reset(
    db: Database,
    usage: UsageService,
    subscriptions: SubscriptionService,
    alice: Actor,
    ada: Actor,
    call: Callable[..., Any],
) -> None:
    own = await subscriptions.request(alice, (await a_model(db, "small")).id)
    await subscriptions.change(ada, own.id, {"max_requests": 2, "budget_duration": "1d"})
    await call(2)
    await subscriptions.cancel(alice, own.id)
    again = await subscriptions.request(alice, own.model_id)
    await usage.settle_quotas()
    assert await until(db, again) is not None


async def test_what_is_left(db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]) -> None:
    own = await a_subscription(
        db, alice, (await a_model(db, "small")).id, max_requests=2, max_budget=Decimal(1), **PER_DAY
    )
    await call(3)
    now = utc_now()
    of = (own.user_id, own.model_id, window_of(own, now)[0])
    used = await usage.used_by_subscription([of])
    assert used == {of: Used(requests=3, tokens=90, spend=Decimal("0.003"))}
    quota = quota_of(own, used[of], now)
    assert quota is not None
    assert (quota.starts_at, quota.resets_at) == windows.window("1d", now)
    assert quota.exhausted
    assert [(limit.kind, limit.limit, limit.used, limit.remaining, limit.exhausted) for limit in quota.limits] == [
        ("REQUESTS", 2, 3, 0, True),
        ("BUDGET", 1, Decimal("0.003"), Decimal("0.997"), False),
    ]
    assert quota_of(await a_subscription(db, alice, (await a_model(db)).id), Used(), now) is None


async def test_what_somebody_used_lately(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]
) -> None:
    await call(2)
    await call(model_name="other", success=False)
    await call(occurred_at=utc_now() - timedelta(days=31))
    bob = await a_person(db, "bob")
    recent = await usage.recent_by_user([alice.user_id, bob.user_id])
    assert recent == {alice.user_id: Totals(3, 1, 30, 60, 90, Decimal("0.003"))}


async def test_looking_costs_the_same_for_one_and_for_many(
    db: Database, usage: UsageService, alice: Actor, call: Callable[..., Any]
) -> None:
    counted = []
    for many in (1, 20):
        for _ in range(many):
            model = await a_model(db)
            await a_subscription(db, alice, model.id, max_requests=100, **PER_DAY)
            await call(model_name=model.name)
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any, to: list[str] = statements) -> None:
            to.append(statement)

        event.listen(db.engine.sync_engine, "before_cursor_execute", note)
        await usage.settle_quotas()
        event.remove(db.engine.sync_engine, "before_cursor_execute", note)
        counted.append(len(statements))
    assert counted == [2, 2]
