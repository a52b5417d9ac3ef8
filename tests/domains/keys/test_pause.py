"""Keys while the circuit to LiteLLM is open: nothing is burned, nothing is half made, and afterwards everything is true."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.actor import Actor
from gateway.db import Database
from gateway.errors import UpstreamUnavailable
from gateway.keys import ApiKeyStatus, KeyService, NewKey, RotationFailed
from gateway.litellm import Breaker, Circuit, LiteLLM
from tests.domains.keys.looking import everything_stored, execute, sha256, statuses
from tests.proxies import MASTER_KEY, Line


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def litellm(line: Line, clock: Clock) -> AsyncIterator[LiteLLM]:
    breaker = Breaker(failures=2, pause=5.0, clock=clock)
    async with LiteLLM("http://litellm", MASTER_KEY, transport=line, breaker=breaker) as client:
        yield client


async def attempts(db: Database) -> list[int]:
    async with db.read() as session:
        found = await session.scalars(text("SELECT settle_attempts FROM api_key_generation ORDER BY created_at"))
        return list(found.all())


async def open_circuit(db: Database, keys: KeyService, litellm: LiteLLM, line: Line) -> None:
    line.cut = True
    for _ in range(2):
        await execute(db, "UPDATE api_key_generation SET settle_due_at = NULL")
        await keys.settle()
    assert litellm.circuit is Circuit.OPEN
    line.sent.clear()


async def test_settlement_burns_no_attempts_and_catches_up(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, clock: Clock, alice: Actor, wanted: NewKey
) -> None:
    made = [await keys.create(alice, wanted) for _ in range(4)]
    line.cut = True
    await keys.block(alice, made[0].row.id)
    await open_circuit(db, keys, litellm, line)
    burned = await attempts(db)
    for each in made[1:]:
        row = await keys.block(alice, each.row.id)
        assert (row.status, row.in_sync) == (ApiKeyStatus.BLOCKED, False)
    await execute(db, "UPDATE api_key_generation SET settle_due_at = NULL")
    for _ in range(3):
        assert await keys.settle() == 0
    assert await attempts(db) == burned == [2, 0, 0, 0]
    assert line.sent == []

    clock.now = 5.0  # one request finds out that it is still away, at the cost of one attempt
    assert await keys.settle() == 0
    assert sum(await attempts(db)) == 3
    assert line.sent == ["/key/update"]

    clock.now, line.cut = 10.0, False
    await execute(db, "UPDATE api_key_generation SET settle_due_at = NULL")
    assert await keys.settle() == 4
    assert await attempts(db) == [0, 0, 0, 0]
    for each in made:
        info = await litellm.key_info(sha256(each.secret))
        assert info is not None
        assert info.blocked is True


async def test_a_secret_that_nobody_would_get_is_refused_at_once_and_leaves_nothing_behind(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, wanted)
    line.cut = True
    await keys.update(alice, made.row.id, {"rpm_limit": 5})
    await open_circuit(db, keys, litellm, line)
    before = await everything_stored(db)
    with pytest.raises(UpstreamUnavailable):
        await keys.create(alice, wanted, "once")
    with pytest.raises(RotationFailed):
        await keys.rotate(alice, made.row.id, timedelta(hours=1), "once")
    assert await everything_stored(db) == before
    assert line.sent == []


async def test_before_the_circuit_opens_a_refused_key_is_there_as_failed_and_nowhere_in_litellm(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, clock: Clock, alice: Actor, wanted: NewKey
) -> None:
    line.cut = True
    with pytest.raises(UpstreamUnavailable):
        await keys.create(alice, wanted, "once")
    assert await statuses(db) == ["FAILED"]
    line.cut, clock.now = False, 5.0
    assert (await litellm.list_keys("litemaas-")).keys == []
    made = await keys.create(alice, wanted, "once")  # the same request, which was not carried out
    assert made.row.status is ApiKeyStatus.ACTIVE
    await execute(db, "UPDATE api_key_generation SET settle_due_at = NULL")
    assert await keys.settle() == 1
    assert [key.token for key in (await litellm.list_keys("litemaas-")).keys] == [sha256(made.secret)]


async def test_a_leak_is_answered_here_at_once_and_there_afterwards(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, clock: Clock, alice: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, wanted)
    line.cut = True
    await keys.update(alice, made.row.id, {"rpm_limit": 5})
    await open_circuit(db, keys, litellm, line)
    reported = await keys.report_leak(alice, made.row.id, made.row.created_at)
    assert (reported.row.status, reported.secret) == (ApiKeyStatus.BLOCKED, None)
    line.cut, clock.now = False, 5.0
    await execute(db, "UPDATE api_key_generation SET settle_due_at = NULL")
    await keys.settle()
    assert (await litellm.list_keys("litemaas-")).keys == []
