"""Bringing LiteLLM to our rows.

Every generation has a state that it should have (`desired.wanted`, from our rows) and one that LiteLLM last confirmed (`told`). Where
the two differ, one request leads from the second to the first, and can be repeated as often as needed. Who asks claims the
generation first, so that two requests never overtake each other, and marks `told` as not sure, so that a lost answer is not mistaken
for either state.

What only the process that knows the secret can do, making a key, is `present`; the rest is `settle_key` after a change and
`settle_due` by the clock.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, and_, bindparam, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import audit, events
from gateway.db import Database, utc_now
from gateway.keys import desired, policy
from gateway.keys.desired import ABSENT, AGAIN, UNSURE, State
from gateway.keys.policy import Secret
from gateway.keys.tables import ApiKeyStatus, api_key, generation
from gateway.litellm import Circuit, LiteLLM, LiteLLMError, LiteLLMPaused, LiteLLMUnavailable

log = structlog.get_logger()

# Longer than LiteLLM's time-outs allow a request to last, so that nobody else takes a key in hand under a living request.
CLAIM = timedelta(seconds=60)
BATCH = 200
AT_ONCE = 5
WRITTEN_AT_ONCE = 25
MOST_A_LOOK = 2000
# What is left of a claim when its holder gives up.
MARGIN = timedelta(seconds=15)

# What was told, as something that is not sure any more.
_TOLD = func.coalesce(generation.c.told, literal({}, JSONB))
NOT_SURE = _TOLD.op("||")(literal(UNSURE, JSONB))
TELL_AGAIN = _TOLD.op("||")(literal(AGAIN, JSONB))


async def present(
    db: Database, litellm: LiteLLM, generation_id: UUID, secret: Secret, spend: Decimal | None = None
) -> State:
    """Make the generation in LiteLLM and return what it was told. Raises LiteLLMError. `spend`: what counts as spent already."""
    async with db.read() as session:
        found = select(
            api_key.c.id, api_key.c.user_id, generation.c.number, desired.wanted().label("wanted")
        ).select_from(generation.join(api_key))
        row = (await session.execute(found.where(generation.c.id == generation_id))).one()
    if row.wanted == ABSENT:
        raise LiteLLMUnavailable(reason="the key ended before it was made", maybe_done=False)
    await litellm.ensure_user(str(row.user_id))
    request = desired.generate(
        row.wanted,
        utc_now(),
        key=secret.clear,
        # Unique over all of LiteLLM, so not the name that a person chose.
        key_alias=f"{policy.ALIAS_PREFIX}{row.id}-{row.number}",
        user_id=str(row.user_id),
        metadata={"litemaas_api_key_id": str(row.id), "litemaas_generation": row.number},
        spend=spend,
    )
    await litellm.generate_key(request)
    # A key is made unblocked; if it should not be, that is settled next.
    return {**row.wanted, "blocked": False}


async def end(session: AsyncSession, key_id: UUID, status: ApiKeyStatus) -> None:
    """Say in our rows that the key is over."""
    now = utc_now()
    over: dict[str, Any] = {"status": status, "updated_at": now}
    if status is ApiKeyStatus.FAILED:
        over["client_mutation_id"] = None  # the same request may be tried again
    await session.execute(update(api_key).where(api_key.c.id == key_id).values(over))
    await end_generations(session, and_(generation.c.api_key_id == key_id, generation.c.ended_at.is_(None)))
    # Who watches the key's calls stops watching.
    await events.publish(session, [f"api_key:{key_id}"])


async def end_generations(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Say that these secrets are over. Whatever requests that are still on their way may do in LiteLLM will be undone."""
    ended = (
        update(generation)
        .where(which)
        .values(
            ended_at=func.coalesce(generation.c.ended_at, utc_now()),
            told=NOT_SURE,
            # Who is asking LiteLLM just now finds that his result counts no more: there is nothing more to follow than deletions.
            claimed_until=None,
            client_mutation_id=None,
            settle_due_at=None,
            settle_attempts=0,
        )
        .returning(generation.c.api_key_id)
    )
    # Who is connected with such a secret is cut off.
    await events.publish(session, {f"api_key:{key_id}" for key_id in await session.scalars(ended)})


async def count_secrets(session: AsyncSession, key_id: UUID) -> int:
    """How many of the key's secrets work: two while an old one has time left, none after a leak."""
    working = generation.c.api_key_id == key_id, generation.c.ended_at.is_(None), generation.c.told.is_not(None)
    return (await session.execute(select(func.count()).where(*working))).scalar_one()


