"""A subscription's requests and tokens a minute are true in LiteLLM for that model, on each of its owner's keys."""

from typing import Any

import pytest

from gateway.actor import Actor, Role
from gateway.catalog import Model
from gateway.db import Database
from gateway.keys import KeyService, NewKey
from gateway.litellm import KeyChanges, LiteLLM
from gateway.subscriptions import ModelSubscription, SubscriptionService
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import execute, sha256
from tests.proxies import Line


@pytest.fixture
async def slow(db: Database, alice: Actor) -> tuple[Model, ModelSubscription]:
    model = await a_model(db, "gpt-5")
    return model, await a_subscription(db, alice, model.id, rpm_limit=3, tpm_limit=9000)


async def limits(litellm: LiteLLM, secret: str) -> tuple[Any, Any]:
    info = await litellm.key_info(sha256(secret))
    assert info is not None
    return info.metadata.get("model_rpm_limit") or {}, info.metadata.get("model_tpm_limit") or {}


async def test_from_the_first_moment_and_for_that_model_alone(
    keys: KeyService, litellm: LiteLLM, alice: Actor, model: Model, slow: tuple[Model, ModelSubscription]
) -> None:
    wanted = NewKey(name="laptop", model_ids=[model.id, slow[0].id])
    made = [await keys.create(alice, wanted) for _ in range(2)]
    for each in made:
        assert await limits(litellm, each.secret) == ({"gpt-5": 3}, {"gpt-5": 9000})
        assert each.row.in_sync


async def test_it_follows_the_subscription(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, line: Line, slow: tuple[Model, ModelSubscription]
) -> None:
    ada = await a_person(db, "ada", Role.ADMIN)
    subscriptions, (model, subscription) = SubscriptionService(db), slow
    made = await keys.create(alice, NewKey(name="laptop", model_ids=[model.id]))

    await subscriptions.change(ada, subscription.id, {"rpm_limit": 7})
    assert not (await keys.by_ids(alice, [made.row.id]))[made.row.id].in_sync
    assert await keys.settle() == 1
    assert await limits(litellm, made.secret) == ({"gpt-5": 7}, {"gpt-5": 9000})

    await subscriptions.change(ada, subscription.id, {"rpm_limit": None, "tpm_limit": None})
    assert await keys.settle() == 1
    assert await limits(litellm, made.secret) == ({}, {})

    await subscriptions.suspend(ada, subscription.id, "a pause")
    await subscriptions.resume(ada, subscription.id)
    assert await keys.settle() == 0  # nothing differs
    assert await keys.sweep() == 0


async def test_somebody_who_lifts_it_in_litellm_is_drift(
    keys: KeyService, litellm: LiteLLM, db: Database, alice: Actor, slow: tuple[Model, ModelSubscription]
) -> None:
    ada = await a_person(db, "ada", Role.ADMIN)
    made = await keys.create(alice, NewKey(name="laptop", model_ids=[slow[0].id]))
    for undo in (keys.repair, keys.adopt):  # adopting takes over what keys limit, not what subscriptions do
        await litellm.update_key(sha256(made.secret), KeyChanges(model_rpm_limit={}))
        assert await keys.sweep() == 1
        row = (await keys.by_ids(alice, [made.row.id]))[made.row.id]
        assert row.drift == {"model_rpm_limit": {}}
        assert (await undo(ada, made.row.id)).in_sync
        assert await limits(litellm, made.secret) == ({"gpt-5": 3}, {"gpt-5": 9000})
        assert await keys.sweep() == 0


async def test_keys_of_an_earlier_release_are_told_and_not_mistaken_for_changed_ones(
    keys: KeyService, litellm: LiteLLM, db: Database, alice: Actor, slow: tuple[Model, ModelSubscription]
) -> None:
    made = await keys.create(alice, NewKey(name="laptop", model_ids=[slow[0].id]))
    await litellm.update_key(sha256(made.secret), KeyChanges(model_rpm_limit={}, model_tpm_limit={}))
    await execute(db, "UPDATE api_key_generation SET told = told - 'model_rpm_limit' - 'model_tpm_limit'")
    assert await keys.sweep() == 0
    assert await keys.settle() == 1
    assert await limits(litellm, made.secret) == ({"gpt-5": 3}, {"gpt-5": 9000})
