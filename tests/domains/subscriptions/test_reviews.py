"""What admins do with the subscriptions of others, and what time does."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from gateway.actor import Actor, Role
from gateway.catalog import ModelLifecycle
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.subscriptions import (
    Decision,
    InvalidTransition,
    ModelSubscription,
    ModelUnavailable,
    SubscriptionFilter,
    SubscriptionOrder,
    SubscriptionService,
    SubscriptionStatus,
    usable,
)
from tests.builders import a_model, a_person, a_subscription
from tests.domains.subscriptions.looking import everything, history

S = SubscriptionStatus


async def test_approve_with_other_limits_and_an_end(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    model = await a_model(db, access="RESTRICTED")
    asked = await subscriptions.request(alice, model.id, "a demo", {"max_budget": Decimal(100), "tpm_limit": 5000})
    end = utc_now() + timedelta(days=30)
    row = await subscriptions.approve(ada, asked.id, "half of it", {"max_budget": Decimal(50), "expires_at": end})
    assert (row.status, row.max_budget, row.tpm_limit, row.expires_at) == (S.ACTIVE, 50, 5000, end)
    lines = (await subscriptions.history_by_subscription(alice, [row.id]))[row.id]
    assert [(line.actor, line.from_status, line.to_status, line.reason) for line in lines] == [
        ("alice", None, "PENDING", "a demo"),
        ("ada", "PENDING", "ACTIVE", "half of it"),
    ]
    assert lines[0].limits == {"max_budget": [None, "100"], "tpm_limit": [None, "5000"]}
    assert lines[1].limits == {"max_budget": ["100", "50"], "expires_at": [None, end.isoformat()]}


async def test_an_end_lies_ahead(db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor) -> None:
    asked = await a_subscription(db, alice, (await a_model(db)).id, S.PENDING)
    before = await everything(db)
    for end in (utc_now() - timedelta(seconds=1), utc_now() + timedelta(days=4000), utc_now().replace(tzinfo=None)):
        with pytest.raises(InvalidInput) as refused:
            await subscriptions.approve(ada, asked.id, None, {"expires_at": end})
        assert refused.value.field == "expiresAt"
    assert await everything(db) == before


async def test_suspend_and_resume(db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    held = await subscriptions.suspend(ada, own.id, " strange traffic ")
    assert (held.status, held.reason) == (S.SUSPENDED, "strange traffic")
    again = await subscriptions.resume(ada, own.id)
    assert (again.status, again.reason) == (S.ACTIVE, None)
    assert await history(db, own.id) == [
        ("ada", "SUSPENDED", "ACTIVE", "SUSPENDED", "strange traffic"),
        ("ada", "RESUMED", "SUSPENDED", "ACTIVE", None),
    ]


async def test_who_may_not_and_what_does_not_fit(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    audrey = await a_person(db, role=Role.AUDITOR)
    active = await a_subscription(db, alice, (await a_model(db)).id)
    held = await a_subscription(db, alice, (await a_model(db)).id, S.SUSPENDED)
    pending = await a_subscription(db, alice, (await a_model(db)).id, S.PENDING)
    of_ada = await a_subscription(db, ada, (await a_model(db)).id, S.SUSPENDED)
    gone = await a_subscription(db, alice, (await a_model(db, lifecycle=ModelLifecycle.RETIRED)).id, S.PENDING)
    before = await everything(db)
    for who in (alice, audrey):
        for attempt in (
            subscriptions.approve(who, pending.id),
            subscriptions.deny(who, pending.id, "no"),
            subscriptions.decide(who, [Decision(pending.id, True)]),
            subscriptions.suspend(who, active.id, "no"),
            subscriptions.resume(who, held.id),
            subscriptions.change(who, active.id, {"rpm_limit": 5}),
        ):
            with pytest.raises(NotPermitted):
                await attempt
    for attempt in (subscriptions.resume(ada, of_ada.id), subscriptions.change(ada, of_ada.id, {"rpm_limit": 5})):
        with pytest.raises(NotPermitted):
            await attempt
    for attempt in (
        subscriptions.suspend(ada, held.id, "again"),
        subscriptions.suspend(ada, pending.id, "now"),
        subscriptions.resume(ada, active.id),
        subscriptions.resume(ada, pending.id),
        subscriptions.change(ada, pending.id, {"rpm_limit": 5}),
    ):
        with pytest.raises(InvalidTransition):
            await attempt
    for attempt in (
        subscriptions.suspend(ada, active.id, " "),
        subscriptions.deny(ada, pending.id, "x" * 1001),
        subscriptions.change(ada, active.id, {"rpm_limit": None}),
    ):
        with pytest.raises(InvalidInput):
            await attempt
    with pytest.raises(ModelUnavailable):
        await subscriptions.approve(ada, gone.id)
    assert await everything(db) == before


async def test_many_decisions_each_for_itself(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    yes, no, done = [
        await a_subscription(db, alice, (await a_model(db)).id, status) for status in (S.PENDING, S.PENDING, S.ACTIVE)
    ]
    own = await a_subscription(db, ada, (await a_model(db)).id, S.PENDING)
    wordless = await a_subscription(db, alice, (await a_model(db)).id, S.PENDING)
    results = await subscriptions.decide(
        ada,
        [
            Decision(yes.id, True, changes={"rpm_limit": 60}),
            Decision(done.id, True),
            Decision(own.id, True),
            Decision(wordless.id, False),
            Decision(no.id, False, "no"),
        ],
    )
    statuses = [getattr(result, "status", None) for result in results]
    assert (statuses[0], statuses[4]) == (S.ACTIVE, S.DENIED)
    assert [type(result) for result in results[1:4]] == [InvalidTransition, NotPermitted, InvalidInput]
    left = await subscriptions.by_ids(ada, [own.id, wordless.id, yes.id])
    assert [left[row.id].status for row in (own, wordless, yes)] == [S.PENDING, S.PENDING, S.ACTIVE]
    assert left[yes.id].rpm_limit == 60


async def test_how_many_decisions(db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor) -> None:
    waiting = await a_subscription(db, alice, (await a_model(db)).id, S.PENDING)
    before = await everything(db)
    one = Decision(waiting.id, True)
    for wrong in ([], [one, one], [one] * 101):
        with pytest.raises(InvalidInput) as refused:
            await subscriptions.decide(ada, wrong)
        assert refused.value.field == "decisions"
    assert await everything(db) == before


async def test_what_is_past_its_time_ends(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    past, ahead = utc_now() - timedelta(seconds=1), utc_now() + timedelta(days=1)
    over = [
        await a_subscription(db, alice, (await a_model(db)).id, s, expires_at=past) for s in (S.ACTIVE, S.SUSPENDED)
    ]
    asked = await a_subscription(db, alice, (await a_model(db)).id, S.PENDING, expires_at=past)
    later = await a_subscription(db, alice, (await a_model(db)).id, expires_at=ahead)
    assert await subscriptions.expire() == 2
    assert await subscriptions.expire() == 0
    now = await subscriptions.by_ids(alice, [row.id for row in (*over, asked, later)])
    assert [now[row.id].status for row in (*over, asked, later)] == [S.EXPIRED, S.EXPIRED, S.PENDING, S.ACTIVE]
    assert await history(db, over[1].id) == [("subscription-expiry", "EXPIRED", "SUSPENDED", "EXPIRED", None)]


async def test_two_jobs_at_once_end_it_once(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    past = utc_now() - timedelta(seconds=1)
    rows = [await a_subscription(db, alice, (await a_model(db)).id, expires_at=past) for _ in range(20)]
    assert sum(await asyncio.gather(*(subscriptions.expire() for _ in range(4)))) == 20
    for row in rows:
        assert len(await history(db, row.id)) == 1


async def test_what_is_usable(db: Database, alice: Actor) -> None:
    past, ahead = utc_now() - timedelta(seconds=1), utc_now() + timedelta(days=1)
    for status in (S.PENDING, S.DENIED, S.SUSPENDED, S.EXPIRED, S.CANCELLED):
        await a_subscription(db, alice, (await a_model(db)).id, status)
    await a_subscription(db, alice, (await a_model(db)).id, expires_at=past)
    await a_subscription(db, alice, (await a_model(db)).id, exhausted_until=ahead)
    fit = [
        await a_subscription(db, alice, (await a_model(db)).id, **columns)
        for columns in ({}, {"expires_at": ahead}, {"exhausted_until": past})
    ]
    table = ModelSubscription.__table__  # type: ignore[attr-defined]
    async with db.read() as session:
        assert set(await session.scalars(select(table.c.id).where(usable()))) == {row.id for row in fit}


async def test_the_inbox_has_who_waits_longest_first(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    models = [await a_model(db, name, access="RESTRICTED") for name in ("zeta", "Eta", "theta")]
    old = await a_subscription(db, alice, models[0].id, created_at=utc_now() - timedelta(days=9))
    first = await subscriptions.request(alice, models[1].id, "please")
    quota = await subscriptions.request_quota_change(alice, old.id, {"rpm_limit": 5}, "more")
    last = await subscriptions.request(await a_person(db, "bob"), models[2].id, "please")
    waiting = SubscriptionFilter(awaiting=True)
    page = await subscriptions.page_of_all(ada, 10, None, waiting, SubscriptionOrder.LONGEST_WAITING)
    assert [row.id for row in page.rows] == [first.id, old.id, last.id]
    assert await subscriptions.awaiting_count(ada) == 3
    await subscriptions.deny(ada, old.id, "no", quota.id)
    assert await subscriptions.awaiting_count(ada) == 2
    found = await subscriptions.page_of_all(ada, 10, None, SubscriptionFilter(search="BO the"))
    assert [row.id for row in found.rows] == [last.id]
    with pytest.raises(NotPermitted):
        await subscriptions.awaiting_count(alice)


@pytest.mark.parametrize("order", list(SubscriptionOrder))
async def test_every_order_is_the_same_in_one_page_and_in_many(
    db: Database, subscriptions: SubscriptionService, alice: Actor, order: SubscriptionOrder
) -> None:
    for name, columns in (("b", {}), ("A", {"expires_at": utc_now()}), ("c", {"awaiting_since": utc_now()}), ("d", {})):
        await a_subscription(db, alice, (await a_model(db, name)).id, **columns)
    whole = [row.id for row in (await subscriptions.page(alice, 100, order=order)).rows]
    assert len(whole) == 4
    walked, after = [], None
    while len(walked) < 4:
        page = await subscriptions.page(alice, 1, after, order=order)
        walked.append(page.rows[0].id)
        after = page.cursors[-1]
    assert walked == whole


async def test_a_page_by_model(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    rows = {name: await a_subscription(db, alice, (await a_model(db, name)).id) for name in ("b-large", "A", "c")}
    by_model = await subscriptions.page(alice, 10, order=SubscriptionOrder.MODEL)
    assert [row.id for row in by_model.rows] == [rows[name].id for name in ("A", "b-large", "c")]
    found = await subscriptions.page(alice, 10, wanted=SubscriptionFilter(search="LARGE b"))
    assert [row.id for row in found.rows] == [rows["b-large"].id]
    assert await found.total_count() == 1


async def test_history_is_for_those_who_see_the_subscription(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await subscriptions.request(alice, (await a_model(db)).id)
    asked = await subscriptions.request_quota_change(alice, own.id, {"rpm_limit": 5}, "more")
    bob = await a_person(db, "bob")
    assert await subscriptions.history_by_subscription(bob, [own.id]) == {}
    assert await subscriptions.open_quota_change_by_subscription(bob, [own.id]) == {}
    assert await subscriptions.quota_changes_by_ids(bob, [asked.id]) == {}
    for reader in (alice, ada, await a_person(db, role=Role.AUDITOR)):
        assert len((await subscriptions.history_by_subscription(reader, [own.id]))[own.id]) == 2
    with pytest.raises(NotFound):
        await subscriptions.cancel_quota_change(bob, asked.id)


async def test_a_change_tells_who_listens(
    db: Database, database_url: str, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    from gateway.events import Bus

    bus = Bus(database_url)
    await bus.start()
    try:
        counts = subscriptions.awaiting_counts(bus, ada)
        assert await asyncio.wait_for(anext(counts), 5) == 0
        model = await a_model(db, access="RESTRICTED")
        async with bus.subscribe({f"subscriptions:user:{alice.user_id}"}) as wakes:
            asked = await subscriptions.request(alice, model.id, "please")
            await asyncio.wait_for(anext(wakes), 5)
        assert await asyncio.wait_for(anext(counts), 5) == 1
        await subscriptions.approve(ada, asked.id)
        assert await asyncio.wait_for(anext(counts), 5) == 0
        with pytest.raises(NotPermitted):
            await anext(subscriptions.awaiting_counts(bus, alice))
    finally:
        await bus.stop()


async def test_a_change_that_fails_leaves_no_line(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    async with db.write() as session:
        await session.execute(
            text("ALTER TABLE audit_entry ADD CONSTRAINT none CHECK (action <> 'subscription.suspended')")
        )
    before = await everything(db)
    with pytest.raises(Exception, match="none"):
        await subscriptions.suspend(ada, own.id, "no")
    assert await everything(db) == before
