"""Making keys."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor, Role
from gateway.db import utc_now
from gateway.errors import DomainError, InvalidInput, NotPermitted, UpstreamUnavailable
from gateway.keys import access, policy, queries, rules, settlement
from gateway.keys.base import Verbs
from gateway.keys.policy import NewKey, Secret
from gateway.keys.tables import ApiKeyStatus, api_key, api_key_model, generation
from gateway.litellm import LiteLLMError, LiteLLMRefused

log = structlog.get_logger()


@dataclass(eq=False)
class AlreadyDone(DomainError):
    """`key` is what the same request made before. Its secret was in the answer to that one, and is nowhere else."""

    key: Row[Any]
    code = "ALREADY_DONE"
    sentence = "This very request was carried out before. Its answer held the secret, which can't be shown again."


@dataclass(frozen=True)
class CreatedKey:
    """`secret` is to be answered to its owner and then forgotten."""

    row: Row[Any]
    secret: str = field(repr=False)


class Creating(Verbs):
    async def create(self, actor: Actor, wanted: NewKey, client_mutation_id: str | None = None) -> CreatedKey:
        """Make a key: row first, LiteLLM after the commit, the secret only when LiteLLM has it.

        Raises NotPermitted (auditors), InvalidInput, NotSubscribed, AlreadyDone (this person has used the id before), and
        UpstreamUnavailable when LiteLLM does not confirm; then no key with this secret stays behind, and the id may be used again.
        Nothing at all is written when LiteLLM is known not to answer.
        """
        if actor.role is Role.AUDITOR:
            raise NotPermitted
        wanted.check(utc_now())
        request_id = policy.check_request_id(client_mutation_id)
        self._litellm.check()
        secret = Secret.new()
        key_id, generation_id = uuid4(), uuid4()
        async with self._db.write() as session:
            if request_id and (done := await _made_by(session, actor, request_id)):
                raise AlreadyDone(done)
            await access.check_models(session, actor, actor.user_id, wanted.model_ids)
            standing = await rules.current(session)
            await rules.check_number(session, actor, standing)
            limits = rules.of_new_key(wanted.limits, standing, utc_now())
            # Twice at once: the second waits here for the first, and stores nothing.
            if not await _insert(session, actor, wanted, limits, key_id, generation_id, secret, request_id):
                raise AlreadyDone(await _made_by(session, actor, request_id or ""))
        try:
            told = await settlement.present(self._db, self._litellm, generation_id, secret)
        except LiteLLMError as error:
            log.warning("key_not_provisioned", api_key_id=str(key_id), error=str(error))
            await self._give_up(key_id)
            if isinstance(error, LiteLLMRefused):
                raise InvalidInput("input", f"was refused by LiteLLM: {error.reason}") from error
            raise UpstreamUnavailable from error
        async with self._db.write() as session:
            row = await _activate(session, actor, key_id, generation_id, told)
        if row is None:
            # The reconciler took us for dead and has deleted the key, perhaps before LiteLLM had made it.
            await self._give_up(key_id)
            raise UpstreamUnavailable
        return CreatedKey(row, secret.clear)

    async def _give_up(self, key_id: UUID) -> None:
        """A creation that LiteLLM did not confirm: FAILED, and whatever may have come of it is taken away."""
        async with self._db.write() as session:
            await settlement.end(session, key_id, ApiKeyStatus.FAILED)
            await settlement.end_generations(session, generation.c.api_key_id == key_id)
        await settlement.settle_key(self._db, self._litellm, key_id)


async def _made_by(session: AsyncSession, actor: Actor, request_id: str) -> Any:
    made = queries.readable().where(api_key.c.user_id == actor.user_id, api_key.c.client_mutation_id == request_id)
    return (await session.execute(made)).one_or_none()


async def _insert(
    session: AsyncSession,
    actor: Actor,
    wanted: NewKey,
    limits: dict[str, Any],
    key_id: UUID,
    generation_id: UUID,
    secret: Secret,
    request_id: str | None,
) -> bool:
    now = utc_now()
    stored = (
        insert_or_not(api_key)
        .values(
            id=key_id,
            user_id=actor.user_id,
            name=wanted.name.strip(),
            status=ApiKeyStatus.PROVISIONING,
            client_mutation_id=request_id,
            created_at=now,
            updated_at=now,
            **limits,
        )
        .on_conflict_do_nothing()
        .returning(api_key.c.id)
    )
    if not (await session.execute(stored)).one_or_none():
        return False
    await insert_generation(session, key_id, generation_id, 1, secret)
    models = [{"api_key_id": key_id, "model_id": model_id} for model_id in dict.fromkeys(wanted.model_ids)]
    await session.execute(insert(api_key_model), models)
    audit.record(session, actor, "key.created", "api_key", key_id, name=wanted.name.strip())
    return True


async def insert_generation(
    session: AsyncSession,
    key_id: UUID,
    generation_id: UUID,
    number: int,
    secret: Secret,
    request_id: str | None = None,
) -> None:
    """A secret that LiteLLM does not know yet."""
    now = utc_now()
    await session.execute(
        insert(generation).values(
            id=generation_id,
            api_key_id=key_id,
            number=number,
            token_hash=secret.hash,
            prefix=secret.prefix,
            last_four=secret.last_four,
            client_mutation_id=request_id,
            created_at=now,
            # Should this process die, the secret dies with it: then it is time to clean up.
            settle_due_at=now + settlement.CLAIM,
            settle_attempts=0,
        )
    )


async def confirm_generation(session: AsyncSession, generation_id: UUID, told: dict[str, Any]) -> bool:
    """LiteLLM has it. False when somebody has ended it meanwhile."""
    unconfirmed = (generation.c.id == generation_id, generation.c.told.is_(None), generation.c.ended_at.is_(None))
    confirmed = update(generation).where(*unconfirmed).values(told=told, settle_due_at=None)
    return bool((await session.execute(confirmed.returning(generation.c.id))).one_or_none())


async def _activate(
    session: AsyncSession, actor: Actor, key_id: UUID, generation_id: UUID, told: dict[str, Any]
) -> Row[Any] | None:
    still = select(api_key.c.id).where(api_key.c.id == key_id, api_key.c.status == ApiKeyStatus.PROVISIONING)
    if not (await session.execute(still.with_for_update())).one_or_none():
        return None
    if not await confirm_generation(session, generation_id, told):
        return None
    active = update(api_key).where(api_key.c.id == key_id).values(status=ApiKeyStatus.ACTIVE, updated_at=utc_now())
    await session.execute(active)
    made: Row[Any] = (await session.execute(queries.by_ids(actor, [key_id]))).one()
    return made
