"""Writing the ledger: single calls are copied into it, and their sums added to those that stand there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.usage import partitions
from gateway.usage.answers import MEASURES
from gateway.usage.policy import BLOCKS, HOUR, CallRecord

# Writers take turns, so that `usage_event.seq` grows in the order of commits and a reader who goes on after the highest one
# he saw misses nothing, and so that a call that is looked for and not found is in nobody else's hands: no constraint says so.
# A thousand events take some 30 ms. The time-outs bound how long a writer that hangs holds up others.
TAKE_TURN = text(
    "SELECT set_config('lock_timeout', '10s', true), set_config('statement_timeout', '30s', true),"
    " set_config('idle_in_transaction_session_timeout', '10s', true), pg_advisory_xact_lock(7265302)"
)
DROPPED_BEFORE = text("SELECT dropped_before FROM usage_progress")

# The index has hashes: a third of what the ids themselves would take. OFFSET 0 keeps the planner from reading all there is.
BOOKED = text("""
SELECT e.* FROM unnest(CAST(:call_ids AS text[])) AS i (call_id) CROSS JOIN LATERAL (
  SELECT call_id, success, occurred_at FROM usage_event e
  WHERE hashtextextended(e.call_id, 0) = hashtextextended(i.call_id, 0) AND e.call_id = i.call_id
    AND e.occurred_at BETWEEN CAST(:first AS timestamptz) AND CAST(:last AS timestamptz)
  OFFSET 0
) e
""")
# LiteLLM's two accounts of a call, callback and spend log, may differ by milliseconds on when it began.
AROUND = HOUR
OWNERS = text("""
SELECT g.token_hash, g.api_key_id, k.user_id FROM api_key_generation g JOIN api_key k ON k.id = g.api_key_id
WHERE g.token_hash = ANY(CAST(:hashes AS text[]))
""")
COLUMNS = (
    *("call_id", "success", "request_id", "occurred_at", "latency_ms", "first_token_ms", "token_hash", "model_name"),
    *("provider", "call_type", "error_code", "stream", "cache_hit", "priced", "prompt_tokens", "cached_tokens"),
    *("completion_tokens", "total_tokens", "spend"),
)
_facts = attrgetter(*COLUMNS)
MEMBERS = "user_id, team_id, api_key_id, model_name, provider, status"
NAMES = ", ".join(MEASURES)
# PostgreSQL's sum of bigint is numeric, which costs several times as much to go on adding up.
SUMS = ", ".join(f"sum({name}){'' if name == 'spend' else '::bigint'} AS {name}" for name in MEASURES)
SIZES = ", ".join(f"({size // HOUR})" for size in BLOCKS)
# Of rows that are calls.
COUNTED = """count(*) AS requests, count(*) FILTER (WHERE NOT success) AS failures, sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(completion_tokens)::bigint AS completion_tokens, sum(total_tokens)::bigint AS total_tokens, sum(spend) AS spend,
    sum(cached_tokens)::bigint AS cached_tokens, count(*) FILTER (WHERE cache_hit) AS cache_hits,
    count(*) FILTER (WHERE NOT priced) AS unpriced, max(occurred_at) AS last_at"""
# What a row of crossed sums counts for.
OF_MEMBERS = """CROSS JOIN LATERAL
    (VALUES ('all', ''), ('model', model_name), ('provider', coalesce(provider, 'unknown')), ('status', status),
      ('user', CAST(user_id AS text)), ('api_key', CAST(api_key_id AS text))) AS d (dimension, member)"""


def _added(table: str) -> str:
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in MEASURES)


_TYPES = {
    "spend": "numeric",
    "quarter": "timestamptz",
    "last_at": "timestamptz",
    "user_id": "uuid",
    "api_key_id": "uuid",
}
_TYPES |= dict.fromkeys(("model_name", "provider", "status"), "text")
_GIVEN = ("quarter", "user_id", "api_key_id", "model_name", "provider", "status", *MEASURES, "last_at")
ADD = text(f"""
WITH crossed AS MATERIALIZED (
  SELECT *, CAST(NULL AS uuid) AS team_id
  FROM unnest({", ".join(f"CAST(:{name} AS {_TYPES.get(name, 'bigint')}[])" for name in _GIVEN)}) AS c ({", ".join(_GIVEN)})
), members AS MATERIALIZED (
  SELECT d.dimension, coalesce(d.member, '') AS member, quarter, {SUMS}
  FROM crossed {OF_MEMBERS} GROUP BY 1, 2, 3
), quarters AS (
  INSERT INTO usage_quarter AS q (dimension, member, quarter, {NAMES})
  SELECT dimension, member, quarter, {NAMES} FROM members WHERE dimension NOT IN ('user', 'api_key')
  ON CONFLICT (dimension, member, quarter) DO UPDATE SET {_added("q")}
), hours AS (
  INSERT INTO usage_hourly AS h (hour, {MEMBERS}, {NAMES}, last_at)
  SELECT date_trunc('hour', quarter, 'UTC'), {MEMBERS}, {SUMS}, max(last_at) FROM crossed GROUP BY 1, {MEMBERS}
  ON CONFLICT (hour, {MEMBERS}) DO UPDATE SET {_added("h")}, last_at = greatest(h.last_at, excluded.last_at)
), days AS (
  INSERT INTO usage_daily AS d (day, {MEMBERS}, {NAMES})
  SELECT date_trunc('day', quarter, 'UTC'), {MEMBERS}, {SUMS} FROM crossed GROUP BY 1, {MEMBERS}
  ON CONFLICT (day, {MEMBERS}) DO UPDATE SET {_added("d")}
), blocks AS (
  INSERT INTO usage_member AS m (dimension, member, hours, start, {NAMES})
  SELECT dimension, member, hours, date_bin(make_interval(hours => hours), quarter, '2000-01-01Z'), {SUMS}
  FROM members CROSS JOIN (VALUES {SIZES}) AS b (hours) GROUP BY 1, 2, 3, 4
  ON CONFLICT (dimension, member, hours, start) DO UPDATE SET {_added("m")}
)
SELECT 1
""")  # noqa: S608 - only names of ours


class Owner(NamedTuple):
    """Of a secret: both None if it is not of a key of ours."""

    api_key_id: UUID | None = None
    user_id: UUID | None = None


class Stored(NamedTuple):
    """How many calls of each parcel were new, and whose those are."""

    events: list[int]
    owners: set[Owner]


NOBODY = Owner()
# As many digits as there are, where Python would round at 28.
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
Booked = dict[tuple[str, bool], list[datetime]]


async def store(session: AsyncSession, records: Sequence[CallRecord], received_at: datetime) -> Stored:
    """`store_parcels` of one."""
    return await store_parcels(session, [records], received_at)


async def store_parcels(
    session: AsyncSession, parcels: Sequence[Sequence[CallRecord]], received_at: datetime
) -> Stored:
    """Book what is not booked yet.

    Calls of a time whose single calls were dropped are left out: whether they were booked can't be known any more. No two
    records may be of the same call and outcome. The session's transaction holds the writers' lock until it ends.
    """
    await session.execute(TAKE_TURN)
    kept_from = (await session.execute(DROPPED_BEFORE)).scalar_one()
    kept = [(n, record) for n, records in enumerate(parcels) for record in records if record.occurred_at >= kept_from]
    booked = await _booked(session, [record for _, record in kept]) if kept else {}
    fresh = [each for each in kept if not _is_among(booked, each[1])] if booked else kept
    events = [0] * len(parcels)
    if not fresh:
        return Stored(events, set())
    for n, _ in fresh:
        events[n] += 1
    records = [record for _, record in fresh]
    owners = await _owners(session, records)
    await partitions.ensure(session, {record.occurred_at.date() for record in records})
    rows = [
        (*_facts(record), received_at, *owners.get(record.token_hash, NOBODY), status_of(record)) for record in records
    ]
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    columns = [*COLUMNS, "received_at", *Owner._fields, "status"]
    await driver.copy_records_to_table("usage_event", records=rows, columns=columns)
    sums = crossed(records, owners)
    await session.execute(ADD, dict(zip(_GIVEN, map(list, zip(*sums, strict=True)), strict=True)))
    return Stored(events, {owners.get(hash_, NOBODY) for hash_ in {record.token_hash for record in records}})


async def _booked(session: AsyncSession, records: Sequence[CallRecord]) -> Booked:
    """When what is booked of these calls began, by call id and success."""
    times = [record.occurred_at for record in records]
    given = {
        "call_ids": list({record.call_id for record in records}),
        "first": min(times) - AROUND,
        "last": max(times) + AROUND,
    }
    found: Booked = {}
    for row in (await session.execute(BOOKED, given)).all():
        found.setdefault((row.call_id, row.success), []).append(row.occurred_at)
    return found


def _is_among(booked: Booked, record: CallRecord) -> bool:
    times = booked.get((record.call_id, record.success), ())
    return any(abs(time - record.occurred_at) <= AROUND for time in times)


async def _owners(session: AsyncSession, records: Iterable[CallRecord]) -> dict[str | None, Owner]:
    hashes = {record.token_hash for record in records if record.token_hash is not None}
    rows = (await session.execute(OWNERS, {"hashes": sorted(hashes)})).all()
    return {row.token_hash: Owner(row.api_key_id, row.user_id) for row in rows}


def status_of(record: CallRecord) -> str:
    return "success" if record.success else record.error_code or "failure"


def crossed(records: Iterable[CallRecord], owners: dict[str | None, Owner]) -> list[tuple[Any, ...]]:
    """Rows as `ADD` takes them: sums of the calls that share secret, model, provider, status and quarter of an hour.

    PostgreSQL would add them up as fast, but would have to be told all of them twice.
    """
    found: dict[tuple[Any, ...], list[Any]] = {}
    for record in records:
        at = record.occurred_at
        # A moment would take ten times as long to hash.
        quarter = (at.toordinal() * 24 + at.hour) * 4 + at.minute // 15
        member = (quarter, record.token_hash, record.model_name, record.provider, status_of(record))
        sums = found.get(member)
        if sums is None:
            sums = found[member] = [0] * len(MEASURES) + [at]
        sums[0] += 1
        sums[1] += not record.success
        sums[2] += record.prompt_tokens
        sums[3] += record.completion_tokens
        sums[4] += record.total_tokens
        sums[5] = EXACT.add(sums[5], record.spend)
        sums[6] += record.cached_tokens
        sums[7] += record.cache_hit
        sums[8] += not record.priced
        if at > sums[9]:
            sums[9] = at
    rows = []
    for (_, token_hash, *names), sums in found.items():
        owner, at = owners.get(token_hash, NOBODY), sums[-1]
        quarter = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
        rows.append((quarter, owner.user_id, owner.api_key_id, *names, *sums))
    return rows


def is_passing(error: Exception) -> bool:
    """Whether the same again may well succeed: the connection was stale, or the transaction collided with another one.

    The driver speaks for itself where it was used without SQLAlchemy.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    stale = isinstance(error, DBAPIError) and error.connection_invalidated
    return stale or getattr(cause, "sqlstate", None) in ("40001", "40P01")
