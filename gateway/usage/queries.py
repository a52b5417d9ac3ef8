"""SELECTs on the ledger. Each starts from `visible_to(actor)`.

Whole blocks of days and hours, and quarters of an hour, come from sums, what is left at both ends of a range from the events:
exact, and the cost hardly grows with the number of calls. Which sums, follows from what a view tells apart: one member of one
dimension, or several crossed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
)

from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import table_of
from gateway.errors import NotPermitted
from gateway.keys import ApiKey, ApiKeyGeneration
from gateway.usage.answers import MEASURES, Dimension, View
from gateway.usage.policy import (
    BLOCKS,
    DAY,
    HOUR,
    LATEST,
    QUARTER,
    Scope,
    Span,
    balance,
    carve,
    cut,
)
from gateway.usage.tables import UsageBlock, UsageDaily, UsageEvent, UsageHourly, UsageMember, UsageQuarter

UNKNOWN = "unknown"
# So many statements of each kind are kept, each for all who look at the same: see `Source.shared`.
KEPT = 32

event = table_of(UsageEvent)
hourly = table_of(UsageHourly)
daily = table_of(UsageDaily)
block = table_of(UsageBlock)
quarter = table_of(UsageQuarter)
member = table_of(UsageMember)
_model = table_of(Model)
_api_key = table_of(ApiKey)
_generation = table_of(ApiKeyGeneration)

# What is read with it has to be read in the same snapshot: see `Source`. PostgreSQL takes long statements for costly ones, and would
# compile them for ten times as long as they run.
EXTENT = text("""
SELECT dropped_before AS kept_from, coalesce(
  (SELECT max(quarter) + interval '15 minutes' FROM usage_quarter WHERE dimension = 'all' AND member = ''), '2000-01-01Z'
) AS until, set_config('jit', 'off', true) FROM usage_progress
""")
_TIMES = {hourly: hourly.c.hour, daily: daily.c.day, quarter: quarter.c.quarter, member: member.c.start}
# Few enough that their quarters are kept.
FINE = {Dimension.MODEL, Dimension.PROVIDER, Dimension.STATUS}
Part = Select[Any] | CompoundSelect[Any]


def visible_to(actor: Actor, table: Table) -> ColumnElement[bool]:
    """The rows of `table` (one that has a `user_id`) whose calls the actor may see."""
    return true() if actor.reads_all else own(actor, table)


def own(actor: Actor, table: Table) -> ColumnElement[bool]:
    """The rows of `table` whose calls are the actor's own: a person's, or one key's."""
    if actor.api_key_id is not None:
        return (table.c.id if table is _api_key else table.c.api_key_id) == actor.api_key_id
    return table.c.user_id == actor.user_id


def _own_id(actor: Actor) -> UUID:
    """Of what the actor's own calls are told by: a person's id, or one key's."""
    return actor.user_id if actor.api_key_id is None else actor.api_key_id


def _of_models(column: ColumnElement[str], ids: Sequence[UUID]) -> ColumnElement[bool]:
    names = select(_model.c.name).where(_model.c.id.in_(ids))
    # An index has the rows of one model in the order of time; of several, all would be read and sorted.
    return column == names.scalar_subquery() if len(ids) == 1 else column.in_(names)


def hashed(token_hash: ColumnElement[Any]) -> ColumnElement[int]:
    """What the index has of a secret's hash: 8 bytes, which others may share."""
    return func.hashtextextended(token_hash, literal_column("0"))


# Whose calls are one's own, in a statement that is kept for all who may see as much.
_CALLER: Any = bindparam("caller", type_=Uuid())


def told_apart(actor: Actor, view: View) -> set[Dimension]:
    """The dimensions in which the view has not all. One's own calls are a person's, or one key's."""
    wanted = view.wanted
    given = {
        Dimension.MODEL: wanted.model_ids,
        Dimension.API_KEY: wanted.api_key_ids,
        Dimension.PERSON: wanted.user_ids,
        Dimension.PROVIDER: wanted.providers,
        Dimension.STATUS: wanted.statuses,
    }
    found = {dimension for dimension, values in given.items() if values is not None}
    if view.scope is Scope.ALL:
        return found
    return found | {Dimension.PERSON if actor.api_key_id is None else Dimension.API_KEY}


def permit(actor: Actor, scope: Scope) -> None:
    """Raises NotPermitted when somebody who may only see his own calls asks for all."""
    if scope is Scope.ALL and not actor.reads_all:
        raise NotPermitted


