"""Changing keys. Each is a change of our rows; LiteLLM follows at once when it answers, and later when it does not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor
from gateway.db import utc_now
from gateway.errors import InvalidInput
from gateway.keys import access, policy, rules, settlement
from gateway.keys.base import Verbs
from gateway.keys.tables import ApiKeyStatus, api_key, api_key_model

Changes = Mapping[str, Any]
"""Any of `name`, `model_ids` and the columns of policy.LIMITS. None takes a limit away; what is not there stays."""


class Changing(Verbs):
    """Every verb raises NotPermitted (auditors, or another person's key unless admin), NotFound and InvalidTransition."""

    async def update(self, actor: Actor, key_id: UUID, changes: Changes) -> Row[Any]:
        """Raises InvalidInput and NotSubscribed too. Models that are on the key already may stay without a subscription that is active."""
        if not changes:
            raise InvalidInput("input", "must change something")
        given = {name: value for name, value in changes.items() if name in policy.LIMITS}
        if "name" in changes:
            policy.check_name(changes["name"])
            given["name"] = changes["name"].strip()
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id, policy.LIVING)
            limits = {name: value for name, value in given.items() if name in policy.LIMITS}
            if limits:
                given |= rules.of_changed_key(limits, await rules.current(session), row)
                policy.check_limits({name: value for name, value in given.items() if name in policy.LIMITS}, utc_now())
            before = {name: _plain(getattr(row, name)) for name in given}
            after = {name: _plain(value) for name, value in given.items()}
            if "model_ids" in changes:
                before["models"], after["models"] = await _replace_models(session, actor, row, changes["model_ids"])
            changed = update(api_key).where(api_key.c.id == key_id).values(updated_at=utc_now(), **given)
            await session.execute(changed)
            await settlement.retry_now(session, key_id)
            detail = {"name": row.name, "before": before, "after": after}
            audit.record(session, actor, "key.updated", "api_key", key_id, **detail)
        return await self._settled(actor, key_id)

    async def block(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """Put it on hold: each of its secrets is refused by LiteLLM until `unblock`."""
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id, (ApiKeyStatus.ACTIVE, ApiKeyStatus.ROTATING))
            await _set_status(session, key_id, ApiKeyStatus.BLOCKED)
            audit.record(session, actor, "key.blocked", "api_key", key_id, name=row.name, before=row.status)
        return await self._settled(actor, key_id)

    async def unblock(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """Let it work again, as ACTIVE or, while an old secret has time left, as ROTATING.

        Raises InvalidInput for a key whose secrets were all ended after a leak: it needs a new one.
        """
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id, (ApiKeyStatus.BLOCKED,))
            secrets = await settlement.count_secrets(session, key_id)
            if not secrets:
                raise InvalidInput("apiKeyId", "names a key that has no secret since a leak: give it a new one instead")
            await _set_status(session, key_id, ApiKeyStatus.ROTATING if secrets > 1 else ApiKeyStatus.ACTIVE)
            audit.record(session, actor, "key.unblocked", "api_key", key_id, name=row.name)
        return await self._settled(actor, key_id)

    async def revoke(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """End a key for good: REVOKED here at once, and in LiteLLM now or, should it not answer, as soon as it does."""
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id, policy.LIVING)
            await settlement.end(session, key_id, ApiKeyStatus.REVOKED)
            audit.record(session, actor, "key.revoked", "api_key", key_id, name=row.name, before=row.status)
        return await self._settled(actor, key_id)


async def _set_status(session: AsyncSession, key_id: UUID, status: ApiKeyStatus) -> None:
    changed = update(api_key).where(api_key.c.id == key_id).values(status=status, updated_at=utc_now())
    await session.execute(changed)
    await settlement.retry_now(session, key_id)


async def _replace_models(
    session: AsyncSession, actor: Actor, key: Row[Any], model_ids: Sequence[UUID]
) -> tuple[list[str], list[str]]:
    """The ids before and after, as text."""
    policy.check_models(model_ids)
    kept = select(api_key_model.c.model_id).where(api_key_model.c.api_key_id == key.id)
    before = set((await session.execute(kept)).scalars())
    after = set(model_ids)
    if added := [model_id for model_id in dict.fromkeys(model_ids) if model_id not in before]:
        await access.check_models(session, actor, key.user_id, added)
        await session.execute(insert(api_key_model), [{"api_key_id": key.id, "model_id": new} for new in added])
    if gone := before - after:
        removed = delete(api_key_model).where(api_key_model.c.api_key_id == key.id, api_key_model.c.model_id.in_(gone))
        await session.execute(removed)
    return sorted(map(str, before)), sorted(map(str, after))


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value
