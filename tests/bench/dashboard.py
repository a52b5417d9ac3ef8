"""What the whole dashboard costs in PostgreSQL as the ledger grows: `python -m tests.bench.dashboard`.

The same 90 days, people, keys and models with ever more calls; after each step everything that the page asks at once is asked
through the service, and the seconds that its statements took are added up. A dashboard reads sums, so its cost should
hardly follow the number of calls. "CPU" is that of the server's backend alone, which other work on the machine does not
lengthen. Ten million calls take some minutes and 6 GB. Needs a server: the embedded one, or TEST_DATABASE_URL.
"""

import argparse
import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import pairwise
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import event, text

from gateway.actor import Actor, Role
from gateway.db import Database
from gateway.events import Bus
from gateway.usage import (
    Ask,
    Dimension,
    Heatmap,
    Interval,
    Scope,
    Series,
    Slices,
    Speeds,
    Sums,
    TimeRange,
    UsageFilter,
    UsageService,
    View,
    partitions,
)
from gateway.usage.policy import BLOCKS
from gateway.usage.speeds import bucket_sql
from tests.bench.databases import a_database, cpu_of

DAYS, PEOPLE, KEYS_EACH, MODELS, MODELS_EACH = 90, 500, 2, 60, 5
END = datetime(2026, 6, 30, 14, 30, tzinfo=UTC)
START = END - timedelta(days=DAYS)

SETTING = [
    """INSERT INTO app_user (id, issuer, subject, username, display_name, role, created_at)
    SELECT md5('u' || n)::uuid, 'bench', n, 'user' || n, 'User ' || n, CASE n WHEN 0 THEN 'ADMIN' ELSE 'USER' END, now()
    FROM generate_series(0, {people} - 1) AS n""",
    """INSERT INTO model (id, name, provider, mode, capabilities, access, lifecycle, created_at, updated_at)
    SELECT md5('m' || n)::uuid, 'model-' || n, 'provider-' || n % 5, 'CHAT', '{{}}', 'OPEN', 'AVAILABLE', now(), now()
    FROM generate_series(0, {models} - 1) AS n""",
    """INSERT INTO api_key (id, user_id, name, status, created_at, updated_at)
    SELECT md5('k' || n)::uuid, md5('u' || n / {keys_each})::uuid, 'key ' || n, 'ACTIVE', now(), now()
    FROM generate_series(0, {people} * {keys_each} - 1) AS n""",
    "SELECT setseed(0.5)",
]
# Squares make some people, models and days busier than others.
EVENTS = """
INSERT INTO usage_event (call_id, success, occurred_at, received_at, latency_ms, first_token_ms, token_hash, api_key_id, user_id,
  model_name, provider, call_type, status, error_code, stream, cache_hit, priced, prompt_tokens, cached_tokens, completion_tokens,
  total_tokens, spend)
SELECT md5('c' || n)::uuid::text, ok, at, at, ms * 4, ms, md5('k' || key) || md5('k' || key), md5('k' || key)::uuid,
  md5('u' || key / {keys_each})::uuid, 'model-' || model, 'provider-' || model % 5, 'acompletion',
  CASE WHEN ok THEN 'success' ELSE '429' END, CASE WHEN ok THEN NULL ELSE '429' END, true, false, true, ms, 0, ms / 4, ms + ms / 4,
  ms * 0.000001
FROM (
  SELECT n, random() < 0.97 AS ok, 
    CAST('{start}' AS timestamptz) + interval '{days} days' * ((n - 1) / {count}::float8) - random() * interval '30 s' AS at, key,
    (key * 7 + floor(random() * {models_each})::int) % {models} AS model, 20 + floor(random() ^ 2 * 3000)::int AS ms
  FROM (SELECT n, floor(random() ^ 1.5 * {people} * {keys_each})::int AS key FROM generate_series(1, {count}) AS n) AS k
) AS e
"""
MEASURES = (
    "requests, failures, prompt_tokens, completion_tokens, total_tokens, spend, cached_tokens, cache_hits, unpriced"
)
MEMBERS = "user_id, team_id, api_key_id, model_name, provider, status"
SUMS = ", ".join(f"sum({name})" for name in MEASURES.split(", "))
OF_MEMBER = """CROSS JOIN LATERAL (VALUES ('all', ''), ('model', model_name), ('provider', provider), ('status', status),
  ('user', user_id::text), ('api_key', api_key_id::text)) AS d (dimension, member)"""