def conditions(actor: Actor, view: View, table: Table) -> list[ColumnElement[bool]]:
    """For the events and the crossed sums. Raises NotPermitted."""
    permit(actor, view.scope)
    wanted = view.wanted
    found = [visible_to(actor, table)]
    if view.scope is Scope.OWN:
        found.append(own(actor, table))
    if wanted.user_ids is not None:
        found.append(table.c.user_id.in_(wanted.user_ids))
    if wanted.api_key_ids is not None:
        found.append(table.c.api_key_id.in_(wanted.api_key_ids))
        if table is event:
            # The index by time is one by secret.
            secrets = select(hashed(_generation.c.token_hash)).where(_generation.c.api_key_id.in_(wanted.api_key_ids))
            found.append(hashed(event.c.token_hash).in_(secrets))
    if wanted.model_ids is not None:
        found.append(_of_models(table.c.model_name, wanted.model_ids))
    if wanted.providers is not None:
        named = table.c.provider.in_(wanted.providers)
        found.append(or_(named, table.c.provider.is_(None)) if UNKNOWN in wanted.providers else named)
    if wanted.statuses is not None:
        found.append(table.c.status.in_(wanted.statuses))
    return found


def member_conditions(actor: Actor, view: View, table: Table, apart: set[Dimension]) -> list[ColumnElement[bool]]:
    """For the sums of members, of a view that tells at most one dimension apart. Raises NotPermitted."""
    permit(actor, view.scope)
    if not apart:
        return [table.c.dimension == "all", table.c.member == ""]
    (dimension,) = apart
    wanted = view.wanted
    found = [table.c.dimension == dimension.value]
    if view.scope is Scope.OWN:
        found.append(table.c.member == cast(_own_id(actor), String))
    if dimension is Dimension.MODEL and wanted.model_ids is not None:
        return [*found, _of_models(table.c.member, wanted.model_ids)]
    given: dict[Dimension, Any] = {
        Dimension.API_KEY: None if wanted.api_key_ids is None else [str(key) for key in wanted.api_key_ids],
        Dimension.PERSON: None if wanted.user_ids is None else [str(user) for user in wanted.user_ids],
        Dimension.PROVIDER: wanted.providers,
        Dimension.STATUS: wanted.statuses,
    }
    if (members := given.get(dimension)) is not None:
        found.append(table.c.member.in_(members))
    return found


