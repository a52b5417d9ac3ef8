"""What a subscription gets when nobody says anything."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.actor import Actor, Role
from gateway.catalog import ModelAccess
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.subscriptions import SubscriptionService, SubscriptionStatus
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import everything_stored
from tests.domains.subscriptions.looking import history

S = SubscriptionStatus
DAY = timedelta(days=1)
USUAL = {"max_requests": 100, "budget_duration": "1d", "rpm_limit": 10, "life_days": 30}


def limits(row: Any) -> tuple[Any, ...]:
    return row.max_budget, row.max_requests, row.max_tokens, row.budget_duration, row.rpm_limit, row.tpm_limit


def lives(row: Any, days: int) -> bool:
    return bool(abs(row.expires_at - utc_now() - days * DAY) < timedelta(minutes=1))


async def test_an_open_model_is_active_at_once_within_the_usual_limits(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    await subscriptions.set_rules(ada, None, USUAL)
    row = await subscriptions.request(alice, (await a_model(db)).id)
    assert (row.status, limits(row)) == (S.ACTIVE, (None, 100, None, "1d", 10, None))
    assert lives(row, 30)
    (line,) = (await subscriptions.history_by_subscription(alice, [row.id]))[row.id]
    assert line.limits == {
        "max_requests": [None, "100"],
        "budget_duration": [None, "1d"],
        "rpm_limit": [None, "10"],
        "expires_at": [None, row.expires_at.isoformat()],
    }


@pytest.mark.parametrize("asked", [{"max_requests": 101}, {"max_requests": None}, {"budget_duration": "1h"}])
async def test_more_than_usual_on_an_open_model_is_for_an_admin_to_decide(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor, asked: dict[str, Any]
) -> None:
    await subscriptions.set_rules(ada, None, USUAL)
    model = await a_model(db)
    with pytest.raises(InvalidInput) as refused:
        await subscriptions.request(alice, model.id, limits=asked)
    assert refused.value.field == "justification"
    row = await subscriptions.request(alice, model.id, "a demo", asked)
    assert (row.status, row.expires_at) == (S.PENDING, None)
    assert {name: getattr(row, name) for name in asked} == asked
    assert row.rpm_limit == 10


async def test_less_than_usual_is_active_at_once(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    await subscriptions.set_rules(ada, None, USUAL)
    row = await subscriptions.request(alice, (await a_model(db)).id, limits={"max_requests": 5, "tpm_limit": 7})
    assert (row.status, limits(row)) == (S.ACTIVE, (None, 5, None, "1d", 10, 7))


async def test_an_approver_who_sets_nothing(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    await subscriptions.set_rules(ada, None, USUAL)
    asked = [
        await subscriptions.request(alice, (await a_model(db, access=ModelAccess.RESTRICTED)).id, "a demo")
        for _ in range(3)
    ]
    assert [(row.status, row.max_requests, row.expires_at) for row in asked] == [(S.PENDING, 100, None)] * 3
    plain = await subscriptions.approve(ada, asked[0].id)
    assert (limits(plain), lives(plain, 30)) == ((None, 100, None, "1d", 10, None), True)
    generous = await subscriptions.approve(ada, asked[1].id, granted={"max_requests": None, "expires_at": None})
    assert (generous.max_requests, generous.rpm_limit, generous.expires_at) == (None, 10, None)
    short = await subscriptions.approve(ada, asked[2].id, granted={"expires_at": utc_now() + 2 * DAY})
    assert lives(short, 2)


async def test_a_model_with_rules_of_its_own_has_none_of_the_others(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    await subscriptions.set_rules(ada, None, USUAL)
    dear, cheap = await a_model(db), await a_model(db)
    await subscriptions.set_rules(ada, dear.id, {"max_budget": Decimal("2.50"), "budget_duration": "30d"})
    assert limits((await subscriptions.rules_by_model([dear.id, cheap.id]))[dear.id])[:4] == (
        Decimal("2.50"),
        None,
        None,
        "30d",
    )
    row = await subscriptions.request(alice, dear.id)
    assert (limits(row), row.expires_at) == ((Decimal("2.50"), None, None, "30d", None, None), None)
    assert [rules.model_id for rules in await subscriptions.all_rules(ada)] == [None, dear.id]
    await subscriptions.remove_rules(ada, dear.id)
    assert limits(await subscriptions.request(await a_person(db), dear.id))[1] == 100
    with pytest.raises(NotFound):
        await subscriptions.remove_rules(ada, dear.id)


async def test_they_change_nothing_that_is_there_and_no_limits_that_were_once_granted(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    model = await a_model(db)
    own = await a_subscription(db, alice, model.id, max_requests=7, budget_duration="1d")
    before = await history(db, own.id)
    await subscriptions.set_rules(ada, None, USUAL)
    row = (await subscriptions.by_ids(alice, [own.id]))[own.id]
    assert (row.max_requests, row.rpm_limit, row.expires_at) == (7, None, None)
    assert await history(db, own.id) == before
    await subscriptions.cancel(alice, own.id)
    again = await subscriptions.request(alice, model.id)
    assert (again.status, again.max_requests, again.rpm_limit) == (S.ACTIVE, 7, None)


async def test_what_is_left_out_stays_and_null_takes_it_away(
    db: Database, subscriptions: SubscriptionService, ada: Actor
) -> None:
    await subscriptions.set_rules(ada, None, USUAL)
    await subscriptions.set_rules(ada, None, {"rpm_limit": None})
    rules = await subscriptions.rules()
    assert (rules.max_requests, rules.rpm_limit, rules.life_days) == (100, None, 30)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"max_requests": 0}, "maxRequests"),
        ({"budget_duration": "3 weeks"}, "budgetDuration"),
        ({"life_days": 0}, "lifeDays"),
        ({"life_days": 3654}, "lifeDays"),
        ({"rpm_limit": 2**31}, "rpmLimit"),
    ],
)
async def test_bad_rules_are_refused_and_change_nothing(
    db: Database, subscriptions: SubscriptionService, ada: Actor, changes: dict[str, Any], field: str
) -> None:
    before = await everything_stored(db)
    with pytest.raises(InvalidInput) as refused:
        await subscriptions.set_rules(ada, None, changes)
    assert refused.value.field == field
    assert await everything_stored(db) == before


async def test_only_admins_set_them_and_everybody_may_know(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    audrey, model = await a_person(db, "audrey", Role.AUDITOR), await a_model(db)
    before = await everything_stored(db)
    for person in (alice, audrey):
        with pytest.raises(NotPermitted):
            await subscriptions.set_rules(person, None, USUAL)
        with pytest.raises(NotPermitted):
            await subscriptions.remove_rules(person, model.id)
    with pytest.raises(NotPermitted):
        await subscriptions.all_rules(alice)
    with pytest.raises(NotFound):
        await subscriptions.set_rules(ada, alice.user_id, USUAL)
    assert await everything_stored(db) == before
    assert (await subscriptions.rules()).max_requests is None
    assert await subscriptions.all_rules(audrey) == []
