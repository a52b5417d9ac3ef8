"""Keys that were edited or deleted in LiteLLM behind our back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.actor import Actor
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotPermitted
from gateway.keys import ApiKeyStatus, CreatedKey, KeyService, NewKey
from gateway.keys import drift as drifting
from gateway.litellm import GenerateKey, KeyChanges, LiteLLM, LiteLLMUnavailable, hash_secret
from gateway.subscriptions import InvalidTransition
from tests.builders import a_model, a_subscription
from tests.domains.keys.looking import execute, make_due, sha256
from tests.proxies import Line

ORPHAN = "sk-orphan-of-ours-1234567890"


@pytest.fixture
async def made(keys: KeyService, alice: Actor, wanted: NewKey) -> CreatedKey:
    expires_at = utc_now() + timedelta(days=3)
    return await keys.create(
        alice, replace(wanted, rpm_limit=10, max_budget=Decimal("0.10"), budget_duration="7d", expires_at=expires_at)
    )


async def shown(keys: KeyService, alice: Actor, made: CreatedKey) -> Any:
    return (await keys.by_ids(alice, [made.row.id]))[made.row.id]


async def test_nothing_has_drifted(keys: KeyService, alice: Actor, made: CreatedKey, line: Line) -> None:
    await keys.block(alice, made.row.id)
    line.sent.clear()
    assert await keys.sweep() == 0
    assert line.sent == ["/key/list"]
    assert (await shown(keys, alice, made)).drift is None


async def test_an_edited_key_is_shown_and_repaired(
    keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey
) -> None:
    token = sha256(made.secret)
    await litellm.update_key(token, KeyChanges(rpm_limit=9999, models=["gpt-5-mini", "gpt-5"]))
    assert await keys.sweep() == 1
    row = await shown(keys, alice, made)
    assert row.drift == {"rpm_limit": 9999, "models": ["gpt-5", "gpt-5-mini"]}
    assert row.told["rpm_limit"] == 10
    row = await keys.repair(alice, made.row.id)
    assert (row.drift, row.in_sync) == (None, True)
    info = await litellm.key_info(token)
    assert info is not None
    assert (info.rpm_limit, info.models) == (10, ["gpt-5-mini"])
    assert await keys.sweep() == 0
    with pytest.raises(InvalidInput):
        await keys.repair(alice, made.row.id)


async def test_an_edited_key_is_adopted_by_an_admin_as_far_as_subscriptions_go(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, ada: Actor, made: CreatedKey
) -> None:
    other = await a_model(db, "gpt-5")
    await a_model(db, "o3")
    await a_subscription(db, alice, other.id)
    token = sha256(made.secret)
    changes = KeyChanges(rpm_limit=77, max_budget=None, blocked=True, models=["gpt-5", "o3"])
    await litellm.update_key(token, changes)
    assert await keys.sweep() == 1
    with pytest.raises(NotPermitted):
        await keys.adopt(alice, made.row.id)
    row = await keys.adopt(ada, made.row.id)
    assert (row.rpm_limit, row.max_budget, row.status, row.in_sync) == (77, None, ApiKeyStatus.BLOCKED, True)
    info = await litellm.key_info(token)
    assert info is not None
    assert info.models == ["gpt-5"]
    assert await keys.sweep() == 0


async def test_a_deleted_key_is_shown_and_comes_back_with_a_new_secret(
    keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey
) -> None:
    other = await keys.create(
        alice, NewKey("other", [row.id for row in (await keys.models_by_key([made.row.id]))[made.row.id]])
    )
    await litellm.delete_key(sha256(made.secret))
    assert await keys.sweep() == 1
    assert (await shown(keys, alice, made)).drift == {"exists": False}
    assert (await shown(keys, alice, other)).drift is None
    with pytest.raises(InvalidInput):
        await keys.repair(alice, made.row.id)
    assert (await shown(keys, alice, made)).status is ApiKeyStatus.ACTIVE, "nothing is wiped"
    rotated = await keys.rotate(alice, made.row.id, timedelta())
    assert (rotated.row.drift, rotated.row.in_sync) == (None, True)
    assert await keys.sweep() == 0


async def test_a_deleted_key_is_adopted_as_revoked(
    keys: KeyService, litellm: LiteLLM, alice: Actor, ada: Actor, made: CreatedKey, wanted: NewKey
) -> None:
    await keys.create(alice, wanted)
    await litellm.delete_key(sha256(made.secret))
    await keys.sweep()
    assert (await keys.adopt(ada, made.row.id)).status is ApiKeyStatus.REVOKED


async def test_a_litellm_without_keys_or_without_answers_is_not_believed(
    keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, line: Line
) -> None:
    await litellm.delete_key(sha256(made.secret))  # the only one
    assert await keys.sweep() == 0
    line.cut = True
    with pytest.raises(LiteLLMUnavailable):
        await keys.sweep()
    row = await shown(keys, alice, made)
    assert (row.drift, row.status, row.in_sync) == (None, ApiKeyStatus.ACTIVE, True)


async def test_orphans_are_deleted_after_a_while_and_only_ours(
    keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = "sk-foreign-key-1234567890"
    for secret, alias in ((ORPHAN, "litemaas-nobody-1"), (foreign, "not-litemaas-at-all")):
        await litellm.generate_key(GenerateKey(key=secret, key_alias=alias, user_id="u", models=[]))
    assert await keys.sweep() == 0
    assert await litellm.key_info(hash_secret(ORPHAN)), "it is too young"
    monkeypatch.setattr(drifting, "GRACE", timedelta())
    await keys.sweep()
    assert await litellm.key_info(hash_secret(ORPHAN)) is None
    assert await litellm.key_info(hash_secret(foreign))
    assert await litellm.key_info(sha256(made.secret))


async def test_many_orphans_are_another_installation(
    keys: KeyService, litellm: LiteLLM, made: CreatedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drifting, "GRACE", timedelta())
    for number in range(11):
        key = GenerateKey(key=f"{ORPHAN}{number}", key_alias=f"litemaas-x-{number}", user_id="u", models=[])
        await litellm.generate_key(key)
    await keys.sweep()
    assert await litellm.key_info(hash_secret(f"{ORPHAN}3"))


async def test_a_revoked_key_that_came_back_is_deleted_again(
    keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, wanted: NewKey
) -> None:
    await keys.create(alice, wanted)
    await keys.revoke(alice, made.row.id)
    late = GenerateKey(key=made.secret, key_alias=f"litemaas-{made.row.id}-1", user_id="u", models=["gpt-5-mini"])
    await litellm.generate_key(late)
    await keys.sweep()
    assert not (await shown(keys, alice, made)).in_sync
    assert await keys.settle() == 1
    assert await litellm.key_info(sha256(made.secret)) is None


async def test_a_request_that_litellm_carries_out_late_is_no_drift(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, line: Line
) -> None:
    line.late = True
    await keys.update(alice, made.row.id, {"rpm_limit": 500})
    line.late = False
    row = await keys.update(alice, made.row.id, {"rpm_limit": 5})
    assert row.in_sync
    await line.deliver(0)
    info = await litellm.key_info(sha256(made.secret))
    assert info is not None
    assert info.rpm_limit == 500
    await keys.sweep()
    assert (await shown(keys, alice, made)).drift is None
    assert await keys.settle() == 1
    info = await litellm.key_info(sha256(made.secret))
    assert info is not None
    assert info.rpm_limit == 5


async def test_long_after_a_lost_answer_what_differs_is_somebody_elses_doing(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, made: CreatedKey, line: Line
) -> None:
    line.late = True
    await keys.update(alice, made.row.id, {"rpm_limit": 5})
    line.late = False
    await make_due(db)
    assert await keys.settle() == 1
    await execute(db, "UPDATE api_key_generation SET lost_at = lost_at - interval '11 min'")
    assert await keys.sweep() == 0
    await litellm.update_key(sha256(made.secret), KeyChanges(rpm_limit=9999))
    assert await keys.sweep() == 1
    assert (await shown(keys, alice, made)).drift == {"rpm_limit": 9999}


async def test_a_deleted_key_that_is_changed_is_shown_as_deleted_at_once(
    keys: KeyService, litellm: LiteLLM, alice: Actor, ada: Actor, made: CreatedKey, wanted: NewKey
) -> None:
    await keys.create(alice, wanted)
    await litellm.delete_key(sha256(made.secret))
    row = await keys.update(alice, made.row.id, {"rpm_limit": 5})
    assert (row.drift, row.in_sync) == ({"exists": False}, False)
    assert await keys.sweep() == 1
    assert (await shown(keys, alice, made)).drift == {"exists": False}
    with pytest.raises(InvalidInput, match="was deleted"):
        await keys.repair(alice, made.row.id)
    assert (await keys.adopt(ada, made.row.id)).status is ApiKeyStatus.REVOKED


async def test_a_key_on_hold_in_the_middle_of_a_rotation_is_not_adopted(
    keys: KeyService, litellm: LiteLLM, alice: Actor, ada: Actor, made: CreatedKey
) -> None:
    await keys.rotate(alice, made.row.id, timedelta(hours=1))
    await keys.block(alice, made.row.id)
    await litellm.unblock_key(sha256(made.secret))
    assert await keys.sweep() == 1
    with pytest.raises(InvalidTransition):
        await keys.adopt(ada, made.row.id)
    assert (await shown(keys, alice, made)).status is ApiKeyStatus.BLOCKED
    row = await keys.repair(alice, made.row.id)
    assert (row.status, row.drift, row.in_sync) == (ApiKeyStatus.BLOCKED, None, True)
    info = await litellm.key_info(sha256(made.secret))
    assert info is not None
    assert info.blocked
