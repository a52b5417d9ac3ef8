"""Keys that were edited or deleted in LiteLLM behind our back: found by a sweep, shown, and repaired or adopted when somebody says so.

A sweep changes nothing in LiteLLM but one thing: keys with our alias that no row of ours accounts for are deleted. What it can't read, and
a LiteLLM that says it has no keys at all, it does not believe. What differs after an answer was lost is taken for a request of our own that
LiteLLM carried out late, and settled again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, and_, case, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit
from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import table_of, utc_now
from gateway.errors import InvalidInput, NotPermitted
from gateway.keys import access, desired, policy, settlement
from gateway.keys.base import Verbs
from gateway.keys.desired import ABSENT, UNSURE, State
from gateway.keys.tables import ApiKeyStatus, api_key, api_key_model, generation
from gateway.litellm import KeyInfo
from gateway.subscriptions import InvalidTransition

log = structlog.get_logger()

_model = table_of(Model)

# Rows are written before keys are made, so a key without one is nobody's; but clocks differ, and so may databases that were restored.
GRACE = timedelta(hours=1)
MOST_ORPHANS = 10
# As long may LiteLLM take over a request that we have given up.
LATE = timedelta(minutes=10)
_PAGES = 10_000


class Drifting(Verbs):
    async def sweep(self) -> int:
        """Compare all that LiteLLM has of ours with what it confirmed. Returns how many keys differ. Raises LiteLLMError."""
        before = await self._confirmed()
        there = await self._list()
        living = [row for row in before.values() if row.ended_at is None]
        if living and not there:
            log.error("litellm_says_it_has_no_keys", expected=len(living))
            return 0
        differing, calm = 0, []
        for row in living:
            # Pages shift while keys come and go: what was in none of them is asked for by name.
            info = there.get(row.token_hash) or await self._litellm.key_info(row.token_hash)
            found = ABSENT if info is None else desired.found(info)
            drift = _differences(row.told, found)
            differing += drift is not None
            if drift != row.drift or (row.told == ABSENT and found != ABSENT):
                await self._note(row, found, drift)
            elif drift is None and row.lost_at is not None:
                calm.append(row.id)
        await self._forget_lost(calm)
        await self._take_away_orphans(before, there)
        return differing

    async def repair(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """Bring LiteLLM back to our row. Raises InvalidInput for a key that is gone there, since nobody has its secret: rotate it."""
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id, policy.LIVING)
            drifted = await _drifted(session, key_id)
            if any(each.drift == ABSENT for each in drifted):
                raise InvalidInput("apiKeyId", "names a key that was deleted in LiteLLM: give it a new secret instead")
            await _believe(session, drifted)
            audit.record(session, actor, "key.repaired", "api_key", key_id, name=row.name, drift=_told(drifted))
        return await self._settled(actor, key_id)

    async def adopt(self, actor: Actor, key_id: UUID) -> Row[Any]:
        """Make our row say what LiteLLM has; a key that is gone there is revoked. Admins only; InvalidTransition during a rotation.

        Models without an active subscription of the owner are taken off in LiteLLM all the same, and what subscriptions limit stays so.
        """
        if not actor.is_admin:
            raise NotPermitted
        async with self._db.write() as session:
            row = await access.changeable(session, actor, key_id, (ApiKeyStatus.ACTIVE, ApiKeyStatus.BLOCKED))
            if await settlement.count_secrets(session, key_id) > 1:
                raise InvalidTransition("key", ApiKeyStatus.ROTATING)
            drifted = await _drifted(session, key_id)
            for each in drifted:
                if each.drift == ABSENT:
                    await settlement.end(session, key_id, ApiKeyStatus.REVOKED)
                else:
                    await _adopt(session, key_id, each.drift)
            await _believe(session, [each for each in drifted if each.drift != ABSENT])
            audit.record(session, actor, "key.adopted", "api_key", key_id, name=row.name, drift=_told(drifted))
        return await self._settled(actor, key_id)

    async def _confirmed(self) -> dict[str, Row[Any]]:
        """Our generations by token, without those that are on their way."""
        at_rest = (generation.c.claimed_until.is_(None), ~generation.c.told.has_key("sure"))
        columns = (generation.c[name] for name in ("id", "token_hash", "told", "drift", "lost_at", "ended_at"))
        async with self._db.read() as session:
            rows = await session.execute(select(*columns).where(*at_rest))
            return {row.token_hash: row for row in rows}

    async def _list(self) -> dict[str, KeyInfo]:
        there: dict[str, KeyInfo] = {}
        for page in range(1, _PAGES):
            answer = await self._litellm.list_keys(policy.ALIAS_PREFIX, page)
            there |= {key.token: key for key in answer.keys}
            if not answer.keys or (answer.total_pages is not None and page >= answer.total_pages):
                return there
        raise AssertionError("LiteLLM's list of keys has no end")

    async def _note(self, row: Row[Any], found: State, drift: State | None) -> None:
        """Unless something was told meanwhile: then the next sweep sees."""
        same = and_(
            generation.c.id == row.id,
            generation.c.told == literal(row.told, JSONB),
            generation.c.claimed_until.is_(None),
        )
        values: dict[str, Any] = {"drift": drift}
        if row.told == ABSENT and found != ABSENT:
            values = {"drift": None, "told": found}  # it is back, and can be settled again
        elif row.lost_at is not None and drift not in (None, ABSENT):
            values = {"drift": None, "told": {**row.told, **UNSURE}, "settle_due_at": None}
        async with self._db.write() as session:
            await session.execute(update(generation).where(same).values(values))
        if drift is not None:
            log.warning("key_drifted", generation_id=str(row.id), fields=sorted(drift))

    async def _forget_lost(self, calm: Sequence[UUID]) -> None:
        """These are as they should be: after so long, nothing that was lost will come in any more."""
        if calm:
            old = select(generation.c.id).where(generation.c.id.in_(calm), generation.c.lost_at < utc_now() - LATE)
            free = old.with_for_update(skip_locked=True)
            async with self._db.write() as session:
                await session.execute(update(generation).where(generation.c.id.in_(free)).values(lost_at=None))

    async def _take_away_orphans(self, before: Mapping[str, Row[Any]], there: Mapping[str, KeyInfo]) -> None:
        async with self._db.read() as session:
            known = select(generation.c.token_hash).where(generation.c.token_hash.in_(list(there)))
            ours = set((await session.scalars(known)).all())
        # They have ended here and were deleted there, and came back: a request that was late, or a backup.
        returned = [row.id for token, row in before.items() if row.told == ABSENT and row.ended_at and token in there]
        if returned:
            async with self._db.write() as session:
                again = update(generation).where(generation.c.id.in_(returned))
                await session.execute(again.values(told=UNSURE, settle_due_at=None))
        old = utc_now() - GRACE
        orphans = [
            key
            for token, key in there.items()
            if token not in ours
            and (key.key_alias or "").startswith(policy.ALIAS_PREFIX)
            and key.created_at is not None
            and key.created_at < old
        ]
        if len(orphans) > MOST_ORPHANS:
            log.error(
                "too_many_orphans_to_believe", count=len(orphans), hint="another LiteMaaS, or a restored database?"
            )
            return
        for key in orphans:
            await self._litellm.delete_key(key.token)
            log.warning("orphan_deleted", alias=key.key_alias)


def _differences(told: State, found: State) -> State | None:
    """The fields of `found` that are not as told; None when there are none. A minute's difference in expiry is rounding."""
    if found == ABSENT:
        return ABSENT
    if told == ABSENT:
        return None
    # What an earlier release never told is not compared until it was.
    drift = {name: value for name, value in found.items() if name in told and told[name] != value}
    if "models" in drift and sorted(told["models"]) == sorted(found["models"]):
        del drift["models"]
    ends = (told["expires"], found["expires"])
    if None not in ends and abs(ends[0] - ends[1]) < 60:
        drift.pop("expires", None)
    money = (told["max_budget"], found["max_budget"])
    if None not in money and Decimal(money[0]) == Decimal(money[1]):
        drift.pop("max_budget", None)
    return drift or None