def _whole(dimensions: Sequence[Dimension], blocks: Sequence[Sequence[Span]], *, taken: bool = False) -> Select[Any]:
    """Sums of members, of spans for each of BLOCKS."""
    measures = (_taken(member.c[name]) if taken else member.c[name] for name in MEASURES)
    inside = [
        and_(member.c.hours == size // HOUR, among(member.c.start, spans))
        for size, spans in zip(BLOCKS, blocks, strict=False)
        if spans
    ]
    rows = select(member.c.dimension, member.c.member, *measures)
    return rows.where(member.c.dimension.in_(dimensions), or_(*inside)) if inside else rows.where(false())


def _taken(measure: Any) -> ColumnElement[Any]:
    less: ColumnElement[Any] = (-measure).label(measure.name)
    return less


def among(column: ColumnElement[datetime], spans: Sequence[Span]) -> ColumnElement[bool]:
    return or_(*(and_(column >= start, column < end) for start, end in spans)) if spans else false()


@dataclass(frozen=True)
class Source:
    """What a view's numbers are made of: tables of sums from coarse to fine, and the events.

    Single calls are kept from `kept_from` on, and none began at `until` or later; see `EXTENT`.
    """

    actor: Actor
    view: View
    kept_from: datetime
    until: datetime = LATEST
    # (hours, start) of what `usage_block` has.
    folded: tuple[tuple[int, datetime], ...] = ()

    @property
    def shared(self) -> "Source":
        """The same for all who may see as much: statements leave open whose calls are one's own, and want `caller` for it.

        To put one together takes several times as long as to run it, and most people look at the same few ranges.
        """
        key = None if self.actor.api_key_id is None else _CALLER
        return replace(self, actor=Actor(_CALLER, "", self.actor.role, api_key_id=key))

    @property
    def caller(self) -> dict[str, UUID]:
        """The value that statements of `shared` want."""
        return {"caller": _own_id(self.actor)}

    def cut(self, sizes: Sequence[timedelta]) -> tuple[list[list[Span]], list[Span]]:
        """See `policy.cut`."""
        return cut(self.view.during, sizes, self.kept_from, self.until)

    def moments(self, *, coarse: bool, split: Sequence[datetime] = (), quarters: bool = False) -> Part:
        """Rows of (at, the measures) whose sums are those of the calls in the range.

        `coarse`: in blocks as large as possible, for when the time does not matter. `quarters`: not in hours, if there are
        quarters of them. Hours in `split` are read call by call, as far as calls are kept, unless there are quarters of them.
        """
        apart = told_apart(self.actor, self.view)
        parts: list[Select[Any]] = []
        levels = self._levels(apart, coarse, quarters)
        blocks, ends = self.cut([size for _, size in levels])
        for (table, size), spans in zip(levels, blocks, strict=True):
            at = _TIMES[table]
            rows = select(at.label("at"), *(table.c[name] for name in MEASURES))
            if len(apart) <= 1:
                rows = rows.where(*member_conditions(self.actor, self.view, table, apart))
                rows = rows.where(member.c.hours == size // HOUR) if table is member else rows
            else:
                rows = rows.where(*conditions(self.actor, self.view, table))
            if size == HOUR and (opened := [hour for hour in split if hour >= self.kept_from]):
                opened = [hour for hour in opened if any(start <= hour < end for start, end in spans)]
                rows = rows.where(at.not_in(opened))
                ends = [*ends, *((hour, hour + HOUR) for hour in opened)]
            parts += [rows.where(among(at, [span])) for span in spans]
        return self.with_calls(parts, ends, event.c.occurred_at.label("at"))

    @staticmethod
    def _levels(apart: set[Dimension], coarse: bool, quarters: bool) -> list[tuple[Table, timedelta]]:
        """The tables to read, and how large their blocks are, from coarse to fine."""
        if len(apart) > 1:
            return [(daily, DAY), (hourly, HOUR)] if coarse else [(hourly, HOUR)]
        if not apart <= FINE:
            return [(member, size) for size in (BLOCKS if coarse else [HOUR])]
        sizes = BLOCKS if coarse else [] if quarters else [HOUR]
        return [*((member, size) for size in sizes), (quarter, QUARTER)]

    def members(self, dimensions: Sequence[Dimension]) -> tuple[Part, Part]:
        """Sums of whole hours and more by member, as (dimension, member, the measures), and the rest as crossed rows.

        The first is of no rows where only crossed rows know what the view tells apart. Measures below zero take away what others have
        too much of: a member may have nothing left.
        """
        columns = (event.c.user_id, event.c.api_key_id, event.c.model_name, event.c.provider, event.c.status)
        permit(self.actor, self.view.scope)
        if not told_apart(self.actor, self.view):
            sizes, (more, less) = balance(self.view.during, BLOCKS, self.kept_from, self.until)
            added, taken = zip(*sizes, strict=True)
            away = self.calls(*columns, *map(_taken, _MEASURED))
            parts = [away.where(among(event.c.occurred_at, [span])) for span in less]
            whole = union_all(_whole(dimensions, added), _whole(dimensions, taken, taken=True))
            return whole, self.with_calls(parts, more, *columns)
        (days, hours), ends = self.cut([DAY, HOUR])
        large, days = carve(days, self.folded)
        rest = [
            select(*(table.c[column.name] for column in columns), *(table.c[name] for name in MEASURES)).where(
                inside, *conditions(self.actor, self.view, table)
            )
            for table, inside in (
                (block, tuple_(block.c.hours, block.c.start).in_(large)),
                (daily, among(daily.c.day, days)),
                (hourly, among(hourly.c.hour, hours)),
            )
        ]
        return _whole([], []), self.with_calls(rest, ends, *columns)

    def with_calls(self, parts: Sequence[Select[Any]], ends: Sequence[Span], *columns: ColumnElement[Any]) -> Part:
        """The parts and the single calls of the ends; no rows where there are neither.

        Each span is a SELECT of its own, so that an index finds it and nothing in between is read.
        """
        calls = self.calls(*columns, *_MEASURED)
        single = [calls.where(event.c.occurred_at >= start, event.c.occurred_at < end) for start, end in ends]
        return union_all(*([*parts, *single] or [calls.where(false())]))

    def calls(self, *columns: Any) -> Select[Any]:
        """Of the calls that are kept, whenever they began."""
        return select(*columns).where(*conditions(self.actor, self.view, event))


_MEASURED = (
    literal_column("1").label("requests"),
    case((event.c.success, 0), else_=1).label("failures"),
    *(event.c[name] for name in MEASURES if name not in ("requests", "failures", "cache_hits", "unpriced")),
    case((event.c.cache_hit, 1), else_=0).label("cache_hits"),
    case((event.c.priced, 0), else_=1).label("unpriced"),
)
MEMBERS: dict[Dimension, Any] = {
    Dimension.MODEL: lambda row: row.model_name,
    Dimension.API_KEY: lambda row: func.coalesce(cast(row.api_key_id, String), ""),
    Dimension.PERSON: lambda row: func.coalesce(cast(row.user_id, String), ""),
    Dimension.PROVIDER: lambda row: func.coalesce(row.provider, UNKNOWN),
    Dimension.STATUS: lambda row: row.status,
}
