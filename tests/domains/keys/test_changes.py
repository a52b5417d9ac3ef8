"""Changing keys, and models that leave them and return: LiteLLM is brought to what our rows say."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from gateway.actor import Actor, Role
from gateway.catalog import Model
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted, UpstreamUnavailable
from gateway.keys import AlreadyDone, ApiKeyStatus, CreatedKey, KeyService, NewKey, NotSubscribed
from gateway.litellm import KeyInfo, LiteLLM
from gateway.subscriptions import InvalidTransition
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import everything_stored, execute, make_due, sha256, statuses
from tests.proxies import Line


@pytest.fixture
async def made(keys: KeyService, alice: Actor, wanted: NewKey) -> CreatedKey:
    limits: dict[str, Any] = {"max_budget": Decimal("12.50"), "budget_duration": "30d", "rpm_limit": 10}
    return await keys.create(alice, replace(wanted, tpm_limit=1000, max_parallel_requests=3, **limits))


async def there(litellm: LiteLLM, made: CreatedKey) -> KeyInfo:
    info = await litellm.key_info(sha256(made.secret))
    assert info is not None
    return info


async def test_only_what_is_given_changes_and_none_clears(
    keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, line: Line
) -> None:
    line.sent.clear()
    row = await keys.update(alice, made.row.id, {"rpm_limit": 20, "tpm_limit": None})
    assert (row.rpm_limit, row.tpm_limit, row.max_budget, row.name) == (20, None, Decimal("12.50"), "laptop")
    assert row.in_sync
    assert line.sent == ["/key/update"]
    info = await there(litellm, made)
    assert (info.rpm_limit, info.tpm_limit, info.max_budget, info.budget_duration, info.max_parallel_requests) == (
        20,
        None,
        Decimal("12.5"),
        "30d",
        3,
    )
    assert info.models == ["gpt-5-mini"]
    assert info.metadata["litemaas_api_key_id"] == str(made.row.id)

    expires_at = utc_now() + timedelta(days=2)
    await keys.update(alice, made.row.id, {"expires_at": expires_at, "max_parallel_requests": None, "max_budget": None})
    info = await there(litellm, made)
    assert info.expires is not None
    assert abs(info.expires - expires_at) < timedelta(seconds=5)
    assert (info.max_parallel_requests, info.max_budget) == (None, None)
    row = await keys.update(alice, made.row.id, {"expires_at": None})
    assert ((await there(litellm, made)).expires, row.in_sync) == (None, True)


async def test_a_name_is_nothing_to_litellm(
    keys: KeyService, alice: Actor, made: CreatedKey, line: Line, db: Database
) -> None:
    line.sent.clear()
    assert (await keys.update(alice, made.row.id, {"name": " desktop "})).name == "desktop"
    assert line.sent == []
    assert "key.updated" in await everything_stored(db)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "input"),
        ({"name": ""}, "name"),
        ({"model_ids": []}, "modelIds"),
        ({"rpm_limit": 0}, "rpmLimit"),
        ({"max_parallel_requests": -1}, "maxParallelRequests"),
        ({"max_budget": Decimal("-1")}, "maxBudget"),
        ({"budget_duration": "soon"}, "budgetDuration"),
        ({"expires_at": utc_now() - timedelta(days=1)}, "expiresAt"),
        ({"rpm_limit": 5, "tpm_limit": 0}, "tpmLimit"),
    ],
)
async def test_a_bad_change_is_refused_whole(
    keys: KeyService, alice: Actor, made: CreatedKey, line: Line, changes: dict[str, Any], field: str
) -> None:
    line.sent.clear()
    with pytest.raises(InvalidInput) as refused:
        await keys.update(alice, made.row.id, changes)
    assert refused.value.field == field
    assert (await keys.by_ids(alice, [made.row.id]))[made.row.id] == made.row
    assert line.sent == []


async def test_models_are_replaced_and_new_ones_need_a_subscription(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, model: Model
) -> None:
    other, foreign = await a_model(db, "gpt-5"), await a_model(db, "o3")
    await a_subscription(db, alice, other.id)
    await keys.update(alice, made.row.id, {"model_ids": [model.id, other.id]})
    assert sorted((await there(litellm, made)).models) == ["gpt-5", "gpt-5-mini"]
    with pytest.raises(NotSubscribed):
        await keys.update(alice, made.row.id, {"model_ids": [other.id, foreign.id]})
    with pytest.raises(NotFound):
        await keys.update(alice, made.row.id, {"model_ids": [uuid4()]})
    assert sorted((await there(litellm, made)).models) == ["gpt-5", "gpt-5-mini"]
    await keys.update(alice, made.row.id, {"model_ids": [other.id]})
    assert (await there(litellm, made)).models == ["gpt-5"]


async def test_an_admin_gives_models_by_the_owners_subscriptions(
    db: Database, keys: KeyService, alice: Actor, made: CreatedKey
) -> None:
    ada = await a_person(db, "ada", Role.ADMIN)
    hers = await a_model(db, "o3")
    await a_subscription(db, ada, hers.id)
    with pytest.raises(NotSubscribed):
        await keys.update(ada, made.row.id, {"model_ids": [hers.id]})
    assert (await keys.update(ada, made.row.id, {"rpm_limit": 1})).rpm_limit == 1


async def test_blocked_and_back(
    keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, db: Database
) -> None:
    row = await keys.block(alice, made.row.id)
    assert (row.status, row.in_sync, (await there(litellm, made)).blocked) == (ApiKeyStatus.BLOCKED, True, True)
    with pytest.raises(InvalidTransition):
        await keys.block(alice, made.row.id)
    await keys.update(alice, made.row.id, {"rpm_limit": 1})
    assert (await there(litellm, made)).blocked
    row = await keys.unblock(alice, made.row.id)
    assert (row.status, row.in_sync, (await there(litellm, made)).blocked) == (ApiKeyStatus.ACTIVE, True, False)
    with pytest.raises(InvalidTransition):
        await keys.unblock(alice, made.row.id)
    await keys.block(alice, made.row.id)
    assert (await keys.revoke(alice, made.row.id)).in_sync
    for verb in (keys.block, keys.unblock):
        with pytest.raises(InvalidTransition):
            await verb(alice, made.row.id)
    with pytest.raises(InvalidTransition):
        await keys.update(alice, made.row.id, {"rpm_limit": 2})
    assert await statuses(db) == ["REVOKED"]


async def test_others_change_nothing(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey
) -> None:
    bob, audrey = await a_person(db, "bob"), await a_person(db, "audrey", Role.AUDITOR)
    for actor, error in ((bob, NotFound), (audrey, NotPermitted)):
        for attempt in (
            keys.update(actor, made.row.id, {"rpm_limit": 1}),
            keys.block(actor, made.row.id),
            keys.unblock(actor, made.row.id),
        ):
            with pytest.raises(error):
                await attempt
    assert (await keys.by_ids(alice, [made.row.id]))[made.row.id] == made.row
    assert not (await there(litellm, made)).blocked


async def test_while_litellm_is_down_changes_are_kept_and_only_the_last_state_counts(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, line: Line
) -> None:
    line.cut = True
    assert not (await keys.update(alice, made.row.id, {"rpm_limit": 20})).in_sync
    assert not (await keys.block(alice, made.row.id)).in_sync
    assert not (await keys.update(alice, made.row.id, {"rpm_limit": 30})).in_sync
    line.cut = False
    line.sent.clear()
    await make_due(db)
    assert await keys.settle() == 1
    assert line.sent == ["/key/update"]
    info = await there(litellm, made)
    assert (info.rpm_limit, info.blocked) == (30, True)
    assert await keys.settle() == 0
    line.cut = True
    await keys.update(alice, made.row.id, {"rpm_limit": 31})
    # Surely nothing has arrived, so going back is all there is to do.
    assert (await keys.update(alice, made.row.id, {"rpm_limit": 30})).in_sync


async def test_a_lost_answer_is_not_taken_for_either_state(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, line: Line
) -> None:
    line.deaf = True
    assert not (await keys.update(alice, made.row.id, {"rpm_limit": 20})).in_sync
    assert not (await keys.update(alice, made.row.id, {"rpm_limit": 10})).in_sync, "20 may well be there"
    line.deaf = False
    await make_due(db)
    await keys.settle()
    assert (await there(litellm, made)).rpm_limit == 10
    assert (await keys.by_ids(alice, [made.row.id]))[made.row.id].in_sync


GONE = {
    "suspended": "UPDATE model_subscription SET status = 'SUSPENDED'",
    "expired by the clock": "UPDATE model_subscription SET expires_at = now() - interval '1 s'",
    "used up": "UPDATE model_subscription SET exhausted_until = now() + interval '1 h'",
    "retired": "UPDATE model SET lifecycle = 'RETIRED'",
}
BACK = {
    "suspended": "UPDATE model_subscription SET status = 'ACTIVE'",
    "expired by the clock": "UPDATE model_subscription SET expires_at = NULL",
    "used up": "UPDATE model_subscription SET exhausted_until = now() - interval '1 s'",
    "retired": "UPDATE model SET lifecycle = 'AVAILABLE'",
}


@pytest.mark.parametrize("why", GONE)
async def test_a_model_leaves_the_keys_and_returns(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, line: Line, why: str
) -> None:
    await execute(db, GONE[why])
    assert not (await keys.by_ids(alice, [made.row.id]))[made.row.id].in_sync
    assert await keys.settle() == 1
    assert (await there(litellm, made)).models == ["no-default-models"]
    row = (await keys.by_ids(alice, [made.row.id]))[made.row.id]
    assert (row.status, row.in_sync) == (ApiKeyStatus.ACTIVE, True)
    await execute(db, BACK[why])
    assert await keys.settle() == 1
    assert (await there(litellm, made)).models == ["gpt-5-mini"]
    line.sent.clear()
    assert await keys.settle() == 0
    assert line.sent == [], "a sweep over what is settled asks LiteLLM nothing"


async def test_a_cancelled_subscription_takes_its_model_from_one_persons_keys_only(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, model: Model, wanted: NewKey
) -> None:
    other = await a_model(db, "gpt-5")
    await a_subscription(db, alice, other.id)
    await keys.update(alice, made.row.id, {"model_ids": [model.id, other.id]})
    bob = await a_person(db, "bob")
    await a_subscription(db, bob, model.id)
    of_bob = await keys.create(bob, wanted)
    await execute(
        db,
        f"UPDATE model_subscription SET status = 'CANCELLED' WHERE model_id = '{model.id}' AND user_id = '{alice.user_id}'",
    )
    assert await keys.settle() == 1
    assert (await there(litellm, made)).models == ["gpt-5"]
    assert (await there(litellm, of_bob)).models == ["gpt-5-mini"]
    assert [row.name for row in (await keys.models_by_key([made.row.id]))[made.row.id]] == ["gpt-5", "gpt-5-mini"]
    # Its owner may keep it on the key, for when the subscription returns.
    assert (await keys.update(alice, made.row.id, {"model_ids": [model.id]})).in_sync
    assert (await there(litellm, made)).models == ["no-default-models"]


async def test_the_same_request_makes_one_key(db: Database, keys: KeyService, alice: Actor, wanted: NewKey) -> None:
    made = await keys.create(alice, wanted, "request-1")
    with pytest.raises(AlreadyDone) as done:
        await keys.create(alice, replace(wanted, name="another"), "request-1")
    assert done.value.key.id == made.row.id
    assert made.secret not in str(done.value)
    await keys.create(alice, wanted, "request-2")
    bob = await a_person(db, "bob")
    await a_subscription(db, bob, wanted.model_ids[0])
    await keys.create(bob, wanted, "request-1")
    assert await statuses(db) == ["ACTIVE"] * 3
    for bad in ("", "x" * 101, "a\nb"):
        with pytest.raises(InvalidInput):
            await keys.create(alice, wanted, bad)


async def test_the_same_request_twice_at_once_makes_one_key(
    db: Database, keys: KeyService, alice: Actor, wanted: NewKey
) -> None:
    answers = await asyncio.gather(*(keys.create(alice, wanted, "twice") for _ in range(4)), return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert (kinds.count(CreatedKey), kinds.count(AlreadyDone)) == (1, 3)
    assert await statuses(db) == ["ACTIVE"]


async def test_a_request_that_failed_may_be_sent_again(
    db: Database, keys: KeyService, alice: Actor, wanted: NewKey, line: Line
) -> None:
    line.cut = True
    with pytest.raises(UpstreamUnavailable):
        await keys.create(alice, wanted, "again")
    line.cut = False
    assert (await keys.create(alice, wanted, "again")).row.status is ApiKeyStatus.ACTIVE
    assert await statuses(db) == ["FAILED", "ACTIVE"]


async def test_many_keys_are_settled_in_one_run_and_each_is_written_down(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, wanted: NewKey, line: Line
) -> None:
    """More than are asked and written down at once."""
    made = [await keys.create(alice, wanted) for _ in range(60)]
    await execute(db, "UPDATE api_key SET rpm_limit = 77")
    line.sent.clear()
    assert await keys.settle() == 60
    assert line.sent == ["/key/update"] * 60
    assert all(row.in_sync for row in (await keys.page(alice, 100)).rows)
    assert {(await there(litellm, key)).rpm_limit for key in made} == {77}
    assert await keys.settle() == 0
