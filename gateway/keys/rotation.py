"""New secrets for keys that live on: rotation with an overlap, and the answer to a leak.

LiteLLM has a rotation of its own for those who buy a licence. This one needs none: a new secret is a second key in LiteLLM, made before
the old one is touched, so that a failure at any step leaves the old one working.

What is exact and what is not. Models, expiry and blocking hold for both secrets. A budget holds for each of them: the new one begins with
what the old one had spent when it was made, so that during the overlap both together may spend what was left twice. Limits per minute
and of parallel requests count for each secret while there are two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Row, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor
from gateway.db import one_of, utc_now
from gateway.errors import InvalidInput, NotPermitted, UpstreamUnavailable
from gateway.keys import access, policy, queries, settlement
from gateway.keys.base import Verbs
from gateway.keys.creation import AlreadyDone, CreatedKey, confirm_generation, insert_generation
from gateway.keys.desired import State
from gateway.keys.policy import Secret
from gateway.keys.tables import ApiKeyStatus, api_key, generation
from gateway.litellm import Circuit, LiteLLMError, hash_secret
from gateway.subscriptions import InvalidTransition

log = structlog.get_logger()


class RotationFailed(UpstreamUnavailable):
    sentence = "LiteLLM did not confirm a new secret. What worked before works as before; try again in a minute."


@dataclass(frozen=True)
class ReportedKey:
    """`secret` is None when none was made: LiteLLM did not answer, or it was not the owner who reported the leak."""

    row: Row[Any]
    secret: str | None = field(repr=False)


class Rotating(Verbs):
    """Every verb raises NotFound, NotPermitted (auditors, or another person's key unless admin) and InvalidTransition."""

    async def rotate(
        self, actor: Actor, key_id: UUID, overlap: timedelta, client_mutation_id: str | None = None
    ) -> CreatedKey:
        """A new secret; the old one works for `overlap` more, and not longer than the key.

        Only the owner gets a secret: NotPermitted for an admin. Raises InvalidInput (`overlap`), AlreadyDone, and RotationFailed with the
        old secret left as it was.
        """
        if not timedelta() <= overlap <= policy.MAX_OVERLAP:
            raise InvalidInput("overlap", f"must be from 0 to {policy.MAX_OVERLAP.days * 86400} seconds")
        request_id = policy.check_request_id(client_mutation_id)
        if self._litellm.circuit is Circuit.OPEN:
            raise RotationFailed
        secret, new_id = Secret.new(), uuid4()
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id)
            if row.user_id != actor.user_id:
                raise NotPermitted
            if request_id and await _rotated_by(session, key_id, request_id):
                raise AlreadyDone((await session.execute(queries.by_ids(actor, [key_id]))).one())
            living = await _living(session, key_id)
            _check_rotatable(row, living)
            await insert_generation(session, key_id, new_id, await _next_number(session, key_id), secret, request_id)
            detail = {"name": row.name, "overlap": int(overlap.total_seconds())}
            audit.record(session, actor, "key.rotated", "api_key", key_id, **detail)
        if not await self._make(row, living, new_id, secret, overlap, active_after=not living):
            raise RotationFailed
        return CreatedKey(await self._settled(actor, key_id), secret.clear)

    async def finish_rotation(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """End the old secret before its time."""
        async with self._db.write() as session:
            row, old, _ = await _both(session, actor, key_id)
            await settlement.end_generations(session, generation.c.id == old.id)
            await settlement.no_longer_rotating(session, key_id)
            audit.record(session, actor, "key.rotation_finished", "api_key", key_id, name=row.name)
        return await self._settled(actor, key_id)

    async def undo_rotation(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """End the new secret and keep the old one."""
        async with self._db.write() as session:
            row, old, new = await _both(session, actor, key_id)
            await settlement.end_generations(session, generation.c.id == new.id)
            await session.execute(update(generation).where(generation.c.id == old.id).values(ends_at=None))
            await settlement.no_longer_rotating(session, key_id)
            audit.record(session, actor, "key.rotation_undone", "api_key", key_id, name=row.name)
        return await self._settled(actor, key_id)

    async def report_leak(self, actor: Actor, key_id: UUID, since: datetime) -> ReportedKey:
        """End every secret of the key at once and, for its owner, make a new one.

        `since` is when it may have leaked; it goes into the record. Until there is a new secret the key is BLOCKED, and may be rotated.
        """
        if since.tzinfo is None or since > utc_now():
            raise InvalidInput("since", "must be in the past, with a time zone")
        secret, new_id = Secret.new(), uuid4()
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id, policy.LIVING)
            living = await _living(session, key_id)
            own = row.user_id == actor.user_id
            every = and_(generation.c.api_key_id == key_id, generation.c.ended_at.is_(None))
            await settlement.end_generations(session, every)
            on_hold = update(api_key).where(api_key.c.id == key_id)
            await session.execute(on_hold.values(status=ApiKeyStatus.BLOCKED, updated_at=utc_now()))
            if own:
                await insert_generation(session, key_id, new_id, await _next_number(session, key_id), secret)
            detail = {"name": row.name, "before": row.status, "since": since.isoformat()}
            audit.record(session, actor, "key.leak_reported", "api_key", key_id, **detail)
        was_on_hold = row.status is ApiKeyStatus.BLOCKED and bool(living)
        spend = await self._spent(row, living) if own else None
        await settlement.settle_key(self._db, self._litellm, key_id)
        made = own and await self._make(row, [], new_id, secret, timedelta(), spend=spend, active_after=not was_on_hold)
        return ReportedKey(await self._settled(actor, key_id), secret.clear if made else None)

    async def find_by_secret(self, actor: Actor, secret: str) -> Row[Any] | None:
        """The key with this secret, now or ever. The secret is hashed here and goes nowhere. Raises NotPermitted but for admins."""
        if not actor.is_admin:
            raise NotPermitted
        async with self._db.write() as session:
            found = select(generation.c.api_key_id).where(generation.c.token_hash == hash_secret(secret.strip()))
            key_id = (await session.execute(found)).scalar_one_or_none()
            if key_id is None:
                return None
            audit.record(session, actor, "key.found_by_secret", "api_key", key_id)
            row: Row[Any] = (await session.execute(queries.by_ids(actor, [key_id]))).one()
        return row

    async def generations_by_key(self, key_ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
        """The secrets of each key, newest first. For keys that the caller was shown."""
        found = select(generation).where(one_of(generation.c.api_key_id, key_ids)).order_by(generation.c.number.desc())
        by_key: dict[UUID, list[Row[Any]]] = {}
        for row in await self._db.rows(found):
            by_key.setdefault(row.api_key_id, []).append(row)
        return by_key

    async def _spent(self, key: Row[Any], living: Sequence[Row[Any]]) -> Decimal | None:
        """US dollars of the present window that a new secret begins with; None for a key without a budget, or if nobody knows."""
        if key.max_budget is None or not living:
            return None
        try:
            info = await self._litellm.key_info(living[0].token_hash)
        except LiteLLMError:
            return None  # then it will not make a key either
        return info.spend if info else None

    async def _make(
        self,
        key: Row[Any],
        old: Sequence[Row[Any]],
        new_id: UUID,
        secret: Secret,
        overlap: timedelta,
        *,
        spend: Decimal | None = None,
        active_after: bool,
    ) -> bool:
        """Make the new secret in LiteLLM; when it has confirmed, the old ones end, at once or in time.

        False: it did not, or somebody ended the key meanwhile; then nothing of the new secret stays behind.
        """
        try:
            spent = spend if spend is not None else await self._spent(key, old)
            told = await settlement.present(self._db, self._litellm, new_id, secret, spent)
        except LiteLLMError as error:
            log.warning("key_not_rotated", api_key_id=str(key.id), error=str(error))
            confirmed = False
        else:
            async with self._db.write() as session:
                confirmed = await _take_over(session, key.id, new_id, told, overlap, active_after=active_after)
        if not confirmed:
            async with self._db.write() as session:
                await settlement.end_generations(session, generation.c.id == new_id)
                audit.record(session, "key-maker", "key.rotation_failed", "api_key", key.id, name=key.name)
            await settlement.settle_key(self._db, self._litellm, key.id)
        return confirmed


async def _take_over(
    session: AsyncSession, key_id: UUID, new_id: UUID, told: State, overlap: timedelta, *, active_after: bool
) -> bool:
    row = (await session.execute(select(api_key).where(api_key.c.id == key_id).with_for_update())).one()
    if not await confirm_generation(session, new_id, told):
        return False
    old = (
        generation.c.api_key_id == key_id,
        generation.c.id != new_id,
        generation.c.ended_at.is_(None),
    )
    status = row.status
    if overlap:
        ends_at = utc_now() + overlap
        if row.expires_at is not None:
            ends_at = min(ends_at, row.expires_at)
        ending = update(generation).where(*old).values(ends_at=ends_at).returning(generation.c.id)
        if (await session.execute(ending)).first() and status is ApiKeyStatus.ACTIVE:
            status = ApiKeyStatus.ROTATING
    else:
        await settlement.end_generations(session, and_(*old))
    if active_after and status is ApiKeyStatus.BLOCKED:
        status = ApiKeyStatus.ACTIVE
    await session.execute(update(api_key).where(api_key.c.id == key_id).values(status=status, updated_at=utc_now()))
    await settlement.retry_now(session, key_id)
    return True


async def _living(session: AsyncSession, key_id: UUID) -> Sequence[Row[Any]]:
    """The secrets that are not over, newest first."""
    found = select(generation).where(generation.c.api_key_id == key_id, generation.c.ended_at.is_(None))
    return (await session.execute(found.order_by(generation.c.number.desc()))).all()


async def _next_number(session: AsyncSession, key_id: UUID) -> int:
    highest = select(func.max(generation.c.number)).where(generation.c.api_key_id == key_id)
    return int((await session.execute(highest)).scalar_one()) + 1


async def _rotated_by(session: AsyncSession, key_id: UUID, request_id: str) -> bool:
    done = generation.c.api_key_id == key_id, generation.c.client_mutation_id == request_id
    return (await session.execute(select(generation.c.id).where(*done))).first() is not None


def _check_rotatable(key: Row[Any], living: Sequence[Row[Any]]) -> None:
    """One secret that works and no rotation under way; or none at all, after a leak. Raises InvalidTransition."""
    if key.status is ApiKeyStatus.BLOCKED and not living:
        return
    if key.status is not ApiKeyStatus.ACTIVE:
        raise InvalidTransition("key", key.status)
    if len(living) != 1:
        raise InvalidTransition("key", ApiKeyStatus.ROTATING)


async def _both(session: AsyncSession, actor: Actor, key_id: UUID) -> tuple[Row[Any], Row[Any], Row[Any]]:
    """The key, and its old and new secret in an overlap. Raises InvalidTransition when there is none."""
    row = await access.changeable(session, actor, key_id, (ApiKeyStatus.ROTATING, ApiKeyStatus.BLOCKED))
    living = await _living(session, key_id)
    if len(living) != 2:
        raise InvalidTransition("key", row.status)
    new, old = living
    return row, old, new