async def _drifted(session: AsyncSession, key_id: UUID) -> Sequence[Row[Any]]:
    found = select(generation).where(
        generation.c.api_key_id == key_id, generation.c.ended_at.is_(None), generation.c.drift.is_not(None)
    )
    if not (rows := (await session.execute(found.with_for_update())).all()):
        raise InvalidInput("apiKeyId", "names a key that is in LiteLLM as it should be")
    return rows


async def _believe(session: AsyncSession, drifted: Sequence[Row[Any]]) -> None:
    """All is told again, since more may have changed there since it was looked at. Who is asking just now does not count."""
    again = update(generation).where(generation.c.id.in_([each.id for each in drifted]))
    told = case((generation.c.claimed_until.is_(None), settlement.TELL_AGAIN), else_=settlement.NOT_SURE)
    await session.execute(again.values(told=told, drift=None, claimed_until=None, settle_due_at=None))


async def _adopt(session: AsyncSession, key_id: UUID, drift: State) -> None:
    values: dict[str, Any] = {name: value for name, value in drift.items() if name in policy.LIMITS}
    if values.get("max_budget") is not None:
        values["max_budget"] = Decimal(values["max_budget"])
    if "expires" in drift:
        values["expires_at"] = None if drift["expires"] is None else datetime.fromtimestamp(drift["expires"], UTC)
    if "blocked" in drift:
        values["status"] = ApiKeyStatus.BLOCKED if drift["blocked"] else ApiKeyStatus.ACTIVE
    await session.execute(update(api_key).where(api_key.c.id == key_id).values(updated_at=utc_now(), **values))
    if "models" in drift:
        await session.execute(delete(api_key_model).where(api_key_model.c.api_key_id == key_id))
        named = select(literal(key_id), _model.c.id).where(_model.c.name.in_(drift["models"]))
        await session.execute(insert(api_key_model).from_select(["api_key_id", "model_id"], named))


def _told(drifted: Sequence[Row[Any]]) -> list[State]:
    return [dict(each.drift) for each in drifted]
