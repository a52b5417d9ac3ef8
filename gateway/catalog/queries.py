"""SELECTs on models. Each starts from `visible_to(actor)`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text, true

from gateway.actor import Actor
from gateway.catalog.tables import Model, ModelAccess, ModelCapability, ModelLifecycle, ModelMode
from gateway.db import one_of, table_of
from gateway.errors import InvalidInput
from gateway.paging import Order

MAX_SEARCH = 200
MAX_CHOICES = 100

model = table_of(Model)

# A price that is not the last one noted is in force from now on. A model that was never priced has no line.
NOTE_PRICES = text("""
INSERT INTO model_price (model_name, valid_from, input_cost_per_million, output_cost_per_million)
SELECT m.name, :now, m.input_cost_per_million, m.output_cost_per_million
FROM model m LEFT JOIN LATERAL (
  SELECT p.* FROM model_price p WHERE p.model_name = m.name ORDER BY p.valid_from DESC LIMIT 1
) p ON true
WHERE (p.input_cost_per_million, p.output_cost_per_million)
  IS DISTINCT FROM (m.input_cost_per_million, m.output_cost_per_million)
""")


class ModelOrder(StrEnum):
    NAME = "NAME"
    INPUT_COST = "INPUT_COST"
    OUTPUT_COST = "OUTPUT_COST"
    CONTEXT_WINDOW = "CONTEXT_WINDOW"
    NEWEST = "NEWEST"


@dataclass(frozen=True)
class ModelFilter:
    """All that is given must hold; within one list, any. `capabilities` must all be there. Raises InvalidInput for oversized values.

    Retired models are among the others only for who names RETIRED in `lifecycle` and may see everything.
    """

    search: str | None = None
    provider: Sequence[str] | None = None
    mode: Sequence[ModelMode] | None = None
    capabilities: Sequence[ModelCapability] | None = None
    access: Sequence[ModelAccess] | None = None
    lifecycle: Sequence[ModelLifecycle] | None = None

    def __post_init__(self) -> None:
        if self.search and len(self.search) > MAX_SEARCH:
            raise InvalidInput("filter.search", f"may have at most {MAX_SEARCH} characters")
        for field in ("provider", "mode", "capabilities", "access", "lifecycle"):
            if len(getattr(self, field) or ()) > MAX_CHOICES:
                raise InvalidInput(f"filter.{field}", f"may have at most {MAX_CHOICES} values")
        if "\x00" in "".join([self.search or "", *(self.provider or ())]):
            raise InvalidInput("filter", "may not contain NUL characters")


@dataclass(frozen=True)
class Facets:
    """For each value how many visible models have it, most frequent first."""

    providers: list[tuple[str, int]]
    modes: list[tuple[str, int]]
    capabilities: list[tuple[str, int]]


# Where a model has no price or no window, it comes last in every order.
_NO_PRICE = Decimal(10) ** 12
_ORDERS = {
    ModelOrder.NAME: Order("models:name", ((func.lower(model.c.name), str), (model.c.id, UUID))),
    ModelOrder.INPUT_COST: Order(
        "models:input", ((func.coalesce(model.c.input_cost_per_million, _NO_PRICE), Decimal), (model.c.id, UUID))
    ),
    ModelOrder.OUTPUT_COST: Order(
        "models:output", ((func.coalesce(model.c.output_cost_per_million, _NO_PRICE), Decimal), (model.c.id, UUID))
    ),
    ModelOrder.CONTEXT_WINDOW: Order(
        "models:window", ((func.coalesce(model.c.context_window, 0), int), (model.c.id, UUID)), descending=True
    ),
    ModelOrder.NEWEST: Order("models:newest", ((model.c.created_at, datetime), (model.c.id, UUID)), descending=True),
}


def order_of(order: ModelOrder | None) -> Order:
    return _ORDERS[order or ModelOrder.NAME]


def visible_to(actor: Actor) -> Any:
    """The condition under which `actor` may see a model."""
    return _visible(actor.reads_all)


def _visible(hidden_too: bool) -> Any:
    return true() if hidden_too else model.c.access != ModelAccess.HIDDEN


@cache
def _all(hidden_too: bool) -> Select[Any]:
    """The list that everybody sees first: made once, so that a page of it is (see `gateway.paging`)."""
    return select(model).where(_visible(hidden_too), model.c.lifecycle != ModelLifecycle.RETIRED)


def listed(actor: Actor, wanted: ModelFilter | None = None) -> Select[Any]:
    """The models that can be chosen; retired ones are found by id, or by an admin who asks for them."""
    query = _all(actor.reads_all)
    if wanted is None:
        return query
    if wanted.lifecycle is not None and actor.reads_all:
        query = select(model).where(visible_to(actor))
    if wanted.search and (words := wanted.search.split()):
        for word in words:
            found = [c.icontains(word, autoescape=True) for c in (model.c.name, model.c.provider, model.c.description)]
            query = query.where(or_(*found))
    for column, values in (
        (model.c.provider, wanted.provider),
        (model.c.mode, wanted.mode),
        (model.c.access, wanted.access),
        (model.c.lifecycle, wanted.lifecycle),
    ):
        if values is not None:
            query = query.where(column.in_(values))
    if wanted.capabilities:
        query = query.where(model.c.capabilities.contains([c.value for c in wanted.capabilities]))
    return query


def by_ids(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    return select(model).where(visible_to(actor), one_of(model.c.id, ids))


def facets(actor: Actor) -> tuple[Select[Any], ...]:
    """One SELECT of (value, count) for each facet: providers, modes, capabilities."""
    return _facets(actor.reads_all)


@cache
def _facets(hidden_too: bool) -> tuple[Select[Any], ...]:
    visible = _all(hidden_too).subquery()
    unnested = select(func.unnest(visible.c.capabilities).label("value")).subquery()

    def counted(value: Any) -> Select[Any]:
        return select(value, func.count()).group_by(value).order_by(func.count().desc(), value)

    return counted(visible.c.provider), counted(visible.c.mode), counted(unnested.c.value)
