"""Notices of what others decided and what was found out: each once, to whom it concerns, and to nobody of his own doing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.actor import Actor, Role
from gateway.audit import AuditEntry, Outcome
from gateway.catalog import CatalogService, ModelAccess, ModelLifecycle
from gateway.db import Database, utc_now
from gateway.events import Bus
from gateway.keys import CreatedKey, KeyService, NewKey
from gateway.litellm import KeyChanges, LiteLLM, ModelInfo
from gateway.notifications import NotificationService
from gateway.subscriptions import FOREVER, ExistingSubscriptions, SubscriptionService
from gateway.subscriptions import SubscriptionStatus as S
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import execute, sha256


@pytest.fixture
def notifications(db: Database) -> NotificationService:
    return NotificationService(db)


async def told(notifications: NotificationService, actor: Actor) -> list[Any]:
    """What `actor` was told, oldest first, after two runs of the job."""
    await notifications.announce_events()
    assert await notifications.announce_events() == 0
    return list(reversed((await notifications.page(actor, 100)).rows))


async def kinds(notifications: NotificationService, actor: Actor) -> list[str]:
    return sorted(row.kind for row in await told(notifications, actor))


async def test_a_request_is_approved(
    db: Database, notifications: NotificationService, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    model = await a_model(db, access=ModelAccess.RESTRICTED)
    asked = await subscriptions.request(alice, model.id, "a demo")
    assert await told(notifications, alice) == []
    ends = utc_now() + timedelta(days=3)
    await subscriptions.approve(ada, asked.id, "welcome", {"expires_at": ends})
    (row,) = await told(notifications, alice)
    assert (row.kind, row.subscription_id, row.model_id, row.actor, row.reason, row.expires_at) == (
        "SUBSCRIPTION_APPROVED",
        asked.id,
        model.id,
        "ada",
        "welcome",
        ends,
    )
    assert (row.api_key_id, row.days, row.read_at) == (None, None, None)
    assert await told(notifications, ada) == []


async def test_whatever_is_decided_about_a_subscription(
    db: Database, notifications: NotificationService, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    model = await a_model(db, access=ModelAccess.RESTRICTED)
    denied = await subscriptions.request(alice, model.id, "a demo")
    await subscriptions.deny(ada, denied.id, "too dear")
    own = await subscriptions.request(alice, model.id, "a demo, really")
    await subscriptions.approve(ada, own.id)
    for _ in range(2):
        await subscriptions.suspend(ada, own.id, "a pause")
        await subscriptions.resume(ada, own.id)
    await subscriptions.change(ada, own.id, {"max_requests": 5, "budget_duration": "1d"})
    for approve in (False, True):
        more = await subscriptions.request_quota_change(alice, own.id, {"max_requests": 10}, "more")
        if approve:
            await subscriptions.approve(ada, own.id, quota_change_id=more.id)
        else:
            await subscriptions.deny(ada, own.id, "no", more.id)
    await execute(db, "UPDATE model_subscription SET expires_at = now() WHERE status = 'ACTIVE'")
    await subscriptions.expire()
    rows = await told(notifications, alice)
    assert sorted(row.kind for row in rows) == [
        "QUOTA_CHANGE_APPROVED",
        "QUOTA_CHANGE_DENIED",
        "SUBSCRIPTION_APPROVED",
        "SUBSCRIPTION_CHANGED",
        "SUBSCRIPTION_DENIED",
        "SUBSCRIPTION_EXPIRED",
        "SUBSCRIPTION_RESUMED",
        "SUBSCRIPTION_RESUMED",
        "SUBSCRIPTION_SUSPENDED",
        "SUBSCRIPTION_SUSPENDED",
    ]
    (end,) = [row for row in rows if row.kind == "SUBSCRIPTION_EXPIRED"]
    assert end.actor is None


async def test_what_one_does_oneself_is_no_news(
    db: Database, notifications: NotificationService, subscriptions: SubscriptionService, alice: Actor
) -> None:
    own = await subscriptions.request(alice, (await a_model(db)).id)
    await subscriptions.cancel(alice, own.id)
    assert await told(notifications, alice) == []


async def test_a_quota_that_is_used_up_is_told_once_for_each_window(
    db: Database, notifications: NotificationService, alice: Actor
) -> None:
    ends = utc_now() + timedelta(hours=1)
    own = await a_subscription(db, alice, (await a_model(db)).id, max_requests=5, exhausted_until=ends)
    endless = await a_subscription(db, alice, (await a_model(db)).id, max_requests=5, exhausted_until=FOREVER)
    await a_subscription(db, alice, (await a_model(db)).id, max_requests=5, exhausted_until=utc_now())
    rows = await told(notifications, alice)
    assert {(row.kind, row.subscription_id, row.expires_at) for row in rows} == {
        ("QUOTA_EXHAUSTED", own.id, ends),
        ("QUOTA_EXHAUSTED", endless.id, None),
    }
    await execute(db, "UPDATE model_subscription SET updated_at = now()")
    assert len(await told(notifications, alice)) == 2
    # Raised and used up again, and used up in the next window.
    await execute(db, f"UPDATE model_subscription SET max_requests = 6 WHERE id = '{own.id}'")
    assert len(await told(notifications, alice)) == 3
    await execute(db, f"UPDATE model_subscription SET exhausted_until = now() + interval '1 day' WHERE id = '{own.id}'")
    assert len(await told(notifications, alice)) == 4


@pytest.fixture
async def made(db: Database, litellm: LiteLLM, alice: Actor) -> CreatedKey:
    model = await a_model(db, "gpt-5-mini")
    await a_subscription(db, alice, model.id)
    return await KeyService(db, litellm).create(alice, NewKey(name="laptop", model_ids=[model.id]))


async def test_what_others_do_to_a_key(
    db: Database, notifications: NotificationService, litellm: LiteLLM, alice: Actor, ada: Actor, made: CreatedKey
) -> None:
    keys = KeyService(db, litellm)
    await keys.block(alice, made.row.id)
    await keys.unblock(alice, made.row.id)
    assert await told(notifications, alice) == []
    await keys.block(ada, made.row.id)
    await keys.unblock(ada, made.row.id)
    assert await keys.find_by_secret(ada, made.secret) is not None
    assert await kinds(notifications, alice) == ["API_KEY_BLOCKED", "API_KEY_LEAKED", "API_KEY_UNBLOCKED"]
    await keys.report_leak(ada, made.row.id, utc_now() - timedelta(days=1))
    await keys.revoke(ada, made.row.id)
    rows = await told(notifications, alice)
    assert [row.kind for row in rows][-2:] in (
        ["API_KEY_LEAKED", "API_KEY_REVOKED"],
        ["API_KEY_REVOKED", "API_KEY_LEAKED"],
    )
    assert {(row.api_key_id, row.actor, row.subscription_id) for row in rows} == {(made.row.id, "ada", None)}


async def test_what_was_refused_is_no_news(
    db: Database, notifications: NotificationService, alice: Actor, ada: Actor, made: CreatedKey
) -> None:
    async with db.write() as session:
        target = f"api_key:{made.row.id}"
        session.add(AuditEntry.of(ada, "key.blocked", target, {}, Outcome.REFUSED))
    assert await told(notifications, alice) == []


async def test_a_key_that_was_changed_in_litellm(
    db: Database, notifications: NotificationService, litellm: LiteLLM, alice: Actor, made: CreatedKey
) -> None:
    keys = KeyService(db, litellm)
    await litellm.update_key(sha256(made.secret), KeyChanges(rpm_limit=99))
    await keys.sweep()
    (row,) = await told(notifications, alice)
    assert (row.kind, row.api_key_id, row.actor) == ("API_KEY_DRIFTED", made.row.id, None)
    await litellm.update_key(sha256(made.secret), KeyChanges(rpm_limit=100))
    await keys.sweep()
    assert len(await told(notifications, alice)) == 2


async def test_a_model_that_will_go_and_one_that_is_gone(
    db: Database, notifications: NotificationService, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    going, other = await a_model(db, "going"), await a_model(db, "other")
    bob, carol = await a_person(db, "bob"), await a_person(db, "carol")
    own = await a_subscription(db, alice, going.id)
    await a_subscription(db, bob, going.id, S.EXPIRED)
    await a_subscription(db, carol, other.id)
    await a_subscription(db, ada, going.id)
    for _ in range(2):  # the second time it is nothing new
        values = {"access": ModelAccess.OPEN, "lifecycle": ModelLifecycle.DEPRECATED}
        await subscriptions.change_model(ada, going.id, values, existing=ExistingSubscriptions.KEEP, reason="old")
    (row,) = await told(notifications, alice)
    assert (row.kind, row.model_id, row.subscription_id, row.actor, row.reason) == (
        "MODEL_DEPRECATED",
        going.id,
        own.id,
        "ada",
        "old",
    )

    class Listing:
        async def models(self) -> list[ModelInfo]:
            return [ModelInfo("other", "openai", "chat", None, None, None, None, None, frozenset())]

    await CatalogService(db, Listing()).sync()  # type: ignore[arg-type]
    assert await kinds(notifications, alice) == ["MODEL_DEPRECATED", "MODEL_RETIRED"]
    assert await kinds(notifications, ada) == ["MODEL_RETIRED"]
    for person in (bob, carol):
        assert await told(notifications, person) == []


async def test_what_happened_while_nobody_looked_is_found_by_the_sweep(
    db: Database, notifications: NotificationService, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    await subscriptions.suspend(ada, own.id, "a pause")
    await execute(db, "UPDATE subscription_change SET at = now() - interval '1 day'")
    assert await notifications.announce_events() == 0
    assert await notifications.announce_missed_events() == 1
    assert await notifications.announce_missed_events() == 0


async def test_jobs_that_overlap_tell_once(
    db: Database, notifications: NotificationService, subscriptions: SubscriptionService, alice: Actor, ada: Actor
) -> None:
    own = await a_subscription(db, alice, (await a_model(db)).id)
    for _ in range(10):
        await subscriptions.suspend(ada, own.id, "a pause")
        await subscriptions.resume(ada, own.id)
    assert sum(await asyncio.gather(*(notifications.announce_events() for _ in range(4)))) == 20


async def test_each_is_received_once_by_its_own_person(
    database_url: str, db: Database, subscriptions: SubscriptionService
) -> None:
    listening = asyncio.Event()

    class Told(NotificationService):
        async def _newest(self, *arguments: Any) -> Any:
            found = await super()._newest(*arguments)
            listening.set()
            return found

    notifications = Told(db)
    alice, bob, ada = await a_person(db), await a_person(db), await a_person(db, role=Role.ADMIN)
    model = await a_model(db)
    own, his = await a_subscription(db, alice, model.id), await a_subscription(db, bob, model.id)
    await subscriptions.suspend(ada, own.id, "before")
    await notifications.announce_events()
    bus = Bus(database_url)
    await bus.start()
    try:
        received = notifications.received(bus, alice)
        counts = notifications.unread_counts(bus, alice)
        assert await anext(counts) == 1
        waiting = asyncio.create_task(anext(received))
        await listening.wait()  # what came before is not told again
        await subscriptions.suspend(ada, his.id, "another's")
        await subscriptions.resume(ada, own.id, "first")
        await notifications.announce_events()
        assert (await asyncio.wait_for(waiting, 10)).reason == "first"
        assert await asyncio.wait_for(anext(counts), 10) == 2
        await subscriptions.suspend(ada, own.id, "second")
        await notifications.announce_events()
        assert (await asyncio.wait_for(anext(received), 10)).reason == "second"
        await notifications.mark_read(alice)
        for _ in range(2):
            if await asyncio.wait_for(anext(counts), 10) == 0:
                break
        assert await notifications.unread_count(alice) == 0
    finally:
        await bus.stop()
