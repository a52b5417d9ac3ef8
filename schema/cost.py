"""What an operation costs, in points: an estimate before it is executed, and afterwards what it came to.

An object is 1 point, a value nothing. A connection is `first` times what is asked of each node, any other list the number of items that
its field declares. A change is 10 points and what is asked of its result. `metadata=price(…)` declares what stands out.

    @strawberry.field(description="…", metadata=price(points=20, items=30))

The document decides nearly all of this, so it is worked out once and kept with the document: what is left for each request are the
`first` that stand in variables, and the lengths of lists. Fields behind @skip and @include are counted before and, if left out, not
afterwards. So the estimate is the most that an operation is charged, and what it came to is never more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from strawberry.types.field import StrawberryField

from gateway.errors import DomainError
from schema.execution import Document, nodes_of

CHANGE = 10
ITEMS = 5  # of a list that declares no other number
MOST_IN_PAGE = 100
_INTROSPECTION = {"__schema": 100, "__type": 10}

Composite: TypeAlias = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(eq=False)
class QueryTooCostly(DomainError):
    """Nothing was executed."""

    cost: int
    ceiling: int
    code = "QUERY_TOO_COSTLY"
    sentence = (
        "This operation may cost {cost:,} points; {ceiling:,} are allowed. Ask for fewer items or fields at a time."
    )

    @property
    def extensions(self) -> dict[str, Any]:
        return super().extensions | {"cost": self.cost, "ceiling": self.ceiling}


def price(*, points: int = 0, items: int | None = None) -> dict[str, Any]:
    """For a field's `metadata`: points beside those of what it returns; how many items to expect of a list."""
    return {"price": (points, items)}


class Cost:
    """Of one operation."""

    def __init__(self, selection: _Selection, changes: int = 0) -> None:
        self.changes = changes  # how many a mutation asks for
        self._base, self._selection = changes * CHANGE, selection

    def estimate(self, variables: Mapping[str, Any] | None) -> int:
        """The most that it may cost, at least 1."""
        return max(1, self._base + self._selection.estimate(variables or {}, 0))

    def actual(self, data: dict[str, Any] | None) -> int:
        """What it came to, by its result."""
        return max(1, self._base + (self._selection.actual(data) if data else 0))


_UNKNOWN = ("cost", None)


def cost_of(schema: GraphQLSchema, document: Document, name: str | None) -> Cost:
    """The cost of the document's operation of that name. One that can't be executed costs a point."""
    operation = None if document.errors else document.operation(name)
    if operation is None:
        return document.remember(_UNKNOWN, lambda: Cost(_Selection([])))
    return document.remember(("cost", id(operation)), lambda: _Costs(schema, document).of(operation))


