"""What is asked of one view, answered together: one statement for sums and series, one for slices, one for speeds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    ColumnElement,
    Integer,
    Row,
    Select,
    Subquery,
    TableClause,
    Uuid,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gateway import users
from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import Rows, UtcDateTime, table_of
from gateway.errors import NotPermitted
from gateway.keys import ApiKey
from gateway.usage import folding, policy, speeds
from gateway.usage.answers import (
    MEASURES,
    Ask,
    Cell,
    Dimension,
    Heatmap,
    Point,
    Series,
    Slice,
    Slices,
    Speeds,
    Sums,
    Totals,
    View,
)
from gateway.usage.policy import HOUR, hour_of
from gateway.usage.queries import KEPT, MEMBERS, UNKNOWN, Source, event, member, told_apart
from gateway.usage.zones import offsets, points, zone_of

MAX_SLICES = 100
WEEK_HOURS = 168
# The epoch began on one.
THURSDAY_HOURS = 72
SECOND = timedelta(seconds=1)
OTHERS = {Dimension.API_KEY: "Other keys", Dimension.PERSON: "Other callers"}

_MOMENTS = ARRAY(UtcDateTime)

_model = table_of(Model)
_api_key = table_of(ApiKey)
_user = table_of(users.User)

_CALLER, _CALLED = ("api_key_id", "user_id"), ("model_name", "provider", "status")
# Crossed rows are added up by each of these once, which leaves few for the dimensions to be told from.
_TOGETHER = {
    Dimension.MODEL: _CALLED,
    Dimension.API_KEY: _CALLER,
    Dimension.PERSON: _CALLER,
    Dimension.PROVIDER: _CALLED,
    Dimension.STATUS: _CALLED,
}


def _part(name: str, *columns: ColumnClause[Any]) -> TableClause:
    return table(name, *(column(each.name, each.type) for each in columns))


# What `Source` selects goes into a statement as a CTE of one of these names. SQLAlchemy would take longer to find out the columns
# of a union of a dozen SELECTs than PostgreSQL to read them. Each is read once, so that PostgreSQL plans it like a subquery.
_measures = [member.c[name] for name in MEASURES]
_moments = _part("moments", column("at", UtcDateTime), *_measures)
_whole = _part("whole", member.c.dimension, member.c.member, *_measures)
_crossed = _part("crossed", *(event.c[name] for name in _CALLER + _CALLED), *_measures)


def check(actor: Actor, view: View, ask: Ask) -> None:
    """Raises InvalidInput (`timeZone`, `interval`) for what can't be asked, and NotPermitted for a key that asks for its person."""
    if actor.api_key_id is not None and ask == Slices(Dimension.PERSON):
        raise NotPermitted
    if isinstance(ask, Series):
        points(view.during, ask.interval, ask.zone)
    elif isinstance(ask, Heatmap):
        zone_of(ask.zone)


async def read(rows: Rows, source: Source, asks: Sequence[Ask]) -> dict[Ask, Any]:
    """The answers. At most four statements, however much is asked. Raises NotPermitted."""
    view, found = source.view, dict[Ask, Any]()
    # Whatever is told by time adds up to the whole, too.
    by_time: list[Ask] = [ask for ask in asks if isinstance(ask, Series | Heatmap)]
    over_time = by_time or [ask for ask in asks if ask == Sums()]
    if over_time:
        summed = await rows(_over_time(source.shared, tuple(over_time)), source.caller)
        buckets = _told(over_time, summed)
        found |= {ask: _answer(view, ask, buckets[ask]) for ask in over_time}
        if Sums() in asks:
            found[Sums()] = Totals.sum(buckets[over_time[0]].values())
    if slices := [ask for ask in asks if isinstance(ask, Slices)]:
        if told_apart(source.actor, view):
            source = replace(source, folded=await folding.good(rows, view.during))
        dimensions = tuple(ask.dimension for ask in slices)
        members = await rows(_sliced(source.shared, dimensions), source.caller)
        for ask in slices:
            found[ask] = [_slice(ask.dimension, row) for row in members if row.dimension == ask.dimension.value]
    if Speeds() in asks:
        found[Speeds()] = speeds.speed_of(await rows(speeds.histogram(source.shared), source.caller))
    return found


