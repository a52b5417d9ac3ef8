"""What keys may have at most: set by an admin, and enforced on every key that is made or changed, whatever was left out.

A maximum that is tightened says nothing about keys that are there; they keep what they have until they are changed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor
from gateway.db import table_of, utc_now
from gateway.errors import InvalidInput, NotPermitted
from gateway.keys import policy
from gateway.keys.base import Verbs
from gateway.keys.tables import KeyRules, api_key, key_rules
from gateway.users import User

_user = table_of(User)

_CAPPED = ("max_budget", "rpm_limit", "tpm_limit", "max_parallel_requests")
# The columns that an admin sets, and what an input calls them.
FIELDS = {
    "max_budget": "maxBudget",
    "budget_duration": "budgetDuration",
    "rpm_limit": "rpmLimit",
    "tpm_limit": "tpmLimit",
    "max_parallel_requests": "maxParallelRequests",
    "max_life_days": "maxLifeDays",
    "default_life_days": "defaultLifeDays",
    "max_keys": "maxKeys",
}


class Ruling(Verbs):
    async def rules(self) -> KeyRules:
        """What holds now. Anybody may know."""
        async with self._db.read() as session:
            return await current(session)

    async def set_rules(self, actor: Actor, changes: Mapping[str, Any]) -> KeyRules:
        """Any of FIELDS; None takes a maximum away, what is not there stays. Raises NotPermitted but for admins, and InvalidInput."""
        if not actor.is_admin:
            raise NotPermitted
        limits = {name: value for name, value in changes.items() if name in policy.LIMITS}
        policy.check_limits(limits, utc_now())
        for name in ("max_life_days", "default_life_days", "max_keys"):
            most = policy.MAX_LIFE.days if name != "max_keys" else policy.MAX_LIMIT
            if (value := changes.get(name)) is not None and not 1 <= value <= most:
                raise InvalidInput(FIELDS[name], f"must be from 1 to {most}")
        async with self._db.write() as session:
            await session.execute(insert(key_rules).values(id=1, updated_at=utc_now()).on_conflict_do_nothing())
            rules = (await session.scalars(select(KeyRules).with_for_update())).one()
            before = {name: _plain(getattr(rules, name)) for name in changes}
            for name, value in changes.items():
                setattr(rules, name, value)
            if rules.max_budget is not None and rules.budget_duration is None:
                raise InvalidInput("budgetDuration", "must say in which window maxBudget counts")
            longest, usual = rules.max_life_days, rules.default_life_days
            if longest is not None and usual is not None and usual > longest:
                raise InvalidInput("defaultLifeDays", "may not be more than maxLifeDays")
            rules.updated_at = utc_now()
            after = {name: _plain(value) for name, value in changes.items()}
            audit.record(session, actor, "key.rules_set", "user", actor.user_id, before=before, after=after)
        return rules


async def current(session: AsyncSession) -> KeyRules:
    return (await session.scalars(select(KeyRules))).one_or_none() or KeyRules()


async def check_number(session: AsyncSession, actor: Actor, rules: KeyRules) -> None:
    """Whether the person may have one more key; others of theirs wait until this transaction ends. Raises InvalidInput."""
    if rules.max_keys is None:
        return
    await session.execute(select(_user.c.id).where(_user.c.id == actor.user_id).with_for_update(key_share=True))
    living = select(func.count()).where(api_key.c.user_id == actor.user_id, api_key.c.status.not_in(policy.GONE))
    if (await session.execute(living)).scalar_one() >= rules.max_keys:
        raise InvalidInput("input", f"would make more than the {rules.max_keys} keys that a person may have")


def of_new_key(limits: Mapping[str, Any], rules: KeyRules, now: datetime) -> dict[str, Any]:
    """The limits that a key gets. Raises InvalidInput for one above its maximum."""
    given = dict(limits)
    if given["expires_at"] is None and (days := rules.default_life_days or rules.max_life_days):
        given["expires_at"] = now + timedelta(days=days)
    return _capped(given, rules, now)


def of_changed_key(limits: Mapping[str, Any], rules: KeyRules, key: Any) -> dict[str, Any]:
    """The same for those limits of a key that are to change. A life is counted from when the key was made."""
    given = dict(limits)
    if given.keys() & {"max_budget", "budget_duration"}:  # one means nothing without the other
        given = {"max_budget": key.max_budget, "budget_duration": key.budget_duration} | given
    return _capped(given, rules, key.created_at)


def _capped(given: dict[str, Any], rules: KeyRules, born: datetime) -> dict[str, Any]:
    for column in _CAPPED:
        most = getattr(rules, column)
        if most is None or column not in given:
            continue
        if given[column] is None:
            given[column] = most
        elif given[column] > most:
            raise InvalidInput(policy.LIMITS[column], f"may be at most {_plain(most)}")
    if rules.max_budget is not None and "budget_duration" in given:
        if given["budget_duration"] is None:
            given["budget_duration"] = rules.budget_duration
        elif given["budget_duration"] != rules.budget_duration:
            raise InvalidInput(
                "budgetDuration", f"must be {rules.budget_duration}, since budgets are limited for that window"
            )
    if rules.max_life_days is not None and "expires_at" in given:
        last = born + timedelta(days=rules.max_life_days)
        if given["expires_at"] is None:
            given["expires_at"] = last
        # A minute for the time between a form and its answer.
        if given["expires_at"] > last + timedelta(minutes=1):
            raise InvalidInput("expiresAt", f"may be at most {rules.max_life_days} days after the key was made")
    return given


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value
