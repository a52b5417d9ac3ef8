"""SELECTs on the ledger. Each starts from `visible_to(actor)`.

Whole hours come from the hourly sums, what is left at both ends of a range from the events: exact, and the cost does not
grow with the number of calls.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Table,
    TextClause,
    Uuid,
    bindparam,
    case,
    column,
    func,
    literal,
    literal_column,
    outerjoin,
    select,
    text,
    true,
    union_all,
)

from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import table_of
from gateway.errors import NotPermitted
from gateway.keys import ApiKey
from gateway.usage.policy import Interval, Scope, TimeRange, UsageFilter, hour_of, next_hour
from gateway.usage.tables import UsageEvent, UsageHourly

MAX_SLICES = 100
UNKNOWN_KEY = "Other keys"

event = table_of(UsageEvent)
hourly = table_of(UsageHourly)
_model = table_of(Model)
_api_key = table_of(ApiKey)

MEASURES = ("requests", "failures", "prompt_tokens", "completion_tokens", "total_tokens", "spend")


def visible_to(actor: Actor, table: Table) -> ColumnElement[bool]:
    """The rows of `table` (one that has a `user_id`) whose calls the actor may see."""
    return true() if actor.reads_all else own(actor, table)


def own(actor: Actor, table: Table) -> ColumnElement[bool]:
    """The rows of `table` whose calls are the actor's own: a person's, or one key's."""
    if actor.api_key_id is not None:
        return (table.c.id if table is _api_key else table.c.api_key_id) == actor.api_key_id
    return table.c.user_id == actor.user_id


def _conditions(actor: Actor, wanted: UsageFilter, scope: Scope, table: Table) -> list[ColumnElement[bool]]:
    """Raises NotPermitted when somebody who may only see his own calls asks for all."""
    if scope is Scope.ALL and not actor.reads_all:
        raise NotPermitted
    conditions = [visible_to(actor, table)]
    if scope is Scope.OWN:
        conditions.append(own(actor, table))
    if wanted.user_ids is not None:
        conditions.append(table.c.user_id.in_(wanted.user_ids))
    if wanted.api_key_ids is not None:
        conditions.append(table.c.api_key_id.in_(wanted.api_key_ids))
    if wanted.model_ids is not None:
        conditions.append(table.c.model_name.in_(select(_model.c.name).where(_model.c.id.in_(wanted.model_ids))))
    return conditions


def _measured(actor: Actor, during: TimeRange, wanted: UsageFilter, scope: Scope) -> Subquery:
    """Rows of (at, api_key_id, model_name, the measures) whose sums are those of the calls in the range."""
    first, last = next_hour(during.start), hour_of(during.end)
    if first >= last:
        return _events(actor, during.start, during.end, wanted, scope).subquery("measured")
    hours = select(
        hourly.c.hour.label("at"), hourly.c.api_key_id, hourly.c.model_name, *(hourly.c[name] for name in MEASURES)
    ).where(hourly.c.hour >= first, hourly.c.hour < last, *_conditions(actor, wanted, scope, hourly))
    # Each end is a range of its own, so that an index finds it and nothing in between is read.
    ends = [
        _events(actor, start, end, wanted, scope)
        for start, end in ((during.start, first), (last, during.end))
        if start < end
    ]
    return union_all(hours, *ends).subquery("measured") if ends else hours.subquery("measured")


def _events(actor: Actor, start: datetime, end: datetime, wanted: UsageFilter, scope: Scope) -> Select[Any]:
    return select(
        event.c.occurred_at.label("at"),
        event.c.api_key_id,
        event.c.model_name,
        literal_column("1").label("requests"),
        case((event.c.success, 0), else_=1).label("failures"),
        *(event.c[name] for name in MEASURES[2:]),
    ).where(event.c.occurred_at >= start, event.c.occurred_at < end, *_conditions(actor, wanted, scope, event))


def _sums(measured: Subquery) -> list[ColumnElement[Any]]:
    return [func.coalesce(func.sum(measured.c[name]), 0).label(name) for name in MEASURES]


def totals(actor: Actor, during: TimeRange, wanted: UsageFilter, scope: Scope) -> Select[Any]:
    """One row of the measures."""
    return select(*_sums(_measured(actor, during, wanted, scope)))


def series(actor: Actor, during: TimeRange, wanted: UsageFilter, scope: Scope, interval: Interval) -> Select[Any]:
    """(start, the measures), of the intervals in which there was a call."""
    measured = _measured(actor, during, wanted, scope)
    start = func.date_trunc(literal_column(f"'{interval.value.lower()}'"), measured.c.at, literal_column("'UTC'"))
    return select(start.label("start"), *_sums(measured)).group_by(start)


def by_model(actor: Actor, during: TimeRange, wanted: UsageFilter, scope: Scope) -> Select[Any]:
    """(key, label, the measures) of at most a hundred models; key is None for a name that the catalogue does not know."""
    measured = _measured(actor, during, wanted, scope)
    sums = select(measured.c.model_name, *_sums(measured)).group_by(measured.c.model_name).subquery("sums")
    joined = sums.outerjoin(_model, _model.c.name == sums.c.model_name)
    return _largest(select(_model.c.id.label("key"), sums.c.model_name.label("label")).select_from(joined), sums)


def by_api_key(actor: Actor, during: TimeRange, wanted: UsageFilter, scope: Scope) -> Select[Any]:
    """(key, label, the measures) of at most a hundred keys; one row with key None has the calls with keys not ours."""
    measured = _measured(actor, during, wanted, scope)
    sums = select(measured.c.api_key_id, *_sums(measured)).group_by(measured.c.api_key_id).subquery("sums")
    joined = sums.outerjoin(_api_key, _api_key.c.id == sums.c.api_key_id)
    label = func.coalesce(_api_key.c.name, literal(UNKNOWN_KEY)).label("label")
    return _largest(select(_api_key.c.id.label("key"), label).select_from(joined), sums)


def _largest(named: Select[Any], sums: Subquery) -> Select[Any]:
    return (
        named.add_columns(*(sums.c[name] for name in MEASURES))
        .order_by(sums.c.spend.desc(), sums.c.requests.desc(), literal_column("label"), literal_column("key"))
        .limit(MAX_SLICES)
    )


def spend_by_key(ids: Sequence[UUID]) -> Select[Any]:
    """(api_key_id, spend) of the keys that were used."""
    return (
        select(hourly.c.api_key_id, func.sum(hourly.c.spend))
        .where(hourly.c.api_key_id.in_(ids))
        .group_by(hourly.c.api_key_id)
    )


def last_used_by_key(ids: Sequence[UUID]) -> Select[Any]:
    """(api_key_id, when its last call began) of the keys that were used."""
    return (
        select(hourly.c.api_key_id, func.max(hourly.c.last_at))
        .where(hourly.c.api_key_id.in_(ids))
        .group_by(hourly.c.api_key_id)
    )


def totals_by_user(user_ids: Sequence[UUID], since: datetime) -> Select[Any]:
    """(user_id, the measures) of the hours since then."""
    return (
        select(hourly.c.user_id, *(func.sum(hourly.c[name]).label(name) for name in MEASURES))
        .where(hourly.c.user_id.in_(user_ids), hourly.c.hour >= hour_of(since))
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


def own_states(user_ids: Sequence[UUID], during: TimeRange) -> Select[Any]:
    """(user_id, position, the measures) of each of these people's own calls in a range of whole hours."""
    wanted = bindparam("user_ids", list(user_ids), ARRAY(Uuid))
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
