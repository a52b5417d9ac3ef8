"""What keys may have at most, whatever a request says or leaves out."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.actor import Actor, Role
from gateway.db import Database, utc_now
from gateway.errors import InvalidInput, NotPermitted
from gateway.keys import KeyService, NewKey
from gateway.litellm import LiteLLM
from tests.builders import a_person
from tests.domains.keys.looking import sha256, statuses

DAY = timedelta(days=1)
RULES: dict[str, Any] = {
    "max_budget": Decimal(10),
    "budget_duration": "30d",
    "rpm_limit": 60,
    "tpm_limit": 1000,
    "max_parallel_requests": 4,
    "max_life_days": 90,
    "default_life_days": 30,
}


async def test_what_is_left_out_becomes_the_maximum(
    keys: KeyService, litellm: LiteLLM, alice: Actor, ada: Actor, wanted: NewKey
) -> None:
    await keys.set_rules(ada, RULES)
    made = await keys.create(alice, wanted)
    row = made.row
    assert (row.max_budget, row.budget_duration, row.rpm_limit, row.tpm_limit, row.max_parallel_requests) == (
        10,
        "30d",
        60,
        1000,
        4,
    )
    assert abs(row.expires_at - utc_now() - 30 * DAY) < timedelta(minutes=1)
    there = await litellm.key_info(sha256(made.secret))
    assert there is not None
    assert (there.max_budget, there.rpm_limit, there.max_parallel_requests) == (10, 60, 4)
    # Null is no way around it either.
    row = await keys.update(alice, row.id, {"rpm_limit": None, "max_budget": None, "expires_at": None})
    assert (row.rpm_limit, row.max_budget, row.budget_duration) == (60, 10, "30d")
    assert row.expires_at == row.created_at + 90 * DAY
    less = await keys.create(alice, replace(wanted, rpm_limit=5, max_budget=Decimal("0.5")))
    assert (less.row.rpm_limit, less.row.max_budget) == (5, Decimal("0.5"))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"max_budget": Decimal("10.01")}, "maxBudget"),
        ({"budget_duration": "1d"}, "budgetDuration"),
        ({"rpm_limit": 61}, "rpmLimit"),
        ({"tpm_limit": 1001}, "tpmLimit"),
        ({"max_parallel_requests": 5}, "maxParallelRequests"),
        ({"expires_at": utc_now() + 91 * DAY}, "expiresAt"),
    ],
)
async def test_more_is_refused_for_new_keys_and_for_changes(
    db: Database, keys: KeyService, alice: Actor, ada: Actor, wanted: NewKey, more: dict[str, Any], field: str
) -> None:
    await keys.set_rules(ada, RULES)
    with pytest.raises(InvalidInput) as refused:
        await keys.create(alice, replace(wanted, **more))
    assert refused.value.field == field
    assert await statuses(db) == []
    made = await keys.create(alice, wanted)
    with pytest.raises(InvalidInput) as refused:
        await keys.update(alice, made.row.id, more)
    assert refused.value.field == field
    assert (await keys.by_ids(alice, [made.row.id]))[made.row.id] == made.row


async def test_keys_that_are_there_keep_what_they_have(
    keys: KeyService, alice: Actor, ada: Actor, wanted: NewKey
) -> None:
    made = await keys.create(alice, wanted)
    await keys.set_rules(ada, RULES)
    assert (await keys.update(alice, made.row.id, {"name": "same"})).rpm_limit is None
    assert (await keys.update(alice, made.row.id, {"tpm_limit": 7})).rpm_limit is None


async def test_the_number_of_keys(db: Database, keys: KeyService, alice: Actor, ada: Actor, wanted: NewKey) -> None:
    await keys.set_rules(ada, {"max_keys": 2})
    first = await keys.create(alice, wanted)
    await keys.create(alice, wanted)
    with pytest.raises(InvalidInput):
        await keys.create(alice, wanted)
    await keys.revoke(alice, first.row.id)
    await keys.create(alice, wanted)
    assert sorted(await statuses(db)) == ["ACTIVE", "ACTIVE", "REVOKED"]


async def test_only_admins_set_rules_that_make_sense(keys: KeyService, alice: Actor, ada: Actor, db: Database) -> None:
    for actor in (alice, await a_person(db, "audrey", Role.AUDITOR)):
        with pytest.raises(NotPermitted):
            await keys.set_rules(actor, RULES)
    for bad, field in (
        ({"max_budget": Decimal(5)}, "budgetDuration"),
        ({"max_budget": Decimal(-5), "budget_duration": "30d"}, "maxBudget"),
        ({"max_life_days": 0}, "maxLifeDays"),
        ({"max_life_days": 5, "default_life_days": 6}, "defaultLifeDays"),
        ({"max_keys": 0}, "maxKeys"),
        ({"rpm_limit": -1}, "rpmLimit"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await keys.set_rules(ada, bad)
        assert refused.value.field == field
    assert (await keys.rules()).max_budget is None
    await keys.set_rules(ada, RULES)
    rules = await keys.set_rules(ada, {"rpm_limit": None})
    assert (rules.rpm_limit, rules.tpm_limit) == (None, 1000)
