"""What must hold on every walk, by the words of the rules and not by the queries that are tested."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from gateway.db import utc_now
from gateway.keys import desired
from gateway.keys.tables import api_key, generation
from gateway.litellm import KeyInfo
from tests.domains.keys.looking import sha256, tables_holding
from tests.domains.keys.walking import HOUR, Walk

_LIMITS = ("max_budget", "budget_duration", "rpm_limit", "tpm_limit", "max_parallel_requests")
_COLUMNS = ("status", "expires_at", *_LIMITS)
GONE = ("REVOKED", "EXPIRED", "FAILED")


async def check_always(walk: Walk) -> None:
    """After each step, whatever was cut, lost or late."""
    rows, there, allowed = await _rows(walk), await _in_litellm(walk), await _allowed(walk)
    assert there.keys() <= {row.token_hash for row in rows}, "LiteLLM has a key without a row"
    for row in rows:
        if row.token_hash in walk.tampered:
            continue
        info = there.get(row.token_hash)
        if row.wanted != desired.ABSENT and row.told is not None:
            assert info is not None, "a secret that should work is gone from LiteLLM"
        # What we say that LiteLLM confirmed is so, unless a request got lost that may come in late.
        if row.told == row.wanted and row.lost_at is None and not walk.world.line.stuck:
            _check_key(row, info, allowed[row.api_key_id])


async def check_at_rest(walk: Walk) -> None:
    """When the line is well and what was late has come: LiteLLM has exactly what our rows give, limit by limit."""
    while walk.world.line.stuck:
        await walk.step("deliver", -1)
    await _end(walk)
    await _check_grants(walk)
    await _check_quotas(walk)
    await _come_to_rest(walk)
    drifted = [row for row in await _rows(walk) if row.drift is not None and row.ended_at is None]
    assert {row.token_hash for row in drifted} <= walk.tampered, "what we did ourselves is shown as drift"
    deleted = {row.api_key_id for row in drifted if row.drift == desired.ABSENT}
    for key_id in {row.api_key_id for row in drifted}:
        verb = walk.world.other.revoke if key_id in deleted else walk.world.other.repair
        await verb(walk.alice, key_id)
    await _come_to_rest(walk)
    rows, there, allowed = await _rows(walk), await _in_litellm(walk), await _allowed(walk)
    for row in rows:
        assert row.drift is None or row.ended_at is not None
        assert row.ended_at or row.ends_at is None or row.ends_at > utc_now(), "a secret outlives its overlap"
        _check_key(row, there.get(row.token_hash), allowed[row.api_key_id])
    for key in (await walk.world.other.page(walk.alice, 100)).rows:
        assert key.in_sync
        assert key.status in GONE or key.expires_at is None or key.expires_at > utc_now(), "a key outlives its end"
        _check_status(key.status, [row for row in rows if row.api_key_id == key.id and row.ended_at is None])
    untouched = await walk.world.peek.key_info(sha256(walk.of_bob))
    assert untouched is not None
    assert (untouched.models, untouched.blocked) == ([walk.bobs.name], None)
    assert await tables_holding(walk.world.db, walk.secrets) == [], "a secret is in a table"


async def _end(walk: Walk) -> None:
    """What random steps seldom do one after the other."""
    await walk.step("rotate", 0, HOUR, None)
    await walk.step("clock", "overlaps end")
    await walk.step("rotate", 1, HOUR, None)
    for index, (number, ago) in enumerate([(2, timedelta()), (3, HOUR), (1, timedelta())]):
        await walk.step("subscription", "set quota", index)
        await walk.step("calls", index, number, ago)
    for verb in ("cancel", "request"):
        await walk.step("subscription", verb, 2)


async def _check_grants(walk: Walk) -> None:
    """Nobody gets a restricted model by asking for it."""
    asked = "SELECT DISTINCT to_status FROM subscription_change h JOIN model_subscription s ON s.id = h.subscription_id"
    async with walk.world.db.read() as session:
        found = await session.scalars(
            text(f"{asked} WHERE h.action = 'REQUESTED' AND s.model_id = :m"), {"m": walk.models[2].id}
        )
        assert set(found) <= {"PENDING"}


async def _check_quotas(walk: Walk) -> None:
    """After the job has looked, those are used up of which this hour's calls have reached the limit, and until the hour ends."""
    await walk.step("quotas")
    now = utc_now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    used = (
        "SELECT s.max_requests, s.exhausted_until, (SELECT count(*) FROM usage_event e WHERE e.user_id = s.user_id"
        " AND e.model_name = m.name AND e.success AND e.occurred_at >= :hour) AS used"
        " FROM model_subscription s JOIN model m ON m.id = s.model_id WHERE s.user_id = :u AND s.status = 'ACTIVE'"
    )
    async with walk.world.db.read() as session:
        rows = (await session.execute(text(used), {"u": walk.alice.user_id, "hour": hour})).all()
    for row in rows if utc_now() < hour + HOUR else ():  # or the hour has just ended
        is_used_up = row.max_requests is not None and row.used >= row.max_requests
        assert row.exhausted_until == (hour + HOUR if is_used_up else None)


