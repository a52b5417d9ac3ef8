"""Keys: made exactly once, never stored, gone when revoked; against a LiteLLM whose line can be cut."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from gateway.actor import Actor, Role
from gateway.catalog import ModelAccess, ModelLifecycle
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted, UpstreamUnavailable
from gateway.keys import ApiKeyStatus, CreatedKey, KeyService, NewKey, NotSubscribed
from gateway.litellm import LiteLLM
from gateway.subscriptions import InvalidTransition, SubscriptionStatus
from tests.builders import a_model, a_person, a_subscription
from tests.domains.keys.looking import everything_stored, make_due, sha256, statuses
from tests.proxies import Line


async def test_the_key_is_in_litellm_as_it_was_asked_for(
    keys: KeyService, litellm: LiteLLM, alice: Actor, wanted: NewKey
) -> None:
    expires_at = utc_now() + timedelta(days=1)
    made = await keys.create(
        alice,
        replace(
            wanted,
            max_budget=Decimal("12.5"),
            budget_duration="30d",
            rpm_limit=10,
            tpm_limit=1000,
            expires_at=expires_at,
        ),
    )
    assert made.row.status is ApiKeyStatus.ACTIVE
    assert made.row.in_sync
    there = await litellm.key_info(sha256(made.secret))
    assert there is not None
    assert (there.models, there.user_id) == (["gpt-5-mini"], str(alice.user_id))
    assert (there.max_budget, there.budget_duration, there.rpm_limit, there.tpm_limit) == (
        Decimal("12.5"),
        "30d",
        10,
        1000,
    )
    assert there.expires is not None
    assert abs(there.expires - expires_at) < timedelta(seconds=5)
    assert there.metadata["litemaas_api_key_id"] == str(made.row.id)


async def test_the_secret_is_stored_nowhere(db: Database, keys: KeyService, alice: Actor, wanted: NewKey) -> None:
    made = await keys.create(alice, wanted)
    stored = await everything_stored(db)
    assert made.secret not in stored
    assert made.secret[12:-6] not in stored
    assert sha256(made.secret) in stored
    assert made.secret not in repr(made)
    assert made.secret.startswith(made.row.prefix)
    assert made.secret.endswith(made.row.last_four)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " \t"}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"model_ids": []}, "modelIds"),
        ({"model_ids": [uuid4() for _ in range(101)]}, "modelIds"),
        ({"max_budget": Decimal(0)}, "maxBudget"),
        ({"max_budget": Decimal(-1)}, "maxBudget"),
        ({"max_budget": Decimal("1e10")}, "maxBudget"),
        ({"max_budget": Decimal("NaN")}, "maxBudget"),
        ({"budget_duration": "3 weeks"}, "budgetDuration"),
        ({"budget_duration": "0d"}, "budgetDuration"),
        ({"budget_duration": "2mo"}, "budgetDuration"),
        ({"rpm_limit": 0}, "rpmLimit"),
        ({"tpm_limit": 2**31}, "tpmLimit"),
        ({"expires_at": utc_now() - timedelta(seconds=1)}, "expiresAt"),
        ({"expires_at": utc_now() + timedelta(days=5000)}, "expiresAt"),
    ],
)
async def test_refuses_by_field_and_writes_nothing(
    db: Database, keys: KeyService, line: Line, alice: Actor, wanted: NewKey, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await keys.create(alice, replace(wanted, **change))
    assert refused.value.field == field
    assert await statuses(db) == []
    assert line.sent == []


async def test_only_models_with_an_active_subscription(
    db: Database, keys: KeyService, line: Line, alice: Actor, wanted: NewKey
) -> None:
    async def other(**subscription: Any) -> UUID:
        model = await a_model(db)
        if subscription:
            await a_subscription(db, alice, model.id, **subscription)
        return model.id

    without = await other()
    pending = await other(status=SubscriptionStatus.PENDING)
    over = await other(expires_at=utc_now() - timedelta(days=1))
    of_bob = await a_model(db)
    await a_subscription(db, await a_person(db, "bob"), of_bob.id)
    with pytest.raises(NotSubscribed) as refused:
        await keys.create(alice, replace(wanted, model_ids=[*wanted.model_ids, without, pending, over, of_bob.id]))
    assert [model.id for model in refused.value.models] == [without, pending, over, of_bob.id]
    for unseen in (uuid4(), (await a_model(db, access=ModelAccess.HIDDEN)).id):
        with pytest.raises(NotFound):
            await keys.create(alice, replace(wanted, model_ids=[unseen]))
    gone = await a_model(db, lifecycle=ModelLifecycle.RETIRED)
    await a_subscription(db, alice, gone.id)
    with pytest.raises(InvalidInput):
        await keys.create(alice, replace(wanted, model_ids=[gone.id]))
    assert await statuses(db) == []
    assert line.sent == []


async def test_auditors_change_nothing(db: Database, keys: KeyService, alice: Actor, wanted: NewKey) -> None:
    audrey = await a_person(db, "audrey", Role.AUDITOR)
    with pytest.raises(NotPermitted):
        await keys.create(audrey, wanted)
    made = await keys.create(alice, wanted)
    with pytest.raises(NotPermitted):
        await keys.revoke(audrey, made.row.id)
    assert await statuses(db) == ["ACTIVE"]


async def test_litellm_down_refuses_clearly_and_leaves_no_key(
    db: Database, keys: KeyService, line: Line, alice: Actor, wanted: NewKey
) -> None:
    line.cut = True
    with pytest.raises(UpstreamUnavailable):
        await keys.create(alice, wanted)
    assert await statuses(db) == ["FAILED"]
    page = await keys.page(alice, 10)
    assert [row.in_sync for row in page.rows] == [False]
    line.cut = False
    await make_due(db)
    assert await keys.settle() == 1
    assert [row.in_sync for row in (await keys.page(alice, 10)).rows] == [True]


async def test_a_lost_answer_leaves_no_orphan(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, wanted: NewKey
) -> None:
    line.deaf = True
    with pytest.raises(UpstreamUnavailable):
        await keys.create(alice, wanted)
    async with db.read() as session:
        token = (await session.scalars(text("SELECT token_hash FROM api_key_generation"))).one()
    line.deaf = False
    await make_due(db)
    await keys.settle()
    assert await litellm.key_info(token) is None
    assert await statuses(db) == ["FAILED"]


async def test_revoking_takes_it_from_litellm_and_only_once(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, wanted)
    row = await keys.revoke(alice, made.row.id)
    assert (row.status, row.in_sync) == (ApiKeyStatus.REVOKED, True)
    assert await litellm.key_info(sha256(made.secret)) is None
    with pytest.raises(InvalidTransition) as refused:
        await keys.revoke(alice, made.row.id)
    assert refused.value.status == "REVOKED"


async def test_revoking_while_litellm_is_down_is_kept_and_done_later(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, wanted)
    line.cut = True
    row = await keys.revoke(alice, made.row.id)
    assert (row.status, row.in_sync) == (ApiKeyStatus.REVOKED, False)
    await make_due(db)
    assert await keys.settle() == 0
    line.cut = False
    assert await keys.settle() == 0, "the failed attempt has put the next one off"
    await make_due(db)
    assert await keys.settle() == 1
    assert await litellm.key_info(sha256(made.secret)) is None
    assert (await keys.by_ids(alice, [row.id]))[row.id].in_sync


async def test_another_persons_key_is_not_there_but_an_admin_may_revoke_it(
    db: Database, keys: KeyService, alice: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, wanted)
    bob, ada = await a_person(db, "bob"), await a_person(db, "ada", Role.ADMIN)
    with pytest.raises(NotFound):
        await keys.revoke(bob, made.row.id)
    assert await keys.by_ids(bob, [made.row.id]) == {}
    assert (await keys.page(bob, 10)).rows == []
    with pytest.raises(NotPermitted):
        await keys.page(bob, 10, own=False)
    assert [row.id for row in (await keys.page(ada, 10, own=False)).rows] == [made.row.id]
    assert (await keys.revoke(ada, made.row.id)).status is ApiKeyStatus.REVOKED


async def test_an_expired_key_ends_here_and_there(
    db: Database, keys: KeyService, litellm: LiteLLM, alice: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, replace(wanted, expires_at=utc_now() + timedelta(hours=1)))
    assert await keys.settle() == 0
    async with db.write() as session:
        await session.execute(text("UPDATE api_key SET expires_at = now() - interval '1 s'"))
    assert await keys.settle() == 1
    assert await statuses(db) == ["EXPIRED"]
    assert await litellm.key_info(sha256(made.secret)) is None


async def test_a_slow_creation_that_was_taken_for_dead_ends_clean(
    db: Database, keys: KeyService, litellm: LiteLLM, line: Line, alice: Actor, wanted: NewKey
) -> None:
    """The reconciler strikes between LiteLLM's answer and our second transaction."""

    class Impatient(LiteLLM):
        async def generate_key(self, request: Any) -> Any:
            await make_due(db)
            assert await keys.settle() == 1
            return await super().generate_key(request)

    slow = KeyService(db, Impatient("http://litellm", "sk-test-master-key", transport=line))
    with pytest.raises(UpstreamUnavailable):
        await slow.create(alice, wanted)
    assert await statuses(db) == ["FAILED"]
    async with db.read() as session:
        token = (await session.scalars(text("SELECT token_hash FROM api_key_generation"))).one()
    assert await litellm.key_info(token) is None


async def test_a_page_costs_the_same_number_of_queries_for_three_keys_and_thirty(
    db: Database, keys: KeyService, line: Line, alice: Actor, wanted: NewKey
) -> None:
    async def cost() -> tuple[int, int]:
        counted: list[str] = []

        def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            counted.append(statement)

        event.listen(db.engine.sync_engine, "before_cursor_execute", count)
        page = await keys.page(alice, 100)
        await keys.models_by_key([row.id for row in page.rows])
        event.remove(db.engine.sync_engine, "before_cursor_execute", count)
        return len(page.rows), len(counted)

    make: Callable[[], Any] = lambda: keys.create(alice, wanted)  # noqa: E731
    for _ in range(3):
        await make()
    assert await cost() == (3, 2)
    for _ in range(27):
        made: CreatedKey = await make()
        assert made.row.status is ApiKeyStatus.ACTIVE
    line.sent.clear()
    assert await cost() == (30, 2)
    assert line.sent == [], "reading keys asks LiteLLM nothing"
