"""All that is kept about one person, section by section. No secret is in any of it, nor a hash of one."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from gateway.db import Database

AT_ONCE = 1000


@dataclass(frozen=True)
class Section:
    """`query` gives the rows of `:user_id`, and `key` the columns that tell them apart, in the order in which they are read."""

    name: str
    key: tuple[str, ...]
    query: str


SECTIONS = (
    Section(
        "profile",
        ("id",),
        """SELECT id, issuer, subject, username, display_name, email, role, role_until, disabled_at, created_at, last_login_at
        FROM app_user WHERE id = :user_id""",
    ),
    Section(
        "sessions",
        ("id",),
        """SELECT id, created_at, last_seen_at, expires_at, address, user_agent FROM login_session WHERE user_id = :user_id""",
    ),
    Section(
        "access_tokens",
        ("id",),
        """SELECT id, name, last_four, scopes, created_at, expires_at, revoked_at, last_used_at, last_used_address
        FROM access_token WHERE user_id = :user_id""",
    ),
    Section(
        "subscriptions",
        ("id",),
        """SELECT s.id, m.name AS model, s.status, s.justification, s.reason, s.max_budget, s.max_requests, s.max_tokens,
          s.budget_duration, s.rpm_limit, s.tpm_limit, s.created_at, s.updated_at, s.expires_at, s.exhausted_until
        FROM model_subscription s JOIN model m ON m.id = s.model_id WHERE s.user_id = :user_id""",
    ),
    Section(
        "subscription_history",
        ("seq",),
        """SELECT c.seq, c.subscription_id, c.at, c.actor, c.action, c.from_status, c.to_status, c.reason, c.limits
        FROM subscription_change c JOIN model_subscription s ON s.id = c.subscription_id WHERE s.user_id = :user_id""",
    ),
    Section(
        "quota_changes",
        ("id",),
        """SELECT q.id, q.subscription_id, q.status, q.justification, q.reason, q.max_budget, q.max_requests, q.max_tokens,
          q.budget_duration, q.rpm_limit, q.tpm_limit, q.created_at, q.decided_at
        FROM quota_change q JOIN model_subscription s ON s.id = q.subscription_id WHERE s.user_id = :user_id""",
    ),
    Section(
        "api_keys",
        ("id",),
        """SELECT k.id, k.name, k.status, k.max_budget, k.budget_duration, k.rpm_limit, k.tpm_limit, k.max_parallel_requests,
          k.expires_at, k.created_at, k.updated_at, ARRAY(
            SELECT m.name FROM api_key_model a JOIN model m ON m.id = a.model_id WHERE a.api_key_id = k.id ORDER BY m.name
          ) AS models
        FROM api_key k WHERE k.user_id = :user_id""",
    ),
    Section(
        "api_key_generations",
        ("id",),
        """SELECT g.id, g.api_key_id, g.number, g.prefix, g.last_four, g.created_at, g.ends_at, g.ended_at
        FROM api_key_generation g JOIN api_key k ON k.id = g.api_key_id WHERE k.user_id = :user_id""",
    ),
    Section(
        "usage_daily",
        ("day", "id"),
        """SELECT id, day, api_key_id, model_name, provider, status, requests, failures, prompt_tokens, completion_tokens, total_tokens,
          cached_tokens, cache_hits, spend, unpriced
        FROM usage_daily WHERE user_id = :user_id""",
    ),
    Section(
        "calls",
        ("occurred_at", "seq"),
        """SELECT seq, call_id, request_id, occurred_at, received_at, latency_ms, first_token_ms, api_key_id, model_name, provider,
          call_type, success, status, error_code, stream, cache_hit, priced, prompt_tokens, cached_tokens, completion_tokens,
          total_tokens, spend
        FROM usage_event WHERE user_id = :user_id""",
    ),
    Section(
        "notifications",
        ("id",),
        """SELECT id, kind, api_key_id, subscription_id, model_id, actor, reason, days, expires_at, created_at, read_at
        FROM notification WHERE user_id = :user_id""",
    ),
    # Where somebody else came from is somebody else's.
    Section(
        "audit_entries",
        ("seq",),
        """SELECT seq, id, at, actor, action, target, outcome, detail, request_id,
          CASE WHEN actor_id = :user_id THEN address END AS address
        FROM audit_entry WHERE actor_id = :user_id OR target IN (
          SELECT 'user:' || CAST(:user_id AS uuid)
          UNION ALL SELECT 'api_key:' || id FROM api_key WHERE user_id = :user_id
          UNION ALL SELECT 'subscription:' || id FROM model_subscription WHERE user_id = :user_id
          UNION ALL SELECT 'access_token:' || id FROM access_token WHERE user_id = :user_id
        )""",
    ),
)


async def rows_of(db: Database, section: Section, user_id: UUID) -> AsyncGenerator[Sequence[dict[str, Any]], None]:
    """In batches, so that neither memory nor a connection of the database waits for who reads slowly."""
    names = ", ".join(f"found.{name}" for name in section.key)
    order = f"ORDER BY {names} LIMIT {AT_ONCE}"
    behind = ", ".join(f":after_{name}" for name in section.key)
    first = text(f"SELECT * FROM ({section.query}) AS found {order}")  # noqa: S608
    further = text(f"SELECT * FROM ({section.query}) AS found WHERE ({names}) > ({behind}) {order}")  # noqa: S608
    query, values = first, {"user_id": user_id}
    while True:
        async with db.read() as session:
            rows = [dict(row) for row in (await session.execute(query, values)).mappings()]
        if rows:
            yield rows
        if len(rows) < AT_ONCE:
            return
        query = further
        values = {"user_id": user_id, **{f"after_{name}": rows[-1][name] for name in section.key}}
