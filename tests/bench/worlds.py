"""Ledgers of so many calls over the same days, people, keys and models, made set by set."""

from datetime import UTC, datetime, timedelta
from hashlib import md5
from uuid import UUID

from sqlalchemy import text

from gateway.db import Database
from gateway.usage import arranging, folding, partitions, rebuild

DAYS, PEOPLE, KEYS_EACH, MODELS, MODELS_EACH = 90, 500, 2, 60, 5
# In the middle of a day of the ledger's last 90, whichever the zone.
NOW = datetime(2026, 6, 30, 14, 37, tzinfo=UTC)
START = NOW - timedelta(days=DAYS)

# People are those of `serving.person`, so that they can sign in.
SETTING = [
    """INSERT INTO app_user (id, issuer, subject, username, display_name, role, created_at)
    SELECT md5('u' || n)::uuid, 'sandbox', name, name, name, 'USER', now()
    FROM (SELECT n, CASE n WHEN 0 THEN 'alice' ELSE 'person-' || n END AS name FROM generate_series(0, {people} - 1) AS n) AS p""",
    """INSERT INTO model (id, name, provider, mode, capabilities, access, lifecycle, created_at, updated_at)
    SELECT md5('m' || n)::uuid, 'model-' || n, 'provider-' || n % 5, 'CHAT', '{{}}', 'OPEN', 'AVAILABLE', now(), now()
    FROM generate_series(0, {models} - 1) AS n""",
    """INSERT INTO api_key (id, user_id, name, status, created_at, updated_at)
    SELECT md5('k' || n)::uuid, md5('u' || n / {keys_each})::uuid, 'key ' || n, 'ACTIVE', now(), now()
    FROM generate_series(0, {people} * {keys_each} - 1) AS n""",
    "SELECT setseed(0.5)",
]
# In the order in which calls end and are booked. Powers make some people and some answers larger than others.
EVENTS = """
INSERT INTO usage_event (call_id, success, occurred_at, received_at, latency_ms, first_token_ms, token_hash, api_key_id, user_id,
  model_name, provider, call_type, status, error_code, stream, cache_hit, priced, prompt_tokens, cached_tokens, completion_tokens,
  total_tokens, spend)
SELECT md5('c' || n)::uuid::text, ok, at, at, ms * 4, ms, md5('k' || key) || md5('k' || key), md5('k' || key)::uuid,
  md5('u' || key / {keys_each})::uuid, 'model-' || model, 'provider-' || model % 5, 'acompletion',
  CASE WHEN ok THEN 'success' ELSE '429' END, CASE WHEN ok THEN NULL ELSE '429' END, true, false, true, ms, 0, ms / 4, ms + ms / 4,
  ms * 0.000001
FROM (
  SELECT n, random() < 0.97 AS ok, key, (key * 7 + floor(random() * {models_each})::int) % {models} AS model,
    20 + floor(random() ^ 2 * 3000)::int AS ms,
    CAST('{start}' AS timestamptz) + interval '{days} days' * ((n - 1) / {count}::float8) - random() * interval '30 s' AS at
  FROM (SELECT n, floor(random() ^ 1.5 * {people} * {keys_each})::int AS key FROM generate_series(1, {count}) AS n) AS k
) AS e
"""
INDEXES = """
SELECT i.indexrelid::regclass AS name, c.conname AS constraint, pg_get_constraintdef(c.oid) AS keeps,
  replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') AS makes
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
WHERE i.indrelid = 'usage_event'::regclass
"""


def id_of(kind: str, n: int) -> UUID:
    """Of a user ("u"), model ("m") or key ("k")."""
    return UUID(md5(f"{kind}{n}".encode(), usedforsecurity=False).hexdigest())


async def make(url: str, count: int) -> None:
    """In an empty database at head. Ten million calls take 12 GB, and some minutes of a processor for sums and indexes each."""
    facts = {"people": PEOPLE, "keys_each": KEYS_EACH, "models": MODELS, "models_each": MODELS_EACH}
    db = Database(url, pool_size=1)
    async with db.write() as session:
        for statement in SETTING:
            await session.execute(text(statement.format(**facts)))
        await partitions.ensure(session, (START.date() + timedelta(days=n) for n in range(-1, DAYS + 1)))
    async with db.write() as session:
        # Rows come in first and are put in order afterwards, at a fraction of the time; each sort has one of these to itself.
        for setting in ("work_mem", "maintenance_work_mem"):
            await session.execute(text(f"SET LOCAL {setting} = '256MB'"))
        indexes = (await session.execute(text(INDEXES))).all()
        for index in indexes:
            drop = f"ALTER TABLE usage_event DROP CONSTRAINT {index.constraint}"
            await session.execute(text(drop if index.constraint else f"DROP INDEX {index.name}"))
        await session.execute(text(EVENTS.format(**facts, start=START.isoformat(), days=DAYS, count=count)))
        for index in indexes:
            add = f"ALTER TABLE usage_event ADD CONSTRAINT {index.constraint} {index.keeps}"
            await session.execute(text(add if index.constraint else index.makes))
        await session.execute(text("UPDATE usage_progress SET speeds_seq = (SELECT max(seq) FROM usage_event)"))
    async for _ in rebuild.rebuild(db):
        pass
    await folding.fold(db, NOW)
    await arranging.arrange(db, NOW)
    async with db.read() as session:
        await session.execute(text("VACUUM ANALYZE"))
        # What a backend spends is the whole then.
        name = (await session.execute(text("SELECT quote_ident(current_database())"))).scalar_one()
        await session.execute(text(f"ALTER DATABASE {name} SET max_parallel_workers_per_gather = 0"))
    await db.close()
