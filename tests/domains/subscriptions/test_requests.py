"""What people do with their own: withdraw, give up, ask again, ask for other limits."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from gateway.actor import Actor, Role
from gateway.catalog import ModelAccess
from gateway.db import Database
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.subscriptions import InvalidTransition, QuotaChangeStatus, SubscriptionService, SubscriptionStatus
from tests.builders import a_model, a_person, a_subscription
from tests.domains.subscriptions.looking import everything, history

S = SubscriptionStatus


@pytest.mark.parametrize("status", [S.PENDING, S.ACTIVE, S.SUSPENDED])
async def test_one_can_always_go(
    db: Database, subscriptions: SubscriptionService, alice: Actor, status: SubscriptionStatus
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id, status)
    row = await subscriptions.cancel(alice, own.id)
    assert (row.status, row.awaiting_since) == (S.CANCELLED, None)
    assert await history(db, own.id) == [("alice", "CANCELLED", status, "CANCELLED", None)]
    before = await everything(db)
    with pytest.raises(InvalidTransition):
        await subscriptions.cancel(alice, own.id)
    assert await everything(db) == before


async def test_nobody_goes_for_another(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    before = await everything(db)
    with pytest.raises(NotFound):
        await subscriptions.cancel(await a_person(db), own.id)
    for reader in (ada, await a_person(db, role=Role.AUDITOR)):
        with pytest.raises(NotPermitted):
            await subscriptions.cancel(reader, own.id)
    after = await everything(db)
    assert after == before


async def test_one_asks_again_after_a_denial(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    model = await a_model(db, access=ModelAccess.RESTRICTED)
    first = await subscriptions.request(alice, model.id, "please")
    await subscriptions.deny(ada, first.id, "not for this")
    again = await subscriptions.request(alice, model.id, "please, for something else")
    assert (again.id != first.id, again.status) == (True, S.PENDING)
    assert (await subscriptions.latest_by_model(alice, [model.id]))[model.id].id == again.id


async def test_giving_up_does_not_end_a_suspension(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    model = await a_model(db)
    own = await subscriptions.request(alice, model.id)
    await subscriptions.suspend(ada, own.id, "too much at once")
    await subscriptions.cancel(alice, own.id)
    before = await everything(db)
    with pytest.raises(InvalidInput) as refused:
        await subscriptions.request(alice, model.id)
    assert refused.value.field == "justification"
    assert await everything(db) == before
    assert (await subscriptions.request(alice, model.id, "I am sorry")).status is S.PENDING


async def test_giving_up_does_not_end_a_limit(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    model = await a_model(db)
    own = await subscriptions.request(alice, model.id)
    await subscriptions.change(ada, own.id, {"max_requests": 100, "budget_duration": "1d"})
    await subscriptions.cancel(alice, own.id)
    again = await subscriptions.request(alice, model.id)
    assert (again.status, again.max_requests, again.budget_duration) == (S.ACTIVE, 100, "1d")
    for more in ({"max_requests": 101}, {"max_requests": None}, {"budget_duration": "1h"}):
        await subscriptions.cancel(alice, (await subscriptions.latest_by_model(alice, [model.id]))[model.id].id)
        asked = await subscriptions.request(alice, model.id, "more", more)
        assert asked.status is S.PENDING
        await subscriptions.cancel(alice, asked.id)
        back = await a_subscription(db, alice, model.id, max_requests=100, budget_duration="1d")
        await subscriptions.change(ada, back.id, {"rpm_limit": 5})
    await subscriptions.cancel(alice, back.id)
    assert (await subscriptions.request(alice, model.id, None, {"max_requests": 99})).status is S.ACTIVE


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"max_budget": Decimal(0)}, "maxBudget"),
        ({"max_budget": Decimal("NaN")}, "maxBudget"),
        ({"max_budget": Decimal(10) ** 10}, "maxBudget"),
        ({"max_requests": 0}, "maxRequests"),
        ({"max_tokens": -1}, "maxTokens"),
        ({"max_tokens": 2**60}, "maxTokens"),
        ({"budget_duration": "2mo"}, "budgetDuration"),
        ({"budget_duration": ""}, "budgetDuration"),
        ({"rpm_limit": 0}, "rpmLimit"),
        ({"tpm_limit": 2**31}, "tpmLimit"),
    ],
)
async def test_limits_that_are_none(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor, limits: dict[str, Any], field: str
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    waiting = await a_subscription(db, alice, (await a_model(db)).id, S.PENDING)
    model = await a_model(db)
    before = await everything(db)
    for attempt in (
        subscriptions.request(alice, model.id, "why", limits),
        subscriptions.request_quota_change(alice, own.id, limits, "why"),
        subscriptions.change(ada, own.id, limits),
        subscriptions.approve(ada, waiting.id, None, limits),
    ):
        with pytest.raises(InvalidInput) as refused:
            await attempt
        assert refused.value.field == field
    assert await everything(db) == before


async def test_other_limits_are_asked_for_and_granted(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id, max_requests=10, budget_duration="1d", rpm_limit=5)
    asked = await subscriptions.request_quota_change(alice, own.id, {"max_requests": 1000, "rpm_limit": None}, "a demo")
    assert (asked.max_requests, asked.budget_duration, asked.rpm_limit) == (1000, "1d", None)
    waiting = (await subscriptions.by_ids(alice, [own.id]))[own.id]
    assert (waiting.status, waiting.max_requests, waiting.rpm_limit) == (S.ACTIVE, 10, 5)
    assert waiting.awaiting_since is not None
    assert (await subscriptions.open_quota_change_by_subscription(alice, [own.id]))[own.id].id == asked.id
    granted = await subscriptions.approve(ada, own.id, "half", {"max_requests": 500}, asked.id)
    assert (granted.max_requests, granted.budget_duration, granted.rpm_limit) == (500, "1d", None)
    assert granted.awaiting_since is None
    assert (await subscriptions.quota_changes_by_ids(alice, [asked.id]))[asked.id].status is QuotaChangeStatus.APPROVED
    lines = (await subscriptions.history_by_subscription(alice, [own.id]))[own.id]
    assert [(line.action, line.actor, line.reason) for line in lines] == [
        ("QUOTA_REQUESTED", "alice", "a demo"),
        ("QUOTA_APPROVED", "ada", "half"),
    ]
    assert lines[1].limits == {"max_requests": ["10", "500"], "rpm_limit": ["5", None]}


async def test_other_limits_are_denied_or_withdrawn(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id, max_requests=10)
    asked = await subscriptions.request_quota_change(alice, own.id, {"max_requests": 20}, "more")
    denied = await subscriptions.deny(ada, own.id, "no", asked.id)
    assert (denied.status, denied.max_requests, denied.awaiting_since) == (S.ACTIVE, 10, None)
    assert (await subscriptions.quota_changes_by_ids(alice, [asked.id]))[asked.id].reason == "no"
    again = await subscriptions.request_quota_change(alice, own.id, {"max_requests": 15}, "a little")
    withdrawn = await subscriptions.cancel_quota_change(alice, again.id)
    assert withdrawn.status is QuotaChangeStatus.CANCELLED
    before = await everything(db)
    for late in (
        subscriptions.approve(ada, own.id, None, {}, again.id),
        subscriptions.deny(ada, own.id, "no", asked.id),
        subscriptions.cancel_quota_change(alice, again.id),
    ):
        with pytest.raises(InvalidTransition):
            await late
    assert await everything(db) == before


async def test_what_is_no_request_for_other_limits(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id, max_requests=10)
    held = await a_subscription(db, alice, (await a_model(db)).id, S.SUSPENDED)
    asked = await subscriptions.request_quota_change(alice, own.id, {"max_requests": 20}, "more")
    of_bob = await a_subscription(db, await a_person(db, "bob"), own.model_id)
    before = await everything(db)
    more = {"max_requests": 30}
    for attempt, refusal in (
        (subscriptions.request_quota_change(alice, own.id, more, "more"), InvalidTransition),
        (subscriptions.request_quota_change(alice, held.id, more, "more"), InvalidTransition),
        (subscriptions.request_quota_change(alice, own.id, more, " "), InvalidInput),
        (subscriptions.request_quota_change(alice, own.id, {"max_requests": 10}, "same"), InvalidInput),
        (subscriptions.request_quota_change(alice, of_bob.id, more, "more"), NotFound),
        (subscriptions.request_quota_change(ada, own.id, more, "more"), NotPermitted),
        (subscriptions.approve(ada, own.id), InvalidTransition),
        (subscriptions.approve(ada, of_bob.id, None, {}, asked.id), NotFound),
        (subscriptions.approve(alice, own.id, None, {}, asked.id), NotPermitted),
        (subscriptions.cancel_quota_change(ada, asked.id), NotPermitted),
    ):
        with pytest.raises(refusal):
            await attempt
    assert await everything(db) == before


async def test_one_request_for_other_limits_at_a_time(
    db: Database, subscriptions: SubscriptionService, alice: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    attempts = (subscriptions.request_quota_change(alice, own.id, {"rpm_limit": n}, "more") for n in range(1, 6))
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["InvalidTransition"] * 4 + ["Row"]


async def test_giving_up_takes_the_request_for_other_limits_along(
    db: Database, subscriptions: SubscriptionService, alice: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    asked = await subscriptions.request_quota_change(alice, own.id, {"rpm_limit": 5}, "more")
    await subscriptions.cancel(alice, own.id)
    assert (await subscriptions.quota_changes_by_ids(alice, [asked.id]))[asked.id].status is QuotaChangeStatus.CANCELLED