@lru_cache(maxsize=KEPT)
def _over_time(source: Source, asks: tuple[Ask, ...]) -> Select[Any]:
    """Rows of (ask, bucket, the measures): `ask` counts from 0, `bucket` from 1 in a series and from 0 in a week."""
    view = source.view
    split = [
        hour_of(start)
        for ask in asks
        if isinstance(ask, Series) and ask.interval is not policy.Interval.HOUR
        for start in points(view.during, ask.interval, ask.zone)
        if start != hour_of(start)
    ]
    coarse = all(isinstance(ask, Sums) for ask in asks)
    quarters = bool(split) or any(isinstance(ask, Heatmap) and _is_broken(view, ask.zone) for ask in asks)
    moments = source.moments(coarse=coarse, split=sorted(set(split)), quarters=quarters).cte("moments")
    buckets = [_bucket(view, ask, _moments.c.at).label(f"b{n}") for n, ask in enumerate(asks)]
    told = select(*buckets, *(_moments.c[name] for name in MEASURES)).subquery("told")
    names = [f"b{n}" for n in range(len(asks))]
    # Each set groups by the bucket of one ask, and GROUPING has a zero for the one it is.
    sets = ", ".join(f"(told.{name})" for name in names)
    which: ColumnElement[int] = literal_column(f"GROUPING({', '.join('told.' + name for name in names)})")
    grouped: Any = select(
        which.label("grouping"),
        func.coalesce(*(told.c[name] for name in names), literal_column("NULL")).label("bucket"),
        *(func.sum(told.c[name]).label(name) for name in MEASURES),
    )
    summed: Select[Any] = grouped.group_by(text(f"GROUPING SETS ({sets})"))
    return summed.add_cte(moments)


def _is_broken(view: View, zone: str) -> bool:
    """Whether an hour of UTC is in two hours of the zone."""
    (_, first), *later = offsets(view.during, zone)
    return bool(first % HOUR) or any(ahead % HOUR or since != hour_of(since) for since, ahead in later)