SUMMED = [
    "TRUNCATE usage_hourly, usage_daily, usage_quarter, usage_member, usage_speed",
    f"""CREATE UNLOGGED TABLE crossed AS SELECT date_bin('15 minutes', occurred_at, 'epoch') AS quarter, {MEMBERS},
    count(*) AS requests, count(*) FILTER (WHERE NOT success) AS failures, sum(prompt_tokens) AS prompt_tokens,
    sum(completion_tokens) AS completion_tokens, sum(total_tokens) AS total_tokens, sum(spend) AS spend,
    sum(cached_tokens) AS cached_tokens, 0 AS cache_hits, 0 AS unpriced, max(occurred_at) AS last_at
    FROM usage_event GROUP BY quarter, {MEMBERS}""",
    f"""INSERT INTO usage_quarter (dimension, member, quarter, {MEASURES}) SELECT dimension, member, quarter, {SUMS}
    FROM crossed {OF_MEMBER} WHERE dimension IN ('all', 'model', 'provider', 'status') GROUP BY 1, 2, 3 ORDER BY 3""",
    f"""INSERT INTO usage_hourly (hour, {MEMBERS}, {MEASURES}, last_at)
    SELECT date_trunc('hour', quarter), {MEMBERS}, {SUMS}, max(last_at) FROM crossed GROUP BY 1, {MEMBERS} ORDER BY 1""",
    "DROP TABLE crossed",
    f"""INSERT INTO usage_daily (day, {MEMBERS}, {MEASURES})
    SELECT date_trunc('day', hour, 'UTC'), {MEMBERS}, {SUMS} FROM usage_hourly GROUP BY 1, {MEMBERS} ORDER BY 1""",
    f"""INSERT INTO usage_member (dimension, member, hours, start, {MEASURES})
    SELECT dimension, member, 1, hour, {SUMS} FROM usage_hourly {OF_MEMBER} GROUP BY 1, 2, 3, 4 ORDER BY 4""",
    *(
        f"""INSERT INTO usage_member (dimension, member, hours, start, {MEASURES})
        SELECT dimension, member, {larger}, date_bin('{larger} hours', start, '2000-01-01Z'), {SUMS}
        FROM usage_member WHERE hours = {smaller} GROUP BY 1, 2, 3, 4 ORDER BY 4"""
        for larger, smaller in reversed(list(pairwise(size // timedelta(hours=1) for size in BLOCKS)))
    ),
    f"""CREATE UNLOGGED TABLE timed AS
    SELECT date_trunc('hour', occurred_at) AS hour, model_name, provider, bucket, sum(latency) AS latency, sum(first) AS first
    FROM usage_event CROSS JOIN LATERAL (
      VALUES ({bucket_sql("latency_ms")}, 1, 0), ({bucket_sql("first_token_ms")}, 0, 1)
    ) AS b (bucket, latency, first) WHERE success GROUP BY 1, 2, 3, 4""",
    """INSERT INTO usage_speed (unit, dimension, member, start, bucket, latency, first_token)
    SELECT unit, dimension, member, date_trunc(unit, hour, 'UTC'), bucket, sum(latency), sum(first)
    FROM timed CROSS JOIN (VALUES ('hour'), ('day')) AS u (unit)
    CROSS JOIN LATERAL (VALUES ('all', ''), ('model', model_name), ('provider', provider)) AS d (dimension, member)
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 4""",
    "DROP TABLE timed",
    "UPDATE usage_progress SET speeds_seq = (SELECT max(seq) FROM usage_event)",
]
# Rows come in first and are put in order afterwards, at a fraction of the time.
INDEXES = """
SELECT i.indrelid::regclass AS table, i.indexrelid::regclass AS name, c.conname AS constraint, pg_get_constraintdef(c.oid) AS keeps,
  replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') AS makes
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
WHERE i.indrelid IN ('usage_event'::regclass, 'usage_hourly'::regclass, 'usage_daily'::regclass, 'usage_quarter'::regclass,
  'usage_member'::regclass, 'usage_speed'::regclass)
"""

ADMIN = Actor(user_id=uuid4(), username="ada", role=Role.ADMIN)


def pages(person: Any) -> dict[str, tuple[Actor, View, str]]:
    days_30, days_90 = TimeRange(END - timedelta(days=30), END), TimeRange(START, END)
    model = UsageFilter(model_ids=[_id("m", 7)])
    return {
        "everybody, 30 days": (ADMIN, View(days_30, scope=Scope.ALL), "Europe/Berlin"),
        "everybody, 90 days": (ADMIN, View(days_90, scope=Scope.ALL), "Europe/Berlin"),
        "everybody, 90 days, India": (ADMIN, View(days_90, scope=Scope.ALL), "Asia/Kolkata"),
        "one model, 90 days": (ADMIN, View(days_90, model, Scope.ALL), "Europe/Berlin"),
        "one person, 90 days": (
            Actor(user_id=person, username="user1", role=Role.USER),
            View(days_90),
            "Europe/Berlin",
        ),
    }


def _id(kind: str, n: int) -> Any:
    return UUID(md5(f"{kind}{n}".encode(), usedforsecurity=False).hexdigest())


def whole_page(view: View, zone: str) -> list[tuple[View, Ask]]:
    asks: list[Ask] = [Sums(), Series(Interval.DAY, zone), Heatmap(zone), Speeds(), *map(Slices, Dimension)]
    return [*((view, ask) for ask in asks), (replace(view, during=view.during.before()), Sums())]


async def measure(db: Database, rounds: int) -> dict[str, tuple[float, float, float]]:
    """{page: (median, p95, CPU), in milliseconds of the database}."""
    service = UsageService(db, Bus(db.url))
    spent: list[float] = []
    begun: list[float] = []
    engine = db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *_: begun.append(perf_counter()))
    event.listen(engine, "after_cursor_execute", lambda *_: spent.append(perf_counter() - begun.pop()))
    async with db.read() as session:
        backend = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    found = {}
    for name, (actor, view, zone) in pages(_id("u", 1)).items():
        times = []
        for n in range(rounds + 2):
            if n == 2:
                cpu = cpu_of(backend)
            spent.clear()
            await service.answer(actor, whole_page(view, zone))
            await service.calls_of(actor, view, 10)
            times.append(sum(spent) * 1000)
        times = sorted(times[2:])
        used = (cpu_of(backend) - cpu) / rounds * 1000
        found[name] = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.95))], used
    return found


