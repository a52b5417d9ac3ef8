"""New secrets for keys that live on: the old one works until the new one is confirmed, and as long as was asked."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gateway.actor import Actor, Role
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.keys import AlreadyDone, ApiKeyStatus, CreatedKey, KeyService, NewKey, RotationFailed
from gateway.litellm import LiteLLM
from gateway.subscriptions import InvalidTransition
from tests.builders import a_person
from tests.domains.keys.looking import everything_stored, execute, make_due, sha256
from tests.proxies import Line

HOUR = timedelta(hours=1)
NONE = timedelta()


@pytest.fixture
async def made(keys: KeyService, alice: Actor, wanted: NewKey) -> CreatedKey:
    return await keys.create(alice, replace(wanted, max_budget=Decimal(5), budget_duration="30d", rpm_limit=10))


async def works(line: Line, secret: str) -> bool:
    """Whether LiteLLM lets a call with this secret through."""
    async with httpx.AsyncClient(transport=line, base_url="http://litellm") as client:
        answer = await client.post(
            "/v1/chat/completions",
            headers={"Authorization": f"Bearer {secret}"},
            json={"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hello"}]},
        )
    return answer.status_code == 200


async def living(keys: KeyService, made: CreatedKey) -> list[int]:
    rows = (await keys.generations_by_key([made.row.id]))[made.row.id]
    return [row.number for row in rows if row.ended_at is None]


async def test_both_work_during_the_overlap_and_then_the_new_one_alone(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, made: CreatedKey
) -> None:
    rotated = await keys.rotate(alice, made.row.id, HOUR)
    assert rotated.secret != made.secret
    assert (rotated.row.id, rotated.row.status, rotated.row.in_sync) == (made.row.id, ApiKeyStatus.ROTATING, True)
    assert (rotated.row.prefix, rotated.row.last_four) == (rotated.secret[:10], rotated.secret[-4:])
    assert await works(line, made.secret)
    assert await works(line, rotated.secret)
    new = await litellm.key_info(sha256(rotated.secret))
    assert new is not None
    assert (new.models, new.max_budget, new.budget_duration, new.rpm_limit) == (["gpt-5-mini"], 5, "30d", 10)
    assert new.expires is None
    old = await litellm.key_info(sha256(made.secret))
    assert old is not None
    assert old.expires is not None, "LiteLLM ends the old one even if we do not"
    assert abs(old.expires - utc_now() - HOUR) < timedelta(seconds=10)

    await execute(db, "UPDATE api_key_generation SET ends_at = now() - interval '1 s' WHERE ends_at IS NOT NULL")
    assert await keys.settle() == 1
    assert not await works(line, made.secret)
    assert await works(line, rotated.secret)
    row = (await keys.by_ids(alice, [made.row.id]))[made.row.id]
    assert (row.status, row.in_sync) == (ApiKeyStatus.ACTIVE, True)
    assert (await keys.rotate(alice, made.row.id, NONE)).row.status is ApiKeyStatus.ACTIVE


async def test_no_overlap_ends_the_old_one_at_once(
    keys: KeyService, line: Line, alice: Actor, made: CreatedKey
) -> None:
    rotated = await keys.rotate(alice, made.row.id, NONE)
    assert (rotated.row.status, rotated.row.in_sync) == (ApiKeyStatus.ACTIVE, True)
    assert not await works(line, made.secret)
    assert await works(line, rotated.secret)


async def test_the_overlap_never_outlives_the_key(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, replace(wanted, expires_at=utc_now() + HOUR))
    rotated = await keys.rotate(alice, made.row.id, timedelta(days=7))
    for secret in (made.secret, rotated.secret):
        info = await litellm.key_info(sha256(secret))
        assert info is not None
        assert info.expires is not None
        assert abs(info.expires - utc_now() - HOUR) < timedelta(seconds=10)


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
async def test_an_overlap_that_is_none(
    keys: KeyService, line: Line, alice: Actor, made: CreatedKey, overlap: timedelta
) -> None:
    line.sent.clear()
    with pytest.raises(InvalidInput) as refused:
        await keys.rotate(alice, made.row.id, overlap)
    assert refused.value.field == "overlap"
    assert (await living(keys, made), line.sent) == ([1], [])


async def test_finished_early(keys: KeyService, line: Line, alice: Actor, made: CreatedKey) -> None:
    rotated = await keys.rotate(alice, made.row.id, HOUR)
    row = await keys.finish_rotation(alice, made.row.id)
    assert (row.status, row.in_sync) == (ApiKeyStatus.ACTIVE, True)
    assert (await works(line, made.secret), await works(line, rotated.secret)) == (False, True)
    for verb in (keys.finish_rotation, keys.undo_rotation):
        with pytest.raises(InvalidTransition):
            await verb(alice, made.row.id)


async def test_undone(keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, made: CreatedKey) -> None:
    rotated = await keys.rotate(alice, made.row.id, HOUR)
    row = await keys.undo_rotation(alice, made.row.id)
    assert (row.status, row.in_sync, row.last_four) == (ApiKeyStatus.ACTIVE, True, made.secret[-4:])
    assert (await works(line, made.secret), await works(line, rotated.secret)) == (True, False)
    old = await litellm.key_info(sha256(made.secret))
    assert old is not None
    assert old.expires is None


async def test_the_new_one_begins_with_what_the_old_one_spent(
    keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, made: CreatedKey
) -> None:
    for _ in range(3):
        assert await works(line, made.secret)
    await asyncio.sleep(0.5)  # LiteLLM books spend in batches
    old = await litellm.key_info(sha256(made.secret))
    assert old is not None
    assert old.spend > 0
    rotated = await keys.rotate(alice, made.row.id, HOUR)
    new = await litellm.key_info(sha256(rotated.secret))
    assert new is not None
    assert new.spend == old.spend


@pytest.mark.parametrize("how", ["cut", "deaf"])
async def test_a_failure_leaves_the_old_one_working_and_says_so(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, made: CreatedKey, how: str
) -> None:
    setattr(line, how, True)
    with pytest.raises(RotationFailed) as failed:
        await keys.rotate(alice, made.row.id, HOUR, "again")
    assert "as before" in failed.value.message
    setattr(line, how, False)
    assert await works(line, made.secret)
    await make_due(db)
    await keys.settle()
    async with db.read() as session:
        new = (await session.scalars(text("SELECT token_hash FROM api_key_generation WHERE number = 2"))).one()
    assert await litellm.key_info(new) is None
    row = (await keys.by_ids(alice, [made.row.id]))[made.row.id]
    assert (row.status, row.in_sync, row.last_four) == (ApiKeyStatus.ACTIVE, True, made.secret[-4:])
    rotated = await keys.rotate(alice, made.row.id, HOUR, "again")
    assert await works(line, rotated.secret)


async def test_a_rotation_that_died_is_written_off(
    db: Database, keys: KeyService, line: Line, alice: Actor, made: CreatedKey
) -> None:
    """The process is gone after LiteLLM has made the new key."""

    class Dies(LiteLLM):
        async def generate_key(self, request: Any) -> Any:
            await super().generate_key(request)
            raise SystemExit

    dying = KeyService(db, Dies("http://litellm", "sk-test-master-key", transport=line))
    with pytest.raises(SystemExit):
        await dying.rotate(alice, made.row.id, HOUR)
    assert await keys.settle() == 0
    with pytest.raises(InvalidTransition):
        await keys.rotate(alice, made.row.id, HOUR)
    await make_due(db)
    assert await keys.settle() == 1
    assert await living(keys, made) == [1]
    assert await works(line, made.secret)
    rotated = await keys.rotate(alice, made.row.id, NONE)
    assert (await works(line, made.secret), await works(line, rotated.secret)) == (False, True)


async def test_the_same_request_rotates_once(keys: KeyService, alice: Actor, made: CreatedKey) -> None:
    await keys.rotate(alice, made.row.id, HOUR, "r1")
    with pytest.raises(AlreadyDone) as done:
        await keys.rotate(alice, made.row.id, HOUR, "r1")
    assert done.value.key.id == made.row.id
    with pytest.raises(InvalidTransition):
        await keys.rotate(alice, made.row.id, HOUR, "r2")
    assert await living(keys, made) == [2, 1]


async def test_two_rotations_at_once(keys: KeyService, alice: Actor, made: CreatedKey) -> None:
    answers = await asyncio.gather(*(keys.rotate(alice, made.row.id, HOUR) for _ in range(3)), return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert (kinds.count(CreatedKey), kinds.count(InvalidTransition)) == (1, 2)
    assert await living(keys, made) == [2, 1]


async def test_a_secret_is_its_owners_alone(db: Database, keys: KeyService, alice: Actor, made: CreatedKey) -> None:
    ada, bob = await a_person(db, "ada", Role.ADMIN), await a_person(db, "bob")
    audrey = await a_person(db, "audrey", Role.AUDITOR)
    for actor, error in ((ada, NotPermitted), (audrey, NotPermitted), (bob, NotFound)):
        with pytest.raises(error):
            await keys.rotate(actor, made.row.id, HOUR)
    await keys.rotate(alice, made.row.id, HOUR)
    for actor, error in ((audrey, NotPermitted), (bob, NotFound)):
        for verb in (keys.finish_rotation, keys.undo_rotation):
            with pytest.raises(error):
                await verb(actor, made.row.id)
    assert await living(keys, made) == [2, 1]
    assert (await keys.finish_rotation(ada, made.row.id)).status is ApiKeyStatus.ACTIVE


async def test_changes_reach_both_secrets(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, made: CreatedKey
) -> None:
    rotated = await keys.rotate(alice, made.row.id, HOUR)
    await keys.update(alice, made.row.id, {"rpm_limit": 7})
    for secret in (made.secret, rotated.secret):
        info = await litellm.key_info(sha256(secret))
        assert info is not None
        assert info.rpm_limit == 7
    await keys.block(alice, made.row.id)
    assert (await works(line, made.secret), await works(line, rotated.secret)) == (False, False)
    assert (await keys.unblock(alice, made.row.id)).status is ApiKeyStatus.ROTATING
    assert (await works(line, made.secret), await works(line, rotated.secret)) == (True, True)
    await keys.block(alice, made.row.id)
    assert (await keys.undo_rotation(alice, made.row.id)).status is ApiKeyStatus.BLOCKED
    assert (await keys.unblock(alice, made.row.id)).status is ApiKeyStatus.ACTIVE
    await keys.revoke(alice, made.row.id)
    assert (await works(line, made.secret), await works(line, rotated.secret)) == (False, False)


async def test_a_leak_ends_the_old_secret_and_gives_a_new_one(
    db: Database, keys: KeyService, line: Line, alice: Actor, made: CreatedKey
) -> None:
    rotated = await keys.rotate(alice, made.row.id, HOUR)
    reported = await keys.report_leak(alice, made.row.id, utc_now() - HOUR)
    assert reported.secret is not None
    assert (reported.row.status, reported.row.in_sync) == (ApiKeyStatus.ACTIVE, True)
    assert [await works(line, s) for s in (made.secret, rotated.secret, reported.secret)] == [False, False, True]
    stored = await everything_stored(db)
    assert "key.leak_reported" in stored
    assert not [s for s in (made.secret, rotated.secret, reported.secret) if s in stored or s in repr(reported)]


async def test_a_leak_while_litellm_is_down(
    db: Database, keys: KeyService, line: Line, alice: Actor, made: CreatedKey
) -> None:
    line.cut = True
    reported = await keys.report_leak(alice, made.row.id, utc_now() - HOUR)
    assert (reported.secret, reported.row.status, reported.row.in_sync) == (None, ApiKeyStatus.BLOCKED, False)
    line.cut = False
    await make_due(db)
    await keys.settle()
    assert not await works(line, made.secret)
    with pytest.raises(InvalidTransition):
        await keys.finish_rotation(alice, made.row.id)
    with pytest.raises(InvalidInput):
        await keys.unblock(alice, made.row.id)
    rotated = await keys.rotate(alice, made.row.id, HOUR)
    assert (rotated.row.status, rotated.row.in_sync) == (ApiKeyStatus.ACTIVE, True)
    assert await works(line, rotated.secret)


async def test_a_leak_of_a_key_on_hold_leaves_it_on_hold(
    keys: KeyService, line: Line, alice: Actor, made: CreatedKey
) -> None:
    await keys.block(alice, made.row.id)
    reported = await keys.report_leak(alice, made.row.id, utc_now() - HOUR)
    assert reported.secret is not None
    assert (reported.row.status, reported.row.in_sync) == (ApiKeyStatus.BLOCKED, True)
    assert not await works(line, reported.secret)
    await keys.unblock(alice, made.row.id)
    assert await works(line, reported.secret)


async def test_an_admin_ends_a_leaked_secret_and_gets_none(
    db: Database, keys: KeyService, line: Line, alice: Actor, made: CreatedKey
) -> None:
    ada, bob = await a_person(db, "ada", Role.ADMIN), await a_person(db, "bob")
    with pytest.raises(NotFound):
        await keys.report_leak(bob, made.row.id, utc_now())
    with pytest.raises(InvalidInput):
        await keys.report_leak(ada, made.row.id, utc_now() + HOUR)
    assert await works(line, made.secret)
    reported = await keys.report_leak(ada, made.row.id, utc_now())
    assert (reported.secret, reported.row.status, reported.row.in_sync) == (None, ApiKeyStatus.BLOCKED, True)
    assert not await works(line, made.secret)
    rotated = await keys.rotate(alice, made.row.id, NONE)
    assert await works(line, rotated.secret)


async def test_a_key_is_found_by_its_secret_by_admins_only(
    db: Database, keys: KeyService, alice: Actor, made: CreatedKey
) -> None:
    ada = await a_person(db, "ada", Role.ADMIN)
    found = await keys.find_by_secret(ada, f" {made.secret}\n")
    assert found is not None
    assert found.id == made.row.id
    assert await keys.find_by_secret(ada, "sk-lm-nothing-of-ours") is None
    for actor in (alice, await a_person(db, "audrey", Role.AUDITOR)):
        with pytest.raises(NotPermitted):
            await keys.find_by_secret(actor, made.secret)
    stored = await everything_stored(db)
    assert made.secret not in stored
    assert "key.found_by_secret" in stored
    assert "nothing-of-ours" not in stored
