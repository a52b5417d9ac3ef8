"""What happened that somebody should know of, found in the records that the domains keep anyway.

Each statement inserts what is not there yet, so that it may run as often as it likes, and at any time after the event: nothing depends
on the process that made the change being alive. Nobody is told of what he did himself.
"""

from sqlalchemy import text

_INTO = """
INSERT INTO notification (id, created_at,
  source, kind, user_id, api_key_id, subscription_id, model_id, actor, reason, days, expires_at)
"""
_ONCE = """
WHERE NOT EXISTS (SELECT FROM notification n WHERE n.source = found.source)
  AND NOT EXISTS (SELECT FROM app_user u WHERE u.id = found.user_id AND u.erased_at IS NOT NULL)
ON CONFLICT DO NOTHING
RETURNING user_id
"""


def _insert(found: str) -> str:
    """`found` gives the columns after `created_at`."""
    return f"{_INTO} SELECT gen_random_uuid(), CAST(:now AS timestamptz), found.* FROM ({found}) AS found {_ONCE}"  # noqa: S608


# What was decided about a subscription by somebody else, or by the clock.
_SUBSCRIPTIONS = _insert("""
SELECT 'subscription:' || c.seq AS source,
  CASE c.action WHEN 'QUOTA_APPROVED' THEN 'QUOTA_CHANGE_APPROVED' WHEN 'QUOTA_DENIED' THEN 'QUOTA_CHANGE_DENIED'
    ELSE 'SUBSCRIPTION_' || c.action END,
  s.user_id, CAST(NULL AS uuid), s.id, s.model_id, CASE WHEN c.actor_id IS NOT NULL THEN c.actor END, c.reason, CAST(NULL AS integer),
  CASE WHEN c.action = 'APPROVED' THEN s.expires_at END
FROM subscription_change c JOIN model_subscription s ON s.id = c.subscription_id
WHERE c.at >= CAST(:since AS timestamptz) AND c.actor_id IS DISTINCT FROM s.user_id AND c.action IN ('APPROVED', 'DENIED',
  'CANCELLED', 'SUSPENDED', 'RESUMED', 'EXPIRED', 'CHANGED', 'QUOTA_APPROVED', 'QUOTA_DENIED')
""")

# One for each window in which the same limits were used up.
_EXHAUSTED = _insert("""
SELECT concat_ws(':', 'quota', s.id, extract(epoch FROM s.exhausted_until), s.max_budget, s.max_requests, s.max_tokens) AS source,
  'QUOTA_EXHAUSTED', s.user_id, CAST(NULL AS uuid), s.id, s.model_id, CAST(NULL AS text), CAST(NULL AS text), CAST(NULL AS integer),
  CASE WHEN s.exhausted_until < '9999-01-01' THEN s.exhausted_until END
FROM model_subscription s
WHERE s.exhausted_until > CAST(:now AS timestamptz) AND s.status = 'ACTIVE'
""")

# What somebody else did to a key, or found out about it. A target is `api_key:<id>`.
_KEYS = _insert("""
SELECT 'audit:' || a.id AS source,
  CASE a.action WHEN 'key.blocked' THEN 'API_KEY_BLOCKED' WHEN 'key.unblocked' THEN 'API_KEY_UNBLOCKED'
    WHEN 'key.revoked' THEN 'API_KEY_REVOKED' ELSE 'API_KEY_LEAKED' END,
  k.user_id, k.id, CAST(NULL AS uuid), CAST(NULL AS uuid), a.actor, CAST(NULL AS text), CAST(NULL AS integer), CAST(NULL AS timestamptz)
FROM audit_entry a JOIN api_key k ON k.id = CAST(substr(a.target, 9) AS uuid)
WHERE a.at >= CAST(:since AS timestamptz) AND a.outcome = 'DONE' AND a.actor_id <> k.user_id
  AND a.action IN ('key.blocked', 'key.unblocked', 'key.revoked', 'key.leak_reported', 'key.found_by_secret')
""")

_DRIFTED = _insert("""
SELECT concat_ws(':', 'drift', g.id, md5(g.drift::text)) AS source,
  'API_KEY_DRIFTED', k.user_id, k.id, CAST(NULL AS uuid), CAST(NULL AS uuid), CAST(NULL AS text), CAST(NULL AS text),
  CAST(NULL AS integer), CAST(NULL AS timestamptz)
FROM api_key_generation g JOIN api_key k ON k.id = g.api_key_id
WHERE g.drift IS NOT NULL AND g.ended_at IS NULL
""")

# For all who have the model, or asked for it, when this is found. A target is `model:<id>`.
_MODELS = _insert("""
SELECT concat_ws(':', 'audit', a.id, s.user_id) AS source,
  CASE a.action WHEN 'model.retired' THEN 'MODEL_RETIRED' ELSE 'MODEL_DEPRECATED' END,
  s.user_id, CAST(NULL AS uuid), s.id, s.model_id, CASE WHEN a.actor_id IS NOT NULL THEN a.actor END, a.detail ->> 'reason',
  CAST(NULL AS integer), CAST(NULL AS timestamptz)
FROM audit_entry a JOIN model_subscription s ON s.model_id = CAST(substr(a.target, 7) AS uuid)
WHERE a.at >= CAST(:since AS timestamptz) AND a.outcome = 'DONE' AND s.status IN ('PENDING', 'ACTIVE', 'SUSPENDED')
  AND (a.action = 'model.retired' OR (a.action = 'model.changed' AND a.detail -> 'lifecycle' ->> 0 <> 'DEPRECATED'
    AND a.detail -> 'lifecycle' ->> 1 = 'DEPRECATED'))
  AND a.actor_id IS DISTINCT FROM s.user_id
""")

# The nearest threshold only, and none that the key had passed already when it was made.
_EXPIRIES = _insert("""
SELECT concat_ws(':', 'expiry', k.id, t.days, extract(epoch FROM k.expires_at)) AS source,
  'API_KEY_EXPIRES', k.user_id, k.id, CAST(NULL AS uuid), CAST(NULL AS uuid), CAST(NULL AS text), CAST(NULL AS text), t.days, k.expires_at
FROM api_key k
CROSS JOIN LATERAL (
  SELECT min(d) AS days FROM unnest(ARRAY[1, 7, 14, 30]) AS d
  WHERE k.expires_at <= CAST(:now AS timestamptz) + make_interval(days => d)
) t
WHERE k.status IN ('ACTIVE', 'ROTATING', 'BLOCKED') AND k.expires_at > CAST(:now AS timestamptz)
  AND k.created_at < k.expires_at - make_interval(days => t.days)
""")

# One for each end that the role had: who signs in again gets another one.
_ROLES = _insert("""
SELECT concat_ws(':', 'role', u.id, extract(epoch FROM u.role_until)) AS source,
  'ROLE_EXPIRES', u.id AS user_id, CAST(NULL AS uuid), CAST(NULL AS uuid), CAST(NULL AS uuid), CAST(NULL AS text), CAST(NULL AS text),
  CAST(NULL AS integer), u.role_until
FROM app_user u
WHERE u.role_until > CAST(:now AS timestamptz) AND u.role_until <= CAST(:soon AS timestamptz) AND u.disabled_at IS NULL
""")

EVENTS = [text(each) for each in (_SUBSCRIPTIONS, _EXHAUSTED, _KEYS, _DRIFTED, _MODELS)]
EXPIRIES = [text(each) for each in (_EXPIRIES, _ROLES)]
