"""Bringing LiteLLM to our rows.

A generation whose `settle_due_at` is set is not known to be in LiteLLM as it should be. `present` puts it there while the
secret is still in memory; everything else only takes keys away, which can be repeated as often as needed:

    PROVISIONING, overdue   the process that knew the secret is gone       -> FAILED, then as below
    EXPIRED REVOKED FAILED  LiteLLM must not have it: delete, 404 is fine  -> settled
"""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, events
from gateway.catalog import Model
from gateway.db import Database, utc_now
from gateway.keys import policy
from gateway.keys.policy import Secret
from gateway.keys.queries import api_key, api_key_model, generation
from gateway.keys.tables import ApiKeyStatus
from gateway.litellm import GenerateKey, LiteLLM, LiteLLMError

log = structlog.get_logger()

_model = Model.__table__  # type: ignore[attr-defined]

# Longer than LiteLLM's time-outs allow a creation to last, so that the reconciler never takes a key away from under a living request.
PROVISIONING_TIME = timedelta(seconds=60)
BATCH = 100


async def present(db: Database, litellm: LiteLLM, generation_id: UUID, secret: Secret) -> None:
    """Make the key in LiteLLM. Raises LiteLLMError."""
    async with db.read() as session:
        found = (select(api_key, generation.c.number).join(generation, generation.c.api_key_id == api_key.c.id)).where(
            generation.c.id == generation_id
        )
        key = (await session.execute(found)).one()
        names = (
            select(_model.c.name)
            .join(api_key_model, api_key_model.c.model_id == _model.c.id)
            .where(api_key_model.c.api_key_id == key.id)
            .order_by(_model.c.name)
        )
        models = list((await session.execute(names)).scalars())
    user_id = str(key.user_id)
    await litellm.ensure_user(user_id)
    await litellm.generate_key(
        GenerateKey(
            key=secret.clear,
            # Unique over all of LiteLLM, so not the name that a person chose.
            key_alias=f"litemaas-{key.id}-{key.number}",
            models=models,
            user_id=user_id,
            metadata={"litemaas_api_key_id": str(key.id), "litemaas_generation": key.number},
            max_budget=key.max_budget,
            budget_duration=key.budget_duration,
            rpm_limit=key.rpm_limit,
            tpm_limit=key.tpm_limit,
            duration=None if key.expires_at is None else key.expires_at - utc_now(),
        )
    )


async def end(session: AsyncSession, key_id: UUID, status: ApiKeyStatus) -> None:
    """Say in our rows that the key is over and that LiteLLM has to be told now."""
    now = utc_now()
    await session.execute(update(api_key).where(api_key.c.id == key_id).values(status=status, updated_at=now))
    due = update(generation).where(generation.c.api_key_id == key_id).values(settle_due_at=now, settle_attempts=0)
    await session.execute(due)
    # Who watches the key's calls stops watching.
    await events.publish(session, [f"api_key:{key_id}"])


async def give_up(db: Database, litellm: LiteLLM, key_id: UUID) -> None:
    """A creation that LiteLLM did not confirm: FAILED, and whatever may have come of it is taken away."""
    async with db.write() as session:
        await end(session, key_id, ApiKeyStatus.FAILED)
    await settle_key(db, litellm, key_id)


async def settle_key(db: Database, litellm: LiteLLM, key_id: UUID) -> None:
    """One attempt for one key, now. LiteLLM being down is no error: the row stays due."""
    await _settle(db, litellm, generation.c.api_key_id == key_id)


async def settle_due(db: Database, litellm: LiteLLM) -> int:
    """What the job does each time: write off what was interrupted, end what has expired, then work off what is due."""
    now = utc_now()
    async with db.write() as session:
        overdue = (
            select(api_key.c.id, api_key.c.name)
            .join(generation, generation.c.api_key_id == api_key.c.id)
            .where(api_key.c.status == ApiKeyStatus.PROVISIONING, generation.c.settle_due_at <= now)
            .with_for_update(of=api_key, skip_locked=True)
        )
        for key_id, name in (await session.execute(overdue)).all():
            await end(session, key_id, ApiKeyStatus.FAILED)
            audit.record(session, "key-reconciler", "key.failed", "api_key", key_id, name=name)
        expired = (
            select(api_key.c.id, api_key.c.name)
            .where(api_key.c.status.in_(policy.REVOCABLE), api_key.c.expires_at <= now)
            .with_for_update(skip_locked=True)
        )
        for key_id, name in (await session.execute(expired)).all():
            await end(session, key_id, ApiKeyStatus.EXPIRED)
            audit.record(session, "key-reconciler", "key.expired", "api_key", key_id, name=name)
    return await _settle(db, litellm, generation.c.settle_due_at <= utc_now())


async def _settle(db: Database, litellm: LiteLLM, which: ColumnElement[bool]) -> int:
    async with db.read() as session:
        found = (
            select(generation.c.id, generation.c.token_hash, generation.c.settle_attempts, generation.c.settle_due_at)
            .join(api_key, api_key.c.id == generation.c.api_key_id)
            .where(which, api_key.c.status.in_(policy.GONE), generation.c.settle_due_at.is_not(None))
            .order_by(generation.c.settle_due_at)
            .limit(BATCH)
        )
        due = (await session.execute(found)).all()
    settled = 0
    for row in due:
        try:
            await litellm.delete_key(row.token_hash)
        except LiteLLMError as error:
            log.warning("key_not_settled", generation_id=str(row.id), attempts=row.settle_attempts, error=str(error))
            result = {
                "settle_attempts": row.settle_attempts + 1,
                "settle_due_at": utc_now() + policy.back_off(row.settle_attempts + 1),
            }
        else:
            result = {"settle_due_at": None, "settle_attempts": 0}
            settled += 1
        async with db.write() as session:
            # Only if nobody has asked for anything else meanwhile.
            same = (generation.c.id == row.id, generation.c.settle_due_at == row.settle_due_at)
            await session.execute(update(generation).where(*same).values(**result))
    return settled
