"""What others ask of the ledger by ids, and live results of what is new in it."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    TextClause,
    Uuid,
    bindparam,
    column,
    func,
    literal_column,
    outerjoin,
    select,
    text,
)

from gateway.actor import Actor
from gateway.db import one_of, table_of
from gateway.keys import ApiKey
from gateway.usage.answers import MEASURES
from gateway.usage.policy import Scope, TimeRange, hour_of, next_hour
from gateway.usage.queries import KEPT, Source, daily, event, hourly, own, visible_to

_api_key = table_of(ApiKey)


def spend_by_key(ids: Sequence[UUID]) -> Select[Any]:
    """(api_key_id, spend) of the keys that were used."""
    return (
        select(daily.c.api_key_id, func.sum(daily.c.spend))
        .where(one_of(daily.c.api_key_id, ids))
        .group_by(daily.c.api_key_id)
    )


def last_used_by_key(ids: Sequence[UUID]) -> Select[Any]:
    """(api_key_id, when its last call began) of the keys that were used."""
    return (
        select(hourly.c.api_key_id, func.max(hourly.c.last_at))
        .where(one_of(hourly.c.api_key_id, ids))
        .group_by(hourly.c.api_key_id)
    )


def totals_by_user(user_ids: Sequence[UUID], since: datetime) -> Select[Any]:
    """(user_id, the measures) of the hours since then."""
    return (
        select(hourly.c.user_id, *(func.sum(hourly.c[name]).label(name) for name in MEASURES))
        .where(one_of(hourly.c.user_id, user_ids), hourly.c.hour >= hour_of(since))
        .group_by(hourly.c.user_id)
    )


SPEND_SINCE = text("""
SELECT w.n, sum(s.spend) AS spend
FROM unnest(CAST(:user_ids AS uuid[]), CAST(:model_ids AS uuid[]), CAST(:sinces AS timestamptz[]), CAST(:hours AS timestamptz[]))
  WITH ORDINALITY AS w (user_id, model_id, since, first_hour, n)
JOIN model m ON m.id = w.model_id
CROSS JOIN LATERAL (
  SELECT spend FROM usage_hourly h WHERE h.user_id = w.user_id AND h.model_name = m.name AND h.hour >= w.first_hour
  UNION ALL
  SELECT spend FROM usage_event e
  WHERE e.user_id = w.user_id AND e.model_name = m.name AND e.occurred_at >= w.since AND e.occurred_at < w.first_hour
) s
GROUP BY w.n
""")


def spend_since(wanted: Sequence[tuple[UUID, UUID, datetime]]) -> tuple[TextClause, dict[str, Any]]:
    """(n, spend) with n from 1, for each (user, model, since) that has any."""
    users, models, sinces = zip(*wanted, strict=True)
    hours = [next_hour(since) for since in sinces]
    return SPEND_SINCE, {"user_ids": users, "model_ids": models, "sinces": sinces, "hours": hours}


def visible_key(actor: Actor, api_key_id: UUID) -> Select[Any]:
    """(status,) of the key, if the actor may see its calls."""
    return select(_api_key.c.status).where(_api_key.c.id == api_key_id, visible_to(actor, _api_key))


def visible_keys(actor: Actor, scope: Scope, ids: Sequence[UUID]) -> Select[Any]:
    """(id,) of those keys among `ids` whose calls are in the scope."""
    query = select(_api_key.c.id).where(_api_key.c.id.in_(ids), visible_to(actor, _api_key))
    return query if scope is Scope.ALL else query.where(own(actor, _api_key))


def position() -> ColumnElement[int]:
    """How many transactions have ended in what the statement sees: of two states of the ledger, the later one has more.

    It is of the statement's own snapshot, so that the numbers beside it are exactly those of this position, in every
    replica. It also grows when nothing of ours changes.
    """
    return literal_column(
        "(pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        " - (SELECT count(*) FROM pg_snapshot_xip(pg_current_snapshot())))",
        BigInteger,
    ).label("position")


@lru_cache(maxsize=KEPT)
def totals_now(source: Source) -> Select[Any]:
    """One row of the position and the measures of what a source's view shows."""
    moments = source.moments(coarse=True).subquery("moments")
    return select(position(), *(func.coalesce(func.sum(moments.c[name]), 0).label(name) for name in MEASURES))


@lru_cache(maxsize=KEPT)
def own_states(during: TimeRange) -> Select[Any]:
    """(user_id, position, the measures) of each of the people's own calls in a range of whole hours; `user_ids` is left open."""
    wanted = bindparam("user_ids", type_=ARRAY(Uuid))
    people = func.unnest(wanted).table_valued(column("user_id", Uuid), name="people").render_derived()
    inside = (hourly.c.hour >= during.start) & (hourly.c.hour < during.end)
    joined = outerjoin(people, hourly, (hourly.c.user_id == people.c.user_id) & inside)
    sums = [func.coalesce(func.sum(hourly.c[name]), 0).label(name) for name in MEASURES]
    return select(people.c.user_id, position(), *sums).select_from(joined).group_by(people.c.user_id)


def newest_event(api_key_id: UUID) -> Select[Any]:
    """(seq,) of the key's newest event, 0 if there is none."""
    return select(func.coalesce(func.max(event.c.seq), 0)).where(event.c.api_key_id == api_key_id)


def missed_events(api_key_id: UUID, seq: int, limit: int) -> Select[Any]:
    """(count,) of the key's events after that one, at most `limit`."""
    later = select(event.c.seq).where(event.c.api_key_id == api_key_id, event.c.seq > seq).limit(limit)
    return select(func.count()).select_from(later.subquery())


def events_after(api_key_id: UUID, seq: int, limit: int) -> Select[Any]:
    """The key's next events, oldest first."""
    return select(event).where(event.c.api_key_id == api_key_id, event.c.seq > seq).order_by(event.c.seq).limit(limit)