class _Selection:
    """What the fields of one object cost. What neither variables nor results can change is summed up beforehand."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self.keys = {part.key for part in parts}
        self.varying = [part for part in parts if part.varies]
        self.estimated = sum(part.estimate({}, 0) for part in parts if not part.varies)
        self.open = [part for part in parts if part.open]
        self.certain = sum(part.certain for part in parts if not part.open)

    def estimate(self, variables: Mapping[str, Any], page: int) -> int:
        return self.estimated + sum(part.estimate(variables, page) for part in self.varying)

    def actual(self, data: Any) -> int:
        return self.certain + sum(part.actual(data[part.key]) for part in self.open if part.key in data)


class _Choice:
    """What an object costs that may be of several types: as much as the dearest, of those that fit its result."""

    def __init__(self, choices: Sequence[_Selection]) -> None:
        self._choices = choices
        self.varying = [part for choice in choices for part in choice.varying]
        self.open = choices
        self.estimated = max((choice.estimated for choice in choices), default=0)
        self.certain = 0

    def estimate(self, variables: Mapping[str, Any], page: int) -> int:
        return max((choice.estimate(variables, page) for choice in self._choices), default=0)

    def actual(self, data: Any) -> int:
        return max((choice.actual(data) for choice in self._choices if choice.keys >= data.keys()), default=0)


@dataclass(slots=True)
class _Part:
    """One field. `size` says how many items it has: a number, a `first` that gives one, or None when it is no list."""

    key: str
    points: int
    unit: int = 0  # for each object
    size: int | _First | None = None
    nullable: bool = False
    below: _Selection | _Choice | None = None
    is_edges: bool = False  # as many as the connection above was asked for
    conditional: bool = False  # may be left out
    varies: bool = False
    open: bool = False

    @property
    def certain(self) -> int:
        return self.points + (self.unit + self.below.certain if self.below else 0)

    def settled(self) -> _Part:
        """Itself, once it is known what it depends on: variables (`varies`), the result (`open`)."""
        below = self.below
        self.varies = isinstance(self.size, _First) or self.is_edges or bool(below and below.varying)
        is_list = self.size is not None and not isinstance(self.size, _First)
        self.open = self.conditional or (
            below is not None and (is_list or self.is_edges or self.nullable or bool(below.open))
        )
        return self

    def estimate(self, variables: Mapping[str, Any], page: int) -> int:
        if self.below is None:
            return self.points
        if isinstance(self.size, _First):
            page, times = self.size.of(variables), 1
        else:
            times = page if self.is_edges else 1 if self.size is None else self.size
        return self.points + times * (self.unit + self.below.estimate(variables, page))

    def actual(self, value: Any) -> int:
        below = self.below
        if value is None or below is None:
            return self.points
        if not isinstance(value, list):
            return self.points + self.unit + below.actual(value)
        if not below.open:
            return self.points + len(value) * (self.unit + below.certain)
        return self.points + sum(self.unit + below.actual(item) for item in value if item is not None)


class _First:
    """The `first` of a page, between 0 and 100: others are refused by the field."""

    def __init__(self, field: FieldNode, defaults: Mapping[str, Any]) -> None:
        self._variable: str | None = None
        self._number: Any = MOST_IN_PAGE
        value = next((each.value for each in field.arguments or () if each.name.value == "first"), None)
        if isinstance(value, IntValueNode):
            self._number = int(value.value)
        elif isinstance(value, VariableNode):
            self._variable = value.name.value
            self._number = defaults.get(self._variable, MOST_IN_PAGE)

    def of(self, variables: Mapping[str, Any]) -> int:
        number = variables.get(self._variable, self._number) if self._variable else self._number
        return min(max(number, 0), MOST_IN_PAGE) if isinstance(number, int) else MOST_IN_PAGE


class _Costs:
    """Reads a document. Fields with the same response key are merged, as they will be executed."""

    def __init__(self, schema: GraphQLSchema, document: Document) -> None:
        assert document.node is not None
        self._schema = schema
        definitions = document.node.definitions
        self._fragments = {
            each.name.value: each.selection_set for each in definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._conditions = {
            each.name.value: each.type_condition.name.value
            for each in definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._conditional = any(isinstance(each, DirectiveNode) for each in nodes_of(document.node))
        self._defaults: dict[str, Any] = {}
        self._known: dict[tuple[Any, ...], _Selection | _Choice] = {}

    def of(self, operation: OperationDefinitionNode) -> Cost:
        for variable in operation.variable_definitions or ():
            if isinstance(variable.default_value, IntValueNode):
                self._defaults[variable.variable.name.value] = int(variable.default_value.value)
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        selection = self._object(root, (operation.selection_set,))
        if operation.operation is OperationType.MUTATION:
            return Cost(selection, len(self._fields(root, (operation.selection_set,))))
        return Cost(selection)

    def _below(self, type_: Composite, sets: tuple[SelectionSetNode, ...]) -> _Selection | _Choice:
        key = (type_.name, *map(id, sets))
        if key not in self._known:
            if isinstance(type_, GraphQLObjectType):
                self._known[key] = self._object(type_, sets)
            else:
                kinds = self._schema.get_possible_types(type_)
                self._known[key] = _Choice([self._object(kind, sets) for kind in kinds])
        return self._known[key]

    def _object(self, type_: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]) -> _Selection:
        parts = []
        for key, nodes in self._fields(type_, sets).items():
            name = nodes[0].name.value
            if name.startswith("__"):
                parts.append(_Part(key, _INTROSPECTION.get(name, 0)))
            elif field := type_.fields.get(name):
                parts.append(self._part(key, type_, field, nodes))
        return _Selection(parts)

    def _part(self, key: str, parent: GraphQLObjectType, field: GraphQLField, nodes: list[FieldNode]) -> _Part:
        points, items = _declared(field)
        kind: Any = get_named_type(field.type)
        if is_leaf_type(kind):
            return _Part(key, points, conditional=self._conditional).settled()
        part = _Part(
            key,
            points,
            below=self._below(kind, tuple(node.selection_set for node in nodes if node.selection_set)),
            nullable=not isinstance(field.type, GraphQLNonNull),
            conditional=self._conditional,
        )
        if _is_connection(kind):
            part.size = _First(nodes[0], self._defaults)
        elif _is_connection(parent):
            part.is_edges = nodes[0].name.value == "edges"
        elif is_list_type(get_nullable_type(field.type)):
            part.unit, part.size = 1, ITEMS if items is None else items
        else:  # the result of a change is in the points of the change
            part.unit = 0 if parent is self._schema.mutation_type else 1
        return part.settled()

    def _fields(self, type_: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]) -> dict[str, list[FieldNode]]:
        found: dict[str, list[FieldNode]] = {}
        for node in self._flat(type_, sets, set()):
            found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return found

    def _flat(
        self, type_: GraphQLObjectType, sets: tuple[SelectionSetNode, ...], seen: set[str]
    ) -> Iterator[FieldNode]:
        for selection in (each for set_ in sets for each in set_.selections):
            if isinstance(selection, FieldNode):
                yield selection
                continue
            if isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in seen:
                    continue
                seen.add(name)
                condition, inner = self._conditions[name], self._fragments[name]
            else:
                assert not isinstance(selection, FieldNode)
                inline: Any = selection
                condition = inline.type_condition.name.value if inline.type_condition else type_.name
                inner = inline.selection_set
            if self._applies(condition, type_):
                yield from self._flat(type_, (inner,), seen)

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        if condition == type_.name:
            return True
        wider = self._schema.get_type(condition)
        return isinstance(wider, GraphQLInterfaceType | GraphQLUnionType) and self._schema.is_sub_type(wider, type_)


def _declared(field: GraphQLField) -> tuple[int, int | None]:
    own = field.extensions.get("strawberry-definition")
    declared: tuple[int, int | None] = (
        own.metadata.get("price", (0, None)) if isinstance(own, StrawberryField) else (0, None)
    )
    return declared


def _is_connection(kind: Any) -> bool:
    return isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection") and "edges" in kind.fields