def _bucket(view: View, ask: Ask, at: ColumnElement[datetime]) -> ColumnElement[int]:
    if isinstance(ask, Series):
        return _place(at, points(view.during, ask.interval, ask.zone))
    if isinstance(ask, Heatmap):
        (_, first), *later = ((since, ahead // SECOND) for since, ahead in offsets(view.during, ask.zone))
        ahead: Any = case(*((at >= since, then) for since, then in reversed(later)), else_=first) if later else first
        seconds = cast(func.floor(func.date_part("epoch", at)), BigInteger)
        return cast(((seconds + ahead) // 3600 + THURSDAY_HOURS) % WEEK_HOURS, Integer)
    return literal_column("1")


def _place(at: ColumnElement[datetime], starts: Sequence[datetime]) -> ColumnElement[int]:
    """How many of `starts` lie at or before `at`."""
    return func.width_bucket(at, cast(literal(list(starts), _MOMENTS), _MOMENTS), type_=Integer)


def _told(asks: Sequence[Ask], rows: Iterable[Row[Any]]) -> dict[Ask, dict[int, Totals]]:
    """What is in each bucket of each ask, without those of no calls."""
    found: dict[Ask, dict[int, Totals]] = {ask: {} for ask in asks}
    place = {(1 << len(asks)) - 1 - (1 << (len(asks) - 1 - n)): ask for n, ask in enumerate(asks)}
    for row in rows:
        if row.requests is not None:
            found[place[row.grouping]][row.bucket] = Totals.of(row)
    return found


def _answer(view: View, ask: Ask, buckets: dict[int, Totals]) -> Any:
    none = Totals()
    if isinstance(ask, Series):
        starts = points(view.during, ask.interval, ask.zone)
        return [Point(start, buckets.get(n, none)) for n, start in enumerate(starts, start=1)]
    if isinstance(ask, Heatmap):
        return [Cell(n // 24 + 1, n % 24, buckets.get(n, none)) for n in range(WEEK_HOURS)]
    return buckets.get(1, none)


@lru_cache(maxsize=KEPT)
def _sliced(source: Source, dimensions: tuple[Dimension, ...]) -> Select[Any]:
    """Rows of (dimension, member, key, label, the measures), of each dimension the hundred largest, dearest first."""
    whole, crossed = source.members(dimensions)
    return _ranked(tuple(sorted(set(dimensions)))).add_cte(whole.cte("whole"), crossed.cte("crossed"))


@cache
def _ranked(dimensions: tuple[Dimension, ...]) -> Select[Any]:
    """What is made of `whole` and `crossed`."""
    sets = sorted({_TOGETHER[each] for each in dimensions})
    rest = (
        select(
            func.grouping(_crossed.c[sets[0][0]]).label("nth"),
            *(_crossed.c[name] for names in sets for name in names),
            # Of the same type as the blocks: added up as numeric, everything would cost several times as much.
            *(cast(func.sum(_crossed.c[name]), member.c[name].type).label(name) for name in MEASURES),
        )
        .group_by(func.grouping_sets(*(tuple_(*(_crossed.c[name] for name in names)) for names in sets)))
        .cte("rest")
        .prefix_with("MATERIALIZED")
    )
    parts = [
        select(
            literal(each.value).label("dimension"),
            MEMBERS[each](rest.c).label("member"),
            *(rest.c[name] for name in MEASURES),
        ).where(rest.c.nth == sets.index(_TOGETHER[each]))
        for each in dimensions
    ]
    both = union_all(select(*_whole.c), *parts).subquery("both")
    sums = (
        select(both.c.dimension, both.c.member, *_sums(both))
        .group_by(both.c.dimension, both.c.member)
        .having(func.sum(both.c.requests) > 0)
        .subquery("sums")
    )
    dearest = (sums.c.spend.desc(), sums.c.requests.desc(), sums.c.member)
    place = func.row_number().over(partition_by=sums.c.dimension, order_by=dearest).label("place")
    placed = select(*sums.c, place).subquery("placed")
    named = select(*placed.c, _key(placed).label("key"), _label(placed).label("label"))
    return named.where(placed.c.place <= MAX_SLICES).order_by(placed.c.dimension, placed.c.place)


def _sums(rows: Any) -> list[ColumnElement[Any]]:
    return [func.sum(rows.c[name]).label(name) for name in MEASURES]


def _key(placed: Subquery) -> ColumnElement[Any]:
    """The member's id, of a model the catalogue's: NULL for a name that it does not know."""
    model_id = select(_model.c.id).where(_model.c.name == placed.c.member).scalar_subquery()
    return case(
        (placed.c.dimension == Dimension.MODEL.value, model_id),
        (placed.c.dimension.in_([Dimension.API_KEY.value, Dimension.PERSON.value]), _id(placed)),
    )


def _label(placed: Subquery) -> ColumnElement[Any]:
    key_name = select(_api_key.c.name).where(_api_key.c.id == _id(placed)).scalar_subquery()
    person = select(_user.c.display_name).where(_user.c.id == _id(placed)).scalar_subquery()
    return case(
        (placed.c.dimension == Dimension.API_KEY.value, key_name),
        (placed.c.dimension == Dimension.PERSON.value, person),
        else_=placed.c.member,
    )


def _id(placed: Subquery) -> ColumnElement[Any]:
    return cast(func.nullif(placed.c.member, ""), Uuid)


def _slice(dimension: Dimension, row: Row[Any]) -> Slice:
    return Slice(row.key, row.label or OTHERS.get(dimension, UNKNOWN), Totals.of(row))