async def _come_to_rest(walk: Walk) -> None:
    for name in ("wait", "settle", "wait", "settle", "sweep", "settle", "wait", "settle", "sweep"):
        await walk.step(name)
    assert await walk.world.other.settle() == 0, "it does not come to rest"


def _check_key(row: Any, info: KeyInfo | None, allowed: dict[str, int | None]) -> None:
    if row.ended_at is not None:
        assert info is None, "what has ended works in LiteLLM"
        return
    assert info is not None
    assert set(info.models) == (allowed.keys() or {"no-default-models"})
    assert (info.metadata.get("model_rpm_limit") or {}) == {n: pace for n, pace in allowed.items() if pace is not None}
    assert bool(info.blocked) == (row.status == "BLOCKED")
    for limit in _LIMITS:
        assert getattr(info, limit) == getattr(row, limit)
    ends = [end for end in (row.expires_at, row.ends_at) if end is not None]
    assert (info.expires is None) == (ends == [])
    assert info.expires is None or abs(info.expires - min(ends)) < timedelta(seconds=60)


def _check_status(status: str, living: list[Any]) -> None:
    ending = [row for row in living if row.ends_at is not None]
    match status:
        case "ACTIVE":
            assert (len(living), len(ending)) == (1, 0)
        case "ROTATING":
            assert (len(living), len(ending)) == (2, 1)
        case "BLOCKED":
            assert (len(living), len(ending)) in ((0, 0), (1, 0), (2, 1))
        case over:
            assert over in GONE
            assert living == []


async def _rows(walk: Walk) -> list[Any]:
    found = (
        select(generation, *(api_key.c[name] for name in _COLUMNS), desired.wanted().label("wanted"))
        .select_from(generation.join(api_key))
        .where(api_key.c.user_id == walk.alice.user_id)
    )
    async with walk.world.db.read() as session:
        return list((await session.execute(found)).all())


async def _in_litellm(walk: Walk) -> dict[str, KeyInfo]:
    """All that LiteLLM has of hers, by token."""
    found: dict[str, KeyInfo] = {}
    page = 1
    while keys := (await walk.world.peek.list_keys("litemaas-", page)).keys:
        found |= {key.token: key for key in keys if key.user_id == str(walk.alice.user_id)}
        page += 1
    return found


async def _allowed(walk: Walk) -> dict[UUID, dict[str, int | None]]:
    """The names of the models that each key may call, with the requests a minute that the subscription allows."""
    async with walk.world.db.read() as session:
        mine = {"u": walk.alice.user_id}
        subscribed = await session.execute(
            text("SELECT * FROM model_subscription WHERE user_id = :u"),
            mine,
        )
        now = utc_now()
        given = {
            row.model_id: row.rpm_limit
            for row in subscribed
            if row.status == "ACTIVE"
            and (row.exhausted_until is None or row.exhausted_until <= now)
            and (row.expires_at is None or row.expires_at > now)
        }
        held = await session.execute(
            text(
                "SELECT k.id, m.id AS model_id, m.name, m.lifecycle FROM api_key k JOIN api_key_model h ON h.api_key_id = k.id"
                " JOIN model m ON m.id = h.model_id WHERE k.user_id = :u"
            ),
            mine,
        )
        allowed: dict[UUID, dict[str, int | None]] = {key: {} for key in await walk.ids()}
        for row in held:
            if row.model_id in given and row.lifecycle != "RETIRED":
                allowed[row.id][row.name] = given[row.model_id]
    return allowed
