"""Scalars and enums: plain attributes that stand side by side are read with one `attrgetter` and written by the classes they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import attrgetter
from types import NoneType
from typing import Any, NamedTuple
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.execution.collect_fields import FieldDetailsList

_INT = (-(2**31), 2**31 - 1)
_PLAIN = frozenset({bool, int, float, str, Decimal, UUID, datetime, date, time, timedelta, list, dict})
_EXACT: dict[str, type] = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}
_RECIPES = 64  # combinations of classes remembered per block

Recipe = list[tuple[str, Callable[[Any], Any]]]
"""(key, how its value is written) of the attributes that are not written as they are."""


class Unusual(Exception):
    """A value that graphql-core has to look at."""


class Leaf(NamedTuple):
    """A plain attribute of a scalar or enum type, or a list of those: a value of class `exact` is its own result, `coerce` makes
    the others."""

    key: str
    attribute: str
    exact: type | None
    nullable: bool
    coerce: Callable[[Any], Any]
    classes: frozenset[type]
    """What `coerce` is called for; a value of any other class is graphql-core's business."""
    details: FieldDetailsList


class Leaves:
    """Plain attributes that stand side by side in a selection."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self.leaves = leaves
        self._keys = tuple(leaf.key for leaf in leaves)
        self._read = _reader([leaf.attribute for leaf in leaves])
        self._recipes: dict[tuple[type, ...], Recipe | None] = {}

    def take(self, source: Any) -> dict[str, Any] | None:
        """The attributes as they are written; None if graphql-core has to look at one of them.

        What is left to do for values of certain classes is remembered: the objects of a list mostly have the same.
        """
        try:
            values = self._read(source)
            kinds = tuple(map(type, values))
            recipe = self._recipes[kinds] if kinds in self._recipes else self._add_recipe(kinds)
            if recipe is None:
                return None
            results = dict(zip(self._keys, values, strict=True))
            for key, coerce in recipe:
                results[key] = coerce(results[key])
        except Exception:  # an attribute is missing, or a value is refused
            return None
        return results

    def _add_recipe(self, kinds: tuple[type, ...]) -> Recipe | None:
        if len(self._recipes) >= _RECIPES:
            self._recipes.clear()
        recipe = self._recipes[kinds] = self._find(kinds)
        return recipe

    def _find(self, kinds: tuple[type, ...]) -> Recipe | None:
        recipe: Recipe = []
        for leaf, kind in zip(self.leaves, kinds, strict=True):
            if kind is leaf.exact or (kind is NoneType and leaf.nullable):
                continue
            if kind not in leaf.classes:
                return None
            recipe.append((leaf.key, leaf.coerce))
        return recipe


def leaf_of(key: str, attribute: str, type_: GraphQLOutputType, details: FieldDetailsList) -> Leaf | None:
    """How the attribute is read and written; None if it has a selection of its own."""
    kind, nullable = unwrap(type_)
    if isinstance(kind, GraphQLLeafType):
        return Leaf(key, attribute, exact_class(kind), nullable, *coercion(kind), details)
    if isinstance(kind, GraphQLList) and (coerce := list_coercion(kind.of_type)):
        return Leaf(key, attribute, None, nullable, coerce, frozenset({list, tuple}), details)
    return None


def _reader(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    (name,) = names
    return lambda source: (getattr(source, name),)


def unwrap(type_: GraphQLOutputType) -> tuple[GraphQLOutputType, bool]:
    """(the type without its `!`, whether it had none)."""
    return (type_.of_type, False) if isinstance(type_, GraphQLNonNull) else (type_, True)


def exact_class(type_: GraphQLLeafType) -> type | None:
    """The class whose instances are written as they are."""
    return _EXACT.get(type_.name) if isinstance(type_, GraphQLScalarType) else None


def coercion(type_: GraphQLLeafType) -> tuple[Callable[[Any], Any], frozenset[type]]:
    """How values of the type are written, and the classes of values that this may be asked for.

    They are such as are certainly nothing to wait for. The function raises what it likes: then graphql-core says what is wrong.
    """
    if type_ is GraphQLInt:
        return _write_int, frozenset({int})
    members = getattr(type_, "wrapped_cls", None)
    if members is None:
        return _checked(type_.coerce_output_value), _PLAIN
    # Strawberry's enum searches all its names for a member, and Python's hashes members by a function written in Python.
    names: dict[int, str] = {}

    def name_of(member: Any) -> str:
        name = names.get(id(member))
        if name is None:
            name = names[id(member)] = type_.coerce_output_value(member)
        return name

    return name_of, frozenset({members})


def _checked(coerce: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if coerce is str or coerce is int:  # their results need no look; Strawberry's own scalars and ours use them
        return coerce

    def write(value: Any) -> Any:
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Unusual
        return coerced

    return write


def _write_int(value: int) -> int:
    return value if _INT[0] <= value <= _INT[1] else GraphQLInt.coerce_output_value(value)


def list_coercion(item_type: GraphQLOutputType) -> Callable[[Any], Any] | None:
    """How a list of scalars or enums is written; the function raises when an item is unusual. None for other lists."""
    kind, nullable = unwrap(item_type)
    if not isinstance(kind, GraphQLLeafType):
        return None
    coerce, classes = coercion(kind)
    exact = frozenset({exact_class(kind)})
    plain = frozenset({NoneType}) if nullable else frozenset()

    def write(values: Any) -> list[Any]:
        kinds = set(map(type, values))
        if kinds <= exact:
            return list(values)
        if not kinds <= classes | plain:
            raise Unusual
        return [None if value is None else coerce(value) for value in values]

    return write
