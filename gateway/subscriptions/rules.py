"""What a subscription gets when nobody says anything: set by an admin, for all models or for one.

A model's own rules replace those for all models as a whole. They fill what a request leaves out, before it is judged: on an open model
they are active at once, and to ask for more is a matter for an admin. Subscriptions that are there keep what they have.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, catalog
from gateway.actor import Actor
from gateway.db import Database, one_of, table_of, utc_now
from gateway.errors import InvalidInput, NotFound, NotPermitted
from gateway.subscriptions import policy
from gateway.subscriptions.tables import SubscriptionRules

_rules = table_of(SubscriptionRules)

# The columns that an admin sets, and what an input calls them.
FIELDS = {**policy.LIMITS, "life_days": "lifeDays"}


class Ruling:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def rules(self) -> SubscriptionRules:
        """What holds for models without rules of their own. Anybody may know."""
        async with self._db.read() as session:
            return await current(session, None)

    async def rules_by_model(self, model_ids: Sequence[UUID]) -> dict[UUID, Row[Any] | SubscriptionRules]:
        """What holds for each of the models. For models that the caller was shown."""
        found = select(_rules).where(or_(_rules.c.model_id.is_(None), one_of(_rules.c.model_id, model_ids)))
        rules = {row.model_id: row for row in await self._db.rows(found)}
        general = rules.get(None) or SubscriptionRules()
        return {model_id: rules.get(model_id, general) for model_id in model_ids}

    async def all_rules(self, actor: Actor) -> list[SubscriptionRules]:
        """Those for all models first, if there are any, then those of single models, oldest first. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            oldest_first = select(SubscriptionRules).order_by(_rules.c.model_id.is_not(None), _rules.c.created_at)
            return list(await session.scalars(oldest_first))

    async def set_rules(self, actor: Actor, model_id: UUID | None, changes: Mapping[str, Any]) -> SubscriptionRules:
        """Any of FIELDS for this model, or for all; None takes one away, what is not there stays.

        Raises NotPermitted but for admins, NotFound (the model) and InvalidInput.
        """
        if not actor.is_admin:
            raise NotPermitted
        policy.check_changes({name: value for name, value in changes.items() if name in policy.LIMITS}, utc_now())
        days = changes.get("life_days")
        if days is not None and not 1 <= days <= policy.MAX_LIFE.days:
            raise InvalidInput("lifeDays", f"must be from 1 to {policy.MAX_LIFE.days}")
        async with self._db.write() as session:
            if model_id is not None and not await catalog.exists(session, actor, model_id):
                raise NotFound("model")
            new = insert(_rules).values(id=uuid4(), model_id=model_id, created_at=utc_now(), updated_at=utc_now())
            await session.execute(new.on_conflict_do_nothing())
            rules: SubscriptionRules = (await session.scalars(_of(model_id).with_for_update())).one()
            differences = policy.differences({name: getattr(rules, name) for name in changes}, changes)
            for name, value in changes.items():
                setattr(rules, name, value)
            rules.updated_at = utc_now()
            audit.record(session, actor, "subscription.rules_set", *_target(actor, model_id), rules=differences)
        return rules

    async def remove_rules(self, actor: Actor, model_id: UUID) -> None:
        """From now on the rules for all models hold for this one. Raises NotPermitted but for admins, and NotFound when it has none."""
        if not actor.is_admin:
            raise NotPermitted
        async with self._db.write() as session:
            gone = delete(_rules).where(_rules.c.model_id == model_id).returning(_rules.c.id)
            if (await session.execute(gone)).one_or_none() is None:
                raise NotFound("subscription policy of this model")
            audit.record(session, actor, "subscription.rules_removed", *_target(actor, model_id))


async def current(session: AsyncSession, model_id: UUID | None) -> SubscriptionRules:
    """What holds for this model: its own rules, else those for all, else none."""
    own_first = (
        select(SubscriptionRules)
        .where(or_(_rules.c.model_id == model_id, _rules.c.model_id.is_(None)))
        .order_by(_rules.c.model_id.is_(None))
    )
    return (await session.scalars(own_first.limit(1))).one_or_none() or SubscriptionRules()


def limits(rules: SubscriptionRules) -> dict[str, Any]:
    """The limits that there are."""
    return {column: value for column, value in policy.limits_of(rules).items() if value is not None}


def end(rules: SubscriptionRules, now: datetime) -> datetime | None:
    """When a subscription that becomes active now ends by itself."""
    return None if rules.life_days is None else now + timedelta(days=rules.life_days)


def _of(model_id: UUID | None) -> Any:
    return select(SubscriptionRules).where(_rules.c.model_id.is_not_distinct_from(model_id))


def _target(actor: Actor, model_id: UUID | None) -> tuple[str, UUID]:
    return ("user", actor.user_id) if model_id is None else ("model", model_id)