async def retry_now(session: AsyncSession, key_id: UUID) -> None:
    """Something has changed, so there is no reason to wait for the end of a back-off."""
    waiting = update(generation).where(generation.c.api_key_id == key_id, generation.c.told.is_not(None))
    await session.execute(waiting.values(settle_due_at=None, settle_attempts=0))


async def settle_key(db: Database, litellm: LiteLLM, key_id: UUID) -> None:
    """One attempt for one key, now. LiteLLM being down is no error: the rows stay due."""
    await _settle(db, litellm, await _claim(db, generation.c.api_key_id == key_id))


async def settle_due(db: Database, litellm: LiteLLM) -> int:
    """What the job does each time: write off and end what is over by the clock, then bring LiteLLM to all that differs.

    Returns how many generations were settled. Stops early when LiteLLM answers nothing.
    """
    settled = 0
    while True:
        await _end_by_the_clock(db)
        due = list(await _due(db))
        looked_at = len(due)
        while due and litellm.circuit is not Circuit.OPEN:
            # After a pause one of them finds out whether LiteLLM is back; the others are not held up for it.
            batch = BATCH if litellm.circuit is Circuit.CLOSED else 1
            claimed = await _claim(db, generation.c.id.in_(due[:batch]))
            done = await _settle(db, litellm, claimed)
            settled += done
            if claimed and not done:
                return settled
            del due[:batch]
        if due or looked_at < MOST_A_LOOK:
            return settled


async def _end_by_the_clock(db: Database) -> None:
    now = utc_now()
    async with db.write() as session:
        # LiteLLM never confirmed them, and the process that knew the secret has gone.
        overdue = (
            select(generation.c.id, generation.c.api_key_id, api_key.c.name, api_key.c.status)
            .join(api_key, api_key.c.id == generation.c.api_key_id)
            .where(generation.c.told.is_(None), generation.c.ended_at.is_(None), generation.c.settle_due_at <= now)
            .with_for_update(of=api_key, skip_locked=True)
        )
        for row in (await session.execute(overdue)).all():
            await end_generations(session, generation.c.id == row.id)
            if row.status is ApiKeyStatus.PROVISIONING:
                await end(session, row.api_key_id, ApiKeyStatus.FAILED)
                audit.record(session, "key-reconciler", "key.failed", "api_key", row.api_key_id, name=row.name)
            else:
                audit.record(session, "key-reconciler", "key.rotation_failed", "api_key", row.api_key_id, name=row.name)
        expired = (
            select(api_key.c.id, api_key.c.name)
            .where(api_key.c.status.in_(policy.LIVING), api_key.c.expires_at <= now)
            .with_for_update(skip_locked=True)
        )
        for key_id, name in (await session.execute(expired)).all():
            await end(session, key_id, ApiKeyStatus.EXPIRED)
            audit.record(session, "key-reconciler", "key.expired", "api_key", key_id, name=name)
        overlapped = (
            select(generation.c.id, generation.c.api_key_id, api_key.c.name)
            .join(api_key, api_key.c.id == generation.c.api_key_id)
            .where(generation.c.ended_at.is_(None), generation.c.ends_at <= now)
            .with_for_update(of=api_key, skip_locked=True)
        )
        for generation_id, key_id, name in (await session.execute(overlapped)).all():
            await end_generations(session, generation.c.id == generation_id)
            await no_longer_rotating(session, key_id)
            audit.record(session, "key-reconciler", "key.rotation_finished", "api_key", key_id, name=name)


async def no_longer_rotating(session: AsyncSession, key_id: UUID) -> None:
    """One secret is left: ROTATING becomes ACTIVE, and BLOCKED stays what it is."""
    rotating = update(api_key).where(api_key.c.id == key_id, api_key.c.status == ApiKeyStatus.ROTATING)
    await session.execute(rotating.values(status=ApiKeyStatus.ACTIVE, updated_at=utc_now()))


async def _due(db: Database) -> Sequence[UUID]:
    """What waits longest comes first. To find out, all generations are looked at, so this is asked once for many batches."""
    found = (
        select(generation.c.id)
        .select_from(generation.join(api_key))
        .where(desired.due(utc_now()))
        .order_by(generation.c.settle_due_at.asc().nulls_first())
        .limit(MOST_A_LOOK)
    )
    async with db.read() as session:
        return (await session.scalars(found)).all()


