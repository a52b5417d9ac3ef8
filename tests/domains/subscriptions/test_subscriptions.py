"""Subscriptions: asked for, decided, and never by oneself."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from gateway.actor import Actor, Role
from gateway.audit import AuditEntry
from gateway.catalog import ModelAccess, ModelLifecycle
from gateway.db import Database
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.subscriptions import (
    AlreadySubscribed,
    InvalidTransition,
    ModelSubscription,
    ModelUnavailable,
    SubscriptionFilter,
    SubscriptionService,
    SubscriptionStatus,
)
from tests.builders import a_model, a_person, a_subscription


async def rows(db: Database) -> list[Any]:
    async with db.read() as session:
        return list(await session.execute(select(ModelSubscription.__table__)))  # type: ignore[attr-defined]


async def actions(db: Database) -> list[str]:
    async with db.read() as session:
        return list((await session.scalars(select(AuditEntry.action).order_by(AuditEntry.at))).all())


async def test_an_open_model_is_active_at_once(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    model = await a_model(db)
    row = await subscriptions.request(alice, model.id)
    assert (row.status, row.user_id, row.model_id) == (SubscriptionStatus.ACTIVE, alice.user_id, model.id)
    assert await actions(db) == ["subscription.requested"]


async def test_a_restricted_model_waits_and_wants_a_reason(
    db: Database, subscriptions: SubscriptionService, alice: Actor
) -> None:
    model = await a_model(db, access=ModelAccess.RESTRICTED)
    for missing in (None, "", "  \n "):
        with pytest.raises(InvalidInput) as refused:
            await subscriptions.request(alice, model.id, missing)
        assert refused.value.field == "justification"
    assert await rows(db) == []
    assert (await subscriptions.request(alice, model.id, " For the demo. ")).justification == "For the demo."
    assert (await rows(db))[0].status is SubscriptionStatus.PENDING


async def test_asking_twice_at_once_makes_one(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    model = await a_model(db)
    answers = await asyncio.gather(*(subscriptions.request(alice, model.id) for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [AlreadySubscribed] * 4
    assert len(await rows(db)) == 1


async def test_asking_again_names_what_is_there(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    model = await a_model(db)
    first = await subscriptions.request(alice, model.id)
    with pytest.raises(AlreadySubscribed) as refused:
        await subscriptions.request(alice, model.id)
    assert refused.value.subscription.id == first.id


async def test_what_cannot_be_asked_for(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    hidden = await a_model(db, access=ModelAccess.HIDDEN)
    retired = await a_model(db, lifecycle=ModelLifecycle.RETIRED)
    audrey = await a_person(db, role=Role.AUDITOR)
    with pytest.raises(NotFound):
        await subscriptions.request(alice, hidden.id)
    with pytest.raises(NotFound):
        await subscriptions.request(alice, uuid4())
    with pytest.raises(ModelUnavailable):
        await subscriptions.request(alice, retired.id)
    with pytest.raises(NotPermitted):
        await subscriptions.request(audrey, (await a_model(db)).id)
    with pytest.raises(InvalidInput):
        await subscriptions.request(alice, (await a_model(db)).id, "x" * 1001)
    assert await rows(db) == []


async def test_an_admin_decides(db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor) -> None:
    model = await a_model(db)
    yes = await a_subscription(db, alice, model.id, SubscriptionStatus.PENDING)
    assert (await subscriptions.approve(ada, yes.id, "fine")).status is SubscriptionStatus.ACTIVE
    no = await a_subscription(db, alice, (await a_model(db)).id, SubscriptionStatus.PENDING)
    denied = await subscriptions.deny(ada, no.id, "too dear")
    assert (denied.status, denied.reason) == (SubscriptionStatus.DENIED, "too dear")
    with pytest.raises(InvalidTransition) as refused:
        await subscriptions.approve(ada, no.id)
    assert refused.value.status == "DENIED"


@pytest.mark.parametrize("role", list(Role))
async def test_nobody_decides_on_his_own(db: Database, subscriptions: SubscriptionService, role: Role) -> None:
    someone = await a_person(db, role=role)
    own = await a_subscription(db, someone, (await a_model(db)).id, SubscriptionStatus.PENDING)
    with pytest.raises(NotPermitted):
        await subscriptions.approve(someone, own.id)
    with pytest.raises(NotPermitted):
        await subscriptions.deny(someone, own.id, "no")
    assert [row.status for row in await rows(db)] == [SubscriptionStatus.PENDING]


@pytest.mark.parametrize("role", [Role.USER, Role.AUDITOR])
async def test_only_admins_decide(db: Database, subscriptions: SubscriptionService, alice: Actor, role: Role) -> None:
    pending = await a_subscription(db, alice, (await a_model(db)).id, SubscriptionStatus.PENDING)
    with pytest.raises(NotPermitted):
        await subscriptions.approve(await a_person(db, role=role), pending.id)
    assert [row.status for row in await rows(db)] == [SubscriptionStatus.PENDING]


async def test_a_suspended_subscription_is_not_approved_by_the_way(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    held = await a_subscription(db, alice, (await a_model(db)).id, SubscriptionStatus.SUSPENDED)
    with pytest.raises(InvalidTransition):
        await subscriptions.approve(ada, held.id)


async def test_two_decisions_at_once_one_wins(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    grace = await a_person(db, "grace", Role.ADMIN)
    pending = await a_subscription(db, alice, (await a_model(db)).id, SubscriptionStatus.PENDING)
    answers = await asyncio.gather(
        subscriptions.approve(ada, pending.id), subscriptions.deny(grace, pending.id, "no"), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["InvalidTransition", "Row"]
    assert len(await actions(db)) == 1


async def test_each_sees_what_is_his_and_auditors_see_all(
    db: Database, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    bob = await a_person(db, "bob")
    model = await a_model(db)
    of_alice = await a_subscription(db, alice, model.id)
    of_bob = await a_subscription(db, bob, model.id)
    assert [row.id for row in (await subscriptions.page(bob, 10)).rows] == [of_bob.id]
    assert await subscriptions.by_ids(bob, [of_alice.id]) == {}
    with pytest.raises(NotPermitted):
        await subscriptions.page_of_all(bob, 10)
    for role in (Role.AUDITOR, Role.ADMIN):
        reader = await a_person(db, role=role)
        assert [row.id for row in (await subscriptions.page_of_all(reader, 10)).rows] == [of_bob.id, of_alice.id]
        assert (await subscriptions.page(reader, 10)).rows == []


async def test_filters_by_status(db: Database, subscriptions: SubscriptionService, alice: Actor) -> None:
    for status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.DENIED, SubscriptionStatus.PENDING):
        await a_subscription(db, alice, (await a_model(db)).id, status)
    wanted = SubscriptionFilter(status=[SubscriptionStatus.DENIED, SubscriptionStatus.ACTIVE])
    page = await subscriptions.page(alice, 10, wanted=wanted)
    assert [row.status for row in page.rows] == [SubscriptionStatus.DENIED, SubscriptionStatus.ACTIVE]
