"""Quotas, counted: which subscriptions have used up theirs.

Every few seconds the sums of the present window are compared with the limits, and `model_subscription.exhausted_until` is set to
the window's end or cleared. Looked at are subscriptions whose owner called the model lately, and those that are marked already, since
a quota may have been raised; a rare sweep looks at all. The sums come from the hourly ones, so that the cost does not grow with
the number of calls. At the reset nobody has to write anything: a mark that lies in the past does not count.

What counts: answered calls, their tokens, and what LiteLLM booked. LiteLLM reports a call when it is over, so a burst may pass the line
by what is under way at that moment.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, text

from gateway import subscriptions
from gateway.catalog import Model
from gateway.db import Database, Rows, table_of, utc_now
from gateway.subscriptions import SubscriptionStatus, Used
from gateway.usage.policy import hour_of, next_hour
from gateway.usage.queries import hourly

# Longer than a call and its report may take; whatever takes longer is found by the sweep.
LATELY = timedelta(minutes=15)
BATCH = 10_000

_subscription = table_of(subscriptions.ModelSubscription)
_model = table_of(Model)

# Whole hours are a join that the planner may turn round when there are many; what precedes them is looked up one by one, and only where
# a window does not begin with an hour.
USED_SINCE = text("""
WITH w AS (
  SELECT w.n, w.user_id, m.name AS model_name, w.since, w.first_hour
  FROM unnest(CAST(:user_ids AS uuid[]), CAST(:model_ids AS uuid[]), CAST(:sinces AS timestamptz[]), CAST(:hours AS timestamptz[]))
    WITH ORDINALITY AS w (user_id, model_id, since, first_hour, n)
  JOIN model m ON m.id = w.model_id
)
SELECT n, sum(requests) AS requests, sum(tokens) AS tokens, sum(spend) AS spend
FROM (
  SELECT w.n, h.requests - h.failures AS requests, h.total_tokens AS tokens, h.spend
  FROM w JOIN usage_hourly h ON h.user_id = w.user_id AND h.model_name = w.model_name AND h.hour >= w.first_hour
  WHERE h.hour >= CAST(:earliest AS timestamptz)
  UNION ALL
  SELECT w.n, e.requests, e.total_tokens, e.spend
  FROM w CROSS JOIN LATERAL (
    SELECT CASE WHEN success THEN 1 ELSE 0 END AS requests, total_tokens, spend
    FROM usage_event e
    WHERE e.user_id = w.user_id AND e.model_name = w.model_name AND e.occurred_at >= w.since AND e.occurred_at < w.first_hour
    OFFSET 0
  ) e
  WHERE w.since < w.first_hour
) s
GROUP BY n
""")


async def used_since(
    rows: Rows, wanted: Sequence[tuple[UUID, UUID, datetime]]
) -> dict[tuple[UUID, UUID, datetime], Used]:
    """What was used for each (user, model, since), without those that used nothing. One SELECT."""
    if not wanted:
        return {}
    users, models, sinces = zip(*wanted, strict=True)
    hours = [next_hour(since) for since in sinces]
    parameters = {
        "user_ids": users,
        "model_ids": models,
        "sinces": sinces,
        "hours": hours,
        "earliest": min(hours),
    }
    found = await rows(USED_SINCE, parameters)
    return {wanted[row.n - 1]: Used(int(row.requests), int(row.tokens), row.spend) for row in found}


async def settle(db: Database, lately: timedelta | None) -> int:
    """Mark what is exhausted and unmark what is not: how many subscriptions changed. `lately` None looks at all of them."""
    now, settled, after = utc_now(), 0, UUID(int=0)
    while True:
        rows = await db.rows(_with_quota(now, lately, after))
        keys = [(row.user_id, row.model_id, subscriptions.window_of(row, now)[0]) for row in rows]
        used = await used_since(db.rows, keys)
        found = []
        for row, key in zip(rows, keys, strict=True):
            quota = subscriptions.quota_of(row, used.get(key, Used()), now)
            until = (quota.resets_at or subscriptions.FOREVER) if quota and quota.exhausted else None
            if row.exhausted_until != until:
                found.append((row, until))
        if found:
            async with db.write() as session:
                settled += await subscriptions.mark_exhausted(session, found)
        if len(rows) < BATCH:
            return settled
        after = rows[-1].id


def _with_quota(now: datetime, lately: timedelta | None, after: UUID) -> Select[Any]:
    """The next of the active subscriptions to look at, by id."""
    marked = _subscription.c.exhausted_until.is_not(None)
    query = (
        select(_subscription)
        .where(_subscription.c.status == SubscriptionStatus.ACTIVE, _subscription.c.id > after)
        .where(or_(subscriptions.has_quota(), marked))
        .order_by(_subscription.c.id)
        .limit(BATCH)
    )
    if lately is None:
        return query
    since = now - lately
    used_lately = (
        select(hourly.c.id)
        .join(_model, _model.c.name == hourly.c.model_name)
        .where(
            hourly.c.hour >= hour_of(since),
            hourly.c.last_at >= since,
            hourly.c.user_id == _subscription.c.user_id,
            _model.c.id == _subscription.c.model_id,
        )
        .correlate(_subscription)
        .exists()
    )
    return query.where(or_(marked, used_lately))