async def _claim(db: Database, which: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Those that are due, ours for CLAIM: what `_ask` needs of each."""
    now = utc_now()
    columns = (
        *(generation.c[name] for name in ("id", "api_key_id", "token_hash", "told", "drift")),
        *(generation.c[name] for name in ("settle_attempts", "settle_due_at", "failing_since")),
        desired.wanted().label("wanted"),
        literal(now + CLAIM).label("claimed_until"),
    )
    found = (
        select(*columns)
        .select_from(generation.join(api_key))
        .where(which, desired.due(now))
        .with_for_update(of=generation, skip_locked=True)
    )
    async with db.write() as session:
        claimed = (await session.execute(found)).all()
        if claimed:
            ours = update(generation).where(generation.c.id.in_([row.id for row in claimed]))
            lost_at = case((generation.c.told.contains(UNSURE), now), else_=generation.c.lost_at)
            await session.execute(ours.values(claimed_until=now + CLAIM, told=NOT_SURE, lost_at=lost_at))
    return claimed


async def _settle(db: Database, litellm: LiteLLM, claimed: Sequence[Row[Any]]) -> int:
    """Returns how many were settled. Answers are written down some at a time."""
    waiting = iter(claimed)
    unwritten: list[dict[str, Any]] = []
    settled: list[int] = []

    async def lane() -> None:
        for row in waiting:
            answer = await _ask(litellm, row)
            unwritten.append(answer)
            if len(unwritten) >= WRITTEN_AT_ONCE:
                some = unwritten.copy()
                unwritten.clear()
                settled.append(await _write(db, some))

    await asyncio.gather(*(lane() for _ in range(min(AT_ONCE, len(claimed)))))
    settled.append(await _write(db, unwritten))
    return sum(settled)


async def _ask(litellm: LiteLLM, row: Row[Any]) -> dict[str, Any]:
    """What becomes of the claimed row, as `_write` takes it."""
    answer = {"of": row.id, "key": row.api_key_id, "ours": row.claimed_until, "drift": row.drift}
    try:
        async with asyncio.timeout((row.claimed_until - MARGIN - utc_now()).total_seconds()):
            told = await _tell(litellm, row.token_hash, row.told or {}, row.wanted)
    except (LiteLLMError, TimeoutError) as error:
        log.warning("key_not_settled", generation_id=str(row.id), attempts=row.settle_attempts, error=str(error))
        attempts, due_at = row.settle_attempts, row.settle_due_at
        if not isinstance(error, LiteLLMPaused):  # then nothing was tried
            attempts += 1
            due_at = utc_now() + policy.back_off(attempts)
        maybe_done = not isinstance(error, LiteLLMError) or getattr(error, "maybe_done", False)
        as_it_was = row.told is not None and not maybe_done
        told = row.told if as_it_was else {**(row.told or {}), **UNSURE}
        failing_since = row.failing_since or utc_now()
        return answer | {"told": told, "attempts": attempts, "due_at": due_at, "failing_since": failing_since}
    if told != row.wanted:
        answer["drift"] = told  # somebody has deleted it there
    return answer | {"told": told, "attempts": 0, "due_at": None, "failing_since": None}


async def _write(db: Database, answers: Sequence[dict[str, Any]]) -> int:
    """Returns how many of them were successes. What was claimed anew since is left as it is."""
    if not answers:
        return 0
    ours = (generation.c.id == bindparam("of"), generation.c.claimed_until == bindparam("ours"))
    written = update(generation).where(*ours)
    written = written.values(
        told=bindparam("told"),
        drift=bindparam("drift"),
        settle_attempts=bindparam("attempts"),
        settle_due_at=bindparam("due_at"),
        failing_since=bindparam("failing_since"),
        claimed_until=None,
    )
    keys = select(api_key.c.id).where(api_key.c.id.in_([answer["key"] for answer in answers])).order_by(api_key.c.id)
    async with db.write() as session:
        # As every verb does it: the key first, then its secrets, so that none waits for another in a circle.
        await session.execute(keys.with_for_update(key_share=True))
        await (await session.connection()).execute(written, list(answers))
    return sum(answer["failing_since"] is None for answer in answers)


async def _tell(litellm: LiteLLM, token: str, told: State, wanted: State) -> State:
    """One request; returns what LiteLLM has now. Raises LiteLLMError."""
    if wanted == ABSENT:
        await litellm.delete_key(token)
        return ABSENT
    if await litellm.update_key(token, desired.changes(told, wanted, utc_now())):
        return wanted
    # Somebody has deleted it there. Without its secret nobody can bring it back: it is shown as drift.
    log.warning("key_missing_in_litellm", token=token[:8])
    return ABSENT
