"""Journeys: a call with a key of the gateway's succeeds, then fails with LiteLLM's own words after each thing that ends the right to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from gateway.actor import Actor, Role
from gateway.catalog import Model, ModelAccess
from gateway.db import Database, utc_now
from gateway.keys import ApiKeyStatus, NotSubscribed
from gateway.litellm import KeyChanges, LiteLLM, hash_secret
from gateway.subscriptions import ExistingSubscriptions, SubscriptionStatus, windows
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import execute
from tests.litellm.conftest import Proxy
from tests.litellm.journeys import NO_MODEL, ON_HOLD, OVER, UNKNOWN, WORKS, Gateway, Holder, a_key, wait_until

WINDOW = "20s"


@pytest.fixture
async def gateway(db: Database, client: LiteLLM, http: httpx.AsyncClient) -> Gateway:
    return Gateway(db, client, http)


@pytest.fixture
async def own(db: Database, proxy: Proxy) -> Model:
    return await a_model(db, proxy.chat)


@pytest.fixture
async def other(db: Database, proxy: Proxy) -> Model:
    return await a_model(db, proxy.other_chat, access=ModelAccess.RESTRICTED)


@pytest.fixture
async def ada(db: Database) -> Actor:
    return await a_person(db, role=Role.ADMIN)


@pytest.fixture
async def alice(gateway: Gateway, own: Model, other: Model) -> AsyncIterator[Holder]:
    actor = await a_person(gateway.db)
    subscription = await a_subscription(gateway.db, actor, own.id)
    await a_subscription(gateway.db, actor, other.id)
    key_id, secret = await a_key(gateway, actor, [own, other])
    holder = Holder(gateway, actor, own, other, subscription, key_id, secret)
    assert await holder.calls() == WORKS
    yield holder
    await gateway.keys.settle()


async def test_block(gateway: Gateway, alice: Holder) -> None:
    await gateway.keys.block(alice.actor, alice.key_id)
    assert await alice.calls() == ON_HOLD
    await gateway.keys.unblock(alice.actor, alice.key_id)
    assert await alice.calls() == WORKS


async def test_revoke(gateway: Gateway, alice: Holder) -> None:
    await gateway.keys.revoke(alice.actor, alice.key_id)
    assert await alice.calls() == UNKNOWN


async def test_denial(gateway: Gateway, own: Model, other: Model, ada: Actor) -> None:
    bob = await a_person(gateway.db)
    await a_subscription(gateway.db, bob, own.id)
    asked = await gateway.subscriptions.request(bob, other.id, "please")
    key_id, secret = await a_key(gateway, bob, [own])
    for decided in (False, True):
        if decided:
            denied = await gateway.subscriptions.deny(ada, asked.id, "no")
            assert denied.status is SubscriptionStatus.DENIED
        with pytest.raises(NotSubscribed):
            await gateway.keys.update(bob, key_id, {"model_ids": [own.id, other.id]})
        assert await gateway.call(secret, other) == NO_MODEL
        assert await gateway.call(secret, own) == WORKS


async def test_approval(gateway: Gateway, own: Model, other: Model, ada: Actor) -> None:
    bob = await a_person(gateway.db)
    await a_subscription(gateway.db, bob, own.id)
    asked = await gateway.subscriptions.request(bob, other.id, "please")
    key_id, secret = await a_key(gateway, bob, [own])
    await gateway.subscriptions.approve(ada, asked.id)
    await gateway.keys.update(bob, key_id, {"model_ids": [own.id, other.id]})
    assert await gateway.call(secret, other) == WORKS


async def test_suspension(gateway: Gateway, alice: Holder, ada: Actor) -> None:
    await gateway.subscriptions.suspend(ada, alice.subscription.id, "for a while")
    assert await gateway.keys.settle() == 1
    assert await alice.calls() == NO_MODEL
    assert await alice.calls(alice.other) == WORKS
    await gateway.subscriptions.resume(ada, alice.subscription.id)
    assert await gateway.keys.settle() == 1
    assert await alice.calls() == WORKS


@pytest.mark.parametrize("ended_by", ["its owner", "its end"])
async def test_the_end_of_a_subscription(gateway: Gateway, alice: Holder, ended_by: str) -> None:
    if ended_by == "its owner":
        await gateway.subscriptions.cancel(alice.actor, alice.subscription.id)
    else:
        await execute(
            gateway.db, f"UPDATE model_subscription SET expires_at = now() WHERE id = '{alice.subscription.id}'"
        )
        assert await gateway.subscriptions.expire() == 1
    assert await gateway.keys.settle() == 1
    assert await alice.calls() == NO_MODEL
    assert await alice.calls(alice.other) == WORKS


async def test_no_subscription_left(gateway: Gateway, alice: Holder) -> None:
    """A key without models has none, and not all of them."""
    for row in (await gateway.subscriptions.page(alice.actor, 10)).rows:
        await gateway.subscriptions.cancel(alice.actor, row.id)
    assert await gateway.keys.settle() == 1
    assert [await alice.calls(model) for model in (alice.own, alice.other)] == [NO_MODEL, NO_MODEL]


async def test_expiry(gateway: Gateway, alice: Holder) -> None:
    """LiteLLM sees to it when nobody of ours is there, and then the key is taken away."""
    end = utc_now() + timedelta(seconds=4)
    key_id, secret = await a_key(gateway, alice.actor, [alice.own], expires_at=end)
    assert await gateway.call(secret, alice.own) == WORKS
    await wait_until(end + timedelta(seconds=1.5))
    assert await gateway.call(secret, alice.own) == OVER
    await gateway.keys.settle()
    assert (await gateway.keys.by_ids(alice.actor, [key_id]))[key_id].status is ApiKeyStatus.EXPIRED
    assert await gateway.call(secret, alice.own) == UNKNOWN


async def test_a_keys_budget(gateway: Gateway, alice: Holder) -> None:
    """The call that reaches it goes through. Statuses of the refusal vary from version to version, its type does not."""
    limits = {"max_budget": Decimal("0.00000001"), "budget_duration": "30d"}
    key_id, secret = await a_key(gateway, alice.actor, [alice.own], **limits)
    assert await gateway.call(secret, alice.own) == WORKS
    await asyncio.sleep(0.3)
    status, kind = await gateway.call(secret, alice.own)
    assert (status in (400, 422, 429), kind) == (True, "budget_exceeded")
    await gateway.keys.update(alice.actor, key_id, {"max_budget": Decimal(1)})
    assert await gateway.call(secret, alice.own) == WORKS


async def test_quotas_of_requests_tokens_and_budget(gateway: Gateway, proxy: Proxy, own: Model, other: Model) -> None:
    """Counted from what LiteLLM reports; the model is back with the next window."""
    if proxy.receiver is None:
        pytest.skip("where a real proxy calls back is fixed at its start: set LITELLM_CALLBACK_PORT to that port")
    holders = []
    for limit in ({"max_requests": 2}, {"max_tokens": 40}, {"max_budget": Decimal("0.00000001")}):
        actor = await a_person(gateway.db)
        subscription = await a_subscription(gateway.db, actor, own.id, budget_duration=WINDOW, **limit)
        await a_subscription(gateway.db, actor, other.id)
        holders.append(Holder(gateway, actor, own, other, subscription, *await a_key(gateway, actor, [own, other])))
    if (reset := windows.window(WINDOW, utc_now())[1]) - utc_now() < timedelta(seconds=14):
        await wait_until(reset)
    reset = windows.window(WINDOW, utc_now())[1]
    for holder in holders:
        assert [await holder.calls(), await holder.calls()] == [WORKS, WORKS]
    for holder in holders:
        await gateway.book(proxy.receiver, holder.secret, 2)
    assert await gateway.usage.settle_quotas() == 3
    assert await gateway.keys.settle() == 3
    for holder in holders:
        assert await holder.calls() == NO_MODEL
        assert await holder.calls(other) == WORKS
        row = (await gateway.subscriptions.by_ids(holder.actor, [holder.subscription.id]))[holder.subscription.id]
        assert (row.status, row.exhausted_until) == (SubscriptionStatus.ACTIVE, reset)
    await wait_until(reset + timedelta(seconds=0.1))
    assert await gateway.keys.settle() == 3
    assert [await holder.calls() for holder in holders] == [WORKS, WORKS, WORKS]


@pytest.mark.parametrize("ended_by", ["its owner", "its end"])
async def test_rotation(gateway: Gateway, alice: Holder, ended_by: str) -> None:
    rotated = await gateway.keys.rotate(alice.actor, alice.key_id, timedelta(hours=1))
    assert rotated.row.id == alice.key_id
    assert [await alice.calls(), await gateway.call(rotated.secret, alice.own)] == [WORKS, WORKS]
    if ended_by == "its owner":
        await gateway.keys.finish_rotation(alice.actor, alice.key_id)
    else:
        await execute(gateway.db, "UPDATE api_key_generation SET ends_at = now() WHERE ends_at IS NOT NULL")
        assert await gateway.keys.settle() == 1
    assert [await alice.calls(), await gateway.call(rotated.secret, alice.own)] == [UNKNOWN, WORKS]


async def test_an_overlap_ends_also_when_nobody_of_ours_is_there(gateway: Gateway, alice: Holder) -> None:
    rotated = await gateway.keys.rotate(alice.actor, alice.key_id, timedelta(seconds=3))
    assert await alice.calls() == WORKS
    await asyncio.sleep(4.5)
    assert [await alice.calls(), await gateway.call(rotated.secret, alice.own)] == [OVER, WORKS]


async def test_rotation_without_overlap_and_undone_rotation(gateway: Gateway, alice: Holder) -> None:
    second = (await gateway.keys.rotate(alice.actor, alice.key_id, timedelta())).secret
    assert [await alice.calls(), await gateway.call(second, alice.own)] == [UNKNOWN, WORKS]
    third = (await gateway.keys.rotate(alice.actor, alice.key_id, timedelta(hours=1))).secret
    await gateway.keys.undo_rotation(alice.actor, alice.key_id)
    assert [await gateway.call(secret, alice.own) for secret in (second, third)] == [WORKS, UNKNOWN]


async def test_leak(gateway: Gateway, alice: Holder) -> None:
    reported = await gateway.keys.report_leak(alice.actor, alice.key_id, utc_now() - timedelta(hours=1))
    assert reported.secret is not None
    assert [await alice.calls(), await gateway.call(reported.secret, alice.own)] == [UNKNOWN, WORKS]


async def test_a_model_that_litellm_no_longer_lists(gateway: Gateway, alice: Holder) -> None:
    """What is on a key without being there would begin to work by itself should LiteLLM get it back."""
    gone = await a_model(gateway.db, "gone-from-litellm")
    await a_subscription(gateway.db, alice.actor, gone.id)
    await gateway.keys.update(alice.actor, alice.key_id, {"model_ids": [alice.own.id, gone.id]})
    assert (await gateway.call(alice.secret, gone))[0] in (400, 404)
    await gateway.catalog.sync()
    assert await gateway.keys.settle() == 1
    assert await gateway.call(alice.secret, gone) == NO_MODEL
    assert await alice.calls() == WORKS


async def test_a_model_that_is_restricted(gateway: Gateway, alice: Holder, ada: Actor) -> None:
    values = {"access": ModelAccess.RESTRICTED}
    existing = ExistingSubscriptions.SUSPEND
    await gateway.subscriptions.change_model(ada, alice.own.id, values, existing=existing, reason="so it is")
    assert await gateway.keys.settle() == 1
    assert await alice.calls() == NO_MODEL


async def test_what_was_edited_in_litellm_is_found_and_repaired(
    gateway: Gateway, alice: Holder, client: LiteLLM
) -> None:
    await gateway.keys.block(alice.actor, alice.key_id)
    await client.update_key(hash_secret(alice.secret), KeyChanges(blocked=False))
    assert await alice.calls() == WORKS
    assert await gateway.keys.sweep() == 1
    row = (await gateway.keys.by_ids(alice.actor, [alice.key_id]))[alice.key_id]
    assert row.drift == {"blocked": False}
    await gateway.keys.repair(alice.actor, alice.key_id)
    assert await alice.calls() == ON_HOLD
    assert await gateway.keys.sweep() == 0
