"""What an admin decides about a model, and what becomes of those who have it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from gateway.actor import Actor, Role
from gateway.audit import AuditEntry
from gateway.catalog import CatalogService, ModelAccess, ModelFilter, ModelLifecycle
from gateway.db import Database
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.litellm import ModelInfo
from gateway.subscriptions import ExistingSubscriptions, SubscriptionService, SubscriptionStatus
from tests.builders import a_model, a_person, a_subscription
from tests.domains.subscriptions.looking import everything, history

S = SubscriptionStatus
KEEP, SUSPEND, CANCEL = ExistingSubscriptions


async def test_who_has_it_keeps_it(db: Database, subscriptions: SubscriptionService, ada: Actor) -> None:
    model, alice = await a_model(db), await a_person(db, "alice")
    own = await a_subscription(db, alice, model.id)
    changed = await subscriptions.change_model(ada, model.id, {"access": ModelAccess.RESTRICTED}, existing=KEEP)
    assert (changed.access, changed.lifecycle) == (ModelAccess.RESTRICTED, ModelLifecycle.AVAILABLE)
    assert (await subscriptions.by_ids(alice, [own.id]))[own.id].status is S.ACTIVE
    assert (await subscriptions.request(await a_person(db), model.id, "please")).status is S.PENDING
    async with db.read() as session:
        (entry,) = (await session.execute(select(AuditEntry.action, AuditEntry.detail))).all()[:1]
    assert entry.action == "model.changed"
    assert entry.detail["access"] == ["OPEN", "RESTRICTED"]


async def test_all_are_put_on_hold(db: Database, subscriptions: SubscriptionService, ada: Actor) -> None:
    model = await a_model(db)
    rows = [
        await a_subscription(db, await a_person(db), model.id, s) for s in (S.ACTIVE, S.ACTIVE, S.PENDING, S.DENIED)
    ]
    elsewhere = await a_subscription(db, await a_person(db), (await a_model(db)).id)
    impact = await subscriptions.model_change_impact(ada, model.id, SUSPEND)
    assert (impact.active, impact.pending, impact.suspended, impact.people, impact.becoming_suspended) == (
        2,
        1,
        0,
        2,
        2,
    )
    assert (await subscriptions.model_change_impact(ada, model.id, KEEP)).becoming_suspended == 0
    values = {"access": ModelAccess.RESTRICTED}
    await subscriptions.change_model(ada, model.id, values, existing=SUSPEND, reason="too dear")
    now = await subscriptions.by_ids(ada, [row.id for row in (*rows, elsewhere)])
    assert [now[row.id].status for row in (*rows, elsewhere)] == [
        S.SUSPENDED,
        S.SUSPENDED,
        S.PENDING,
        S.DENIED,
        S.ACTIVE,
    ]
    assert await history(db, rows[0].id) == [("ada", "SUSPENDED", "ACTIVE", "SUSPENDED", "too dear")]
    assert (await subscriptions.model_change_impact(ada, model.id, SUSPEND)).suspended == 2


async def test_who_has_a_model_that_is_gone_is_decided_by_an_admin(
    db: Database, subscriptions: SubscriptionService, ada: Actor
) -> None:
    model = await a_model(db, lifecycle=ModelLifecycle.RETIRED)
    statuses = (S.ACTIVE, S.SUSPENDED, S.PENDING, S.EXPIRED)
    rows = [await a_subscription(db, await a_person(db), model.id, status) for status in statuses]
    impact = await subscriptions.model_change_impact(ada, model.id, CANCEL)
    assert (impact.becoming_suspended, impact.becoming_cancelled, impact.becoming_denied) == (0, 2, 1)
    before = await everything(db)
    with pytest.raises(InvalidInput) as refused:
        await subscriptions.change_model(ada, model.id, {}, existing=CANCEL)
    assert refused.value.field == "reason"
    assert await everything(db) == before
    await subscriptions.change_model(ada, model.id, {}, existing=CANCEL, reason="it is gone")
    now = await subscriptions.by_ids(ada, [row.id for row in rows])
    assert [now[row.id].status for row in rows] == [S.CANCELLED, S.CANCELLED, S.DENIED, S.EXPIRED]
    assert await history(db, rows[1].id) == [("ada", "CANCELLED", "SUSPENDED", "CANCELLED", "it is gone")]
    assert await history(db, rows[2].id) == [("ada", "DENIED", "PENDING", "DENIED", "it is gone")]
    assert now[rows[2].id].awaiting_since is None


async def test_models_that_are_gone_are_listed_for_who_asks_for_them_and_may(db: Database, ada: Actor) -> None:
    catalog = CatalogService(db, None)  # type: ignore[arg-type]
    for lifecycle in ModelLifecycle:
        await a_model(db, lifecycle.value, lifecycle=lifecycle)

    async def names(actor: Actor, *lifecycles: ModelLifecycle) -> list[str]:
        wanted = ModelFilter(lifecycle=lifecycles) if lifecycles else None
        return [row.name for row in (await catalog.page(actor, 10, wanted=wanted)).rows]

    gone, going = ModelLifecycle.RETIRED, ModelLifecycle.DEPRECATED
    assert await names(ada) == ["AVAILABLE", "DEPRECATED"]
    assert await names(ada, gone) == ["RETIRED"]
    assert await names(ada, gone, going) == ["DEPRECATED", "RETIRED"]
    alice = await a_person(db)
    assert await names(alice, gone) == []
    assert await names(alice, gone, going) == ["DEPRECATED"]


async def test_a_hidden_model_is_not_asked_for(db: Database, subscriptions: SubscriptionService, ada: Actor) -> None:
    model, alice = await a_model(db), await a_person(db)
    await subscriptions.change_model(ada, model.id, {"access": ModelAccess.HIDDEN}, existing=KEEP)
    with pytest.raises(NotFound):
        await subscriptions.request(alice, model.id)


async def test_nobody_slips_through_while_it_is_restricted(
    db: Database, subscriptions: SubscriptionService, ada: Actor
) -> None:
    for _ in range(5):
        model = await a_model(db)
        people = [await a_person(db) for _ in range(4)]
        restrict = subscriptions.change_model(
            ada, model.id, {"access": ModelAccess.RESTRICTED}, existing=SUSPEND, reason="no more"
        )
        requests = [subscriptions.request(person, model.id, "please") for person in people]
        await asyncio.gather(*requests[:2], restrict, *requests[2:])
        assert (await subscriptions.model_change_impact(ada, model.id, KEEP)).active == 0


async def test_deprecated_with_a_successor(db: Database, subscriptions: SubscriptionService, ada: Actor) -> None:
    old, new = await a_model(db), await a_model(db)
    values: dict[str, Any] = {"lifecycle": ModelLifecycle.DEPRECATED, "successor_id": new.id}
    changed = await subscriptions.change_model(ada, old.id, values, existing=KEEP)
    assert (changed.lifecycle, changed.successor_id, changed.access) == (
        ModelLifecycle.DEPRECATED,
        new.id,
        ModelAccess.OPEN,
    )


async def test_a_sync_does_not_undo_it(db: Database, subscriptions: SubscriptionService, ada: Actor) -> None:
    listed = [
        ModelInfo(
            name=name,
            provider="openai",
            mode="chat",
            description=None,
            max_input_tokens=None,
            max_output_tokens=None,
            input_cost_per_token=None,
            output_cost_per_token=None,
            capabilities=frozenset(),
        )
        for name in ("old", "new")
    ]

    class Listing:
        async def models(self) -> list[ModelInfo]:
            return listed

    catalog = CatalogService(db, Listing())  # type: ignore[arg-type]
    await catalog.sync()
    rows = {row.name: row for row in (await catalog.page(ada, 10)).rows}
    values = {
        "access": ModelAccess.RESTRICTED,
        "lifecycle": ModelLifecycle.DEPRECATED,
        "successor_id": rows["new"].id,
    }
    changed = await subscriptions.change_model(ada, rows["old"].id, values, existing=KEEP)
    listed[:] = [ModelInfo(**{**vars(info), "description": "other words"}) for info in listed]
    await catalog.sync()
    after = (await catalog.by_ids(ada, [changed.id]))[changed.id]
    assert (after.description, after.access, after.lifecycle, after.successor_id) == ("other words", *values.values())


async def test_what_is_refused_and_writes_nothing(db: Database, subscriptions: SubscriptionService, ada: Actor) -> None:
    model, retired = await a_model(db), await a_model(db, lifecycle=ModelLifecycle.RETIRED)
    hidden = await a_model(db, access=ModelAccess.HIDDEN)
    alice, audrey = await a_person(db), await a_person(db, role=Role.AUDITOR)
    await a_subscription(db, alice, model.id)
    before = await everything(db)
    restrict = {"access": ModelAccess.RESTRICTED}
    for who, target, values, existing, reason, refusal in (
        (alice, model, restrict, KEEP, None, NotPermitted),
        (audrey, model, restrict, KEEP, None, NotPermitted),
        (ada, alice, restrict, KEEP, None, NotFound),
        (ada, model, restrict, SUSPEND, " ", InvalidInput),
        (ada, model, {"lifecycle": ModelLifecycle.RETIRED}, KEEP, None, InvalidInput),
        (ada, retired, {"lifecycle": ModelLifecycle.AVAILABLE}, KEEP, None, InvalidInput),
        (ada, model, {"successor_id": model.id}, KEEP, None, InvalidInput),
        (ada, model, {"successor_id": retired.id}, KEEP, None, InvalidInput),
        (ada, model, {"successor_id": alice.user_id}, KEEP, None, NotFound),
    ):
        target_id = target.user_id if isinstance(target, Actor) else target.id
        with pytest.raises(refusal):
            await subscriptions.change_model(who, target_id, values, existing=existing, reason=reason)
    with pytest.raises(NotPermitted):
        await subscriptions.model_change_impact(alice, model.id, KEEP)
    with pytest.raises(NotFound):
        await subscriptions.model_change_impact(ada, alice.user_id, KEEP)
    assert await everything(db) == before
    assert (await subscriptions.model_change_impact(audrey, hidden.id, KEEP)).active == 0