async def grow(db: Database, count: int) -> None:
    """To so many calls in all."""
    facts = {"start": START.isoformat(), "days": DAYS, "people": PEOPLE, "keys_each": KEYS_EACH, "models": MODELS}
    async with db.write() as session:
        there = (await session.execute(text("SELECT count(*) FROM usage_event"))).scalar_one()
        indexes = (await session.execute(text(INDEXES))).all()
        # Each sort and each index has one to itself.
        for setting in ("work_mem", "maintenance_work_mem"):
            await session.execute(text(f"SET LOCAL {setting} = '256MB'"))
        for index in indexes:
            drop = f"ALTER TABLE {index.table} DROP CONSTRAINT {index.constraint}"
            await session.execute(text(drop if index.constraint else f"DROP INDEX {index.name}"))
        for statement in (EVENTS.format(**facts, models_each=MODELS_EACH, count=count - there), *SUMMED):
            await session.execute(text(statement))
        for index in indexes:
            add = f"ALTER TABLE {index.table} ADD CONSTRAINT {index.constraint} {index.keeps}"
            await session.execute(text(add if index.constraint else index.makes))
    async with db.read() as session:
        await session.execute(text("VACUUM ANALYZE"))


async def curve(url: str, counts: Sequence[int], rounds: int) -> None:
    db = Database(url, pool_size=1)
    async with db.write() as session:
        for statement in SETTING:
            await session.execute(text(statement.format(people=PEOPLE, keys_each=KEYS_EACH, models=MODELS)))
        days = (START.date() + timedelta(days=n) for n in range(DAYS + 1))
        await partitions.ensure(session, days)
    first: dict[str, tuple[float, float, float]] = {}
    for count in counts:
        began = perf_counter()
        await grow(db, count)
        print(
            f"{count:,} calls over {DAYS} days, {PEOPLE} people, {MODELS} models (made in {perf_counter() - began:,.0f} s)"
        )
        for name, (median, p95, cpu) in (await measure(db, rounds)).items():
            first.setdefault(name, (median, p95, cpu))
            times = f"median {median:7.1f} ms   p95 {p95:7.1f} ms   CPU {cpu:7.1f} ms"
            print(
                f"{name:>28}: {times}   {median / first[name][0]:5.2f} of {counts[0]:,}, CPU {cpu / (first[name][2] or 1):5.2f}"
            )
    await db.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="few calls, to see that it runs")
    parser.add_argument("--counts", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    if options.smoke:
        options.counts, options.rounds = [500, 2_000], 2
    with a_database() as url:
        asyncio.run(curve(url, options.counts, options.rounds))


if __name__ == "__main__":
    main()
