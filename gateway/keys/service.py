"""The verbs of keys."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor, Role
from gateway.catalog import Model, ModelLifecycle
from gateway.catalog import visible_to as model_visible_to
from gateway.db import Database, utc_now
from gateway.errors import DomainError, InvalidInput, NotFound, NotPermitted, UpstreamUnavailable
from gateway.keys import policy, queries, settlement
from gateway.keys.policy import NewKey, Secret
from gateway.keys.queries import api_key, api_key_model, generation
from gateway.keys.tables import ApiKeyStatus
from gateway.litellm import LiteLLM, LiteLLMError, LiteLLMRefused
from gateway.paging import Page, fetch_page
from gateway.subscriptions import InvalidTransition, usable_models

log = structlog.get_logger()

_model = Model.__table__  # type: ignore[attr-defined]


@dataclass(eq=False)
class NotSubscribed(DomainError):
    """`models` are rows of the catalogue."""

    models: Sequence[Row[Any]]
    field: str = "modelIds"
    code = "NOT_SUBSCRIBED"
    sentence = "A key may hold only models with an active subscription: {names}."

    @property
    def names(self) -> str:
        return ", ".join(model.name for model in self.models)

    @property
    def message(self) -> str:
        return self.sentence.format(names=self.names)


@dataclass(frozen=True)
class CreatedKey:
    """`secret` is to be answered to its owner and then forgotten."""

    row: Row[Any]
    secret: str = field(repr=False)


class KeyService:
    def __init__(self, db: Database, litellm: LiteLLM) -> None:
        self._db = db
        self._litellm = litellm

    async def page(
        self, actor: Actor, first: int, after: str | None = None, status: Sequence[ApiKeyStatus] | None = None
    ) -> Page[Row[Any]]:
        """The caller's own keys, newest first."""
        async with self._db.read() as session:
            query = queries.listed(actor, status, own=True)
            return await fetch_page(self._db, session, query, queries.NEWEST_FIRST, first, after)

    async def page_of_all(
        self, actor: Actor, first: int, after: str | None = None, status: Sequence[ApiKeyStatus] | None = None
    ) -> Page[Row[Any]]:
        """Everybody's keys, newest first. Raises NotPermitted for a plain user."""
        if not actor.reads_all:
            raise NotPermitted
        async with self._db.read() as session:
            query = queries.listed(actor, status, own=False)
            return await fetch_page(self._db, session, query, queries.NEWEST_FIRST, first, after)

    async def by_ids(self, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
        async with self._db.read() as session:
            return {row.id: row for row in await session.execute(queries.by_ids(actor, ids))}

    async def models_by_key(self, key_ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
        """The models of each key. For keys that the caller was shown."""
        models: dict[UUID, list[Row[Any]]] = defaultdict(list)
        async with self._db.read() as session:
            for row in await session.execute(queries.models_of(key_ids)):
                models[row.api_key_id].append(row)
        return models

    async def create(self, actor: Actor, wanted: NewKey) -> CreatedKey:
        """Make a key: row first, LiteLLM after the commit, the secret only when LiteLLM has it.

        Raises NotPermitted (auditors), InvalidInput, NotSubscribed, and UpstreamUnavailable when LiteLLM does not confirm; then no key
        with this secret stays behind.
        """
        if actor.role is Role.AUDITOR:
            raise NotPermitted
        wanted.check(utc_now())
        secret = Secret.new()
        key_id, generation_id = uuid4(), uuid4()
        async with self._db.write() as session:
            await self._check_models(session, actor, wanted.model_ids)
            await self._insert(session, actor, wanted, key_id, generation_id, secret)
        try:
            await settlement.present(self._db, self._litellm, generation_id, secret)
        except LiteLLMError as error:
            log.warning("key_not_provisioned", api_key_id=str(key_id), error=str(error))
            await settlement.give_up(self._db, self._litellm, key_id)
            if isinstance(error, LiteLLMRefused):
                raise InvalidInput("input", f"was refused by LiteLLM: {error.reason}") from error
            raise UpstreamUnavailable from error
        async with self._db.write() as session:
            row = await self._activate(session, actor, key_id, generation_id)
        if row is None:
            # The reconciler took us for dead and has deleted the key, perhaps before LiteLLM had made it.
            await settlement.give_up(self._db, self._litellm, key_id)
            raise UpstreamUnavailable
        return CreatedKey(row, secret.clear)

    async def revoke(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """End a key for good: REVOKED here at once, and in LiteLLM now or, should it not answer, as soon as it does.

        Raises NotPermitted (auditors, or another person's key unless admin), NotFound or InvalidTransition.
        """
        async with self._db.write() as session:
            row = await self._changeable(session, actor, key_id)
            if row.status not in policy.REVOCABLE:
                raise InvalidTransition("key", row.status)
            await settlement.end(session, key_id, ApiKeyStatus.REVOKED)
            audit.record(session, actor, "key.revoked", "api_key", key_id, name=row.name, before=row.status)
        await settlement.settle_key(self._db, self._litellm, key_id)
        return (await self.by_ids(actor, [key_id]))[key_id]

    async def settle(self) -> int:
        """Bring LiteLLM to our rows where that is due. Returns how many generations were settled."""
        return await settlement.settle_due(self._db, self._litellm)

    async def _check_models(self, session: AsyncSession, actor: Actor, model_ids: Sequence[UUID]) -> None:
        known = select(_model).where(model_visible_to(actor), _model.c.id.in_(model_ids))
        models = {row.id: row for row in await session.execute(known)}
        if any(model_id not in models for model_id in model_ids):
            raise NotFound("model")
        retired = [row.name for row in models.values() if row.lifecycle is ModelLifecycle.RETIRED]
        if retired:
            raise InvalidInput("modelIds", f"names models that are no longer there: {', '.join(sorted(retired))}")
        usable = await usable_models(session, actor.user_id, model_ids)
        if missing := [models[model_id] for model_id in dict.fromkeys(model_ids) if model_id not in usable]:
            raise NotSubscribed(missing)

    async def _insert(
        self, session: AsyncSession, actor: Actor, wanted: NewKey, key_id: UUID, generation_id: UUID, secret: Secret
    ) -> None:
        now = utc_now()
        await session.execute(
            insert(api_key).values(
                id=key_id,
                user_id=actor.user_id,
                name=wanted.name.strip(),
                status=ApiKeyStatus.PROVISIONING,
                max_budget=wanted.max_budget,
                budget_duration=wanted.budget_duration,
                rpm_limit=wanted.rpm_limit,
                tpm_limit=wanted.tpm_limit,
                expires_at=wanted.expires_at,
                created_at=now,
                updated_at=now,
            )
        )
        await session.execute(
            insert(generation).values(
                id=generation_id,
                api_key_id=key_id,
                number=1,
                token_hash=secret.hash,
                prefix=secret.prefix,
                last_four=secret.last_four,
                created_at=now,
                # Should this process die now, the secret dies with it: then it is time to clean up.
                settle_due_at=now + settlement.PROVISIONING_TIME,
                settle_attempts=0,
            )
        )
        models = [{"api_key_id": key_id, "model_id": model_id} for model_id in dict.fromkeys(wanted.model_ids)]
        await session.execute(insert(api_key_model), models)
        audit.record(session, actor, "key.created", "api_key", key_id, name=wanted.name.strip())

    async def _activate(
        self, session: AsyncSession, actor: Actor, key_id: UUID, generation_id: UUID
    ) -> Row[Any] | None:
        still = (api_key.c.id == key_id, api_key.c.status == ApiKeyStatus.PROVISIONING)
        active = update(api_key).where(*still).values(status=ApiKeyStatus.ACTIVE, updated_at=utc_now())
        if not (await session.execute(active.returning(api_key.c.id))).one_or_none():
            return None
        await session.execute(update(generation).where(generation.c.id == generation_id).values(settle_due_at=None))
        made: Row[Any] = (await session.execute(queries.by_ids(actor, [key_id]))).one()
        return made

    async def _changeable(self, session: AsyncSession, actor: Actor, key_id: UUID) -> Row[Any]:
        """The key's row, locked. Raises NotFound for one that the actor can't see, NotPermitted for one that he may only see."""
        found = select(api_key).where(queries.visible_to(actor), api_key.c.id == key_id).with_for_update()
        row = (await session.execute(found)).one_or_none()
        if row is None:
            raise NotFound("key")
        if actor.role is Role.AUDITOR or not (actor.is_admin or row.user_id == actor.user_id):
            raise NotPermitted
        return row
