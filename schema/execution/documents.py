"""Documents: parsed, judged and validated once, kept with their verdict and with the plans of their operations."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    VariableNode,
    parse,
    specified_rules,
)
from strawberry import Schema
from strawberry.schema.schema import validate_document

from schema.execution.executor import Plans

T = TypeVar("T")

_PLANS_PER_DOCUMENT = 16  # of 2^n choices of @skip and @include, so many are remembered


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may be at most. They are judged before validation, which is quadratic in places."""

    characters: int = 15_000
    tokens: int = 3_000
    depth: int = 15
    """Fields below fields. Introspection has a rule of its own in graphql-core and does not count."""
    root_fields: int = 30
    """Fields of the operation itself, each alias counted."""
    fields: int = 1_000
    """All fields, those of a fragment counted for each use."""
    breadth: int = 100
    """Fields of one selection."""
    aliases: int = 50
    """Fields under another name, those of a fragment counted for each use."""
    directives: int = 50
    """As they stand in the document."""


@dataclass(slots=True, eq=False)
class Document:
    """A document that may be executed, or `errors` that say why not."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    _conditions: tuple[str, ...] = ()
    _plans: dict[Hashable, Plans] = field(default_factory=dict)
    _facts: dict[Hashable, Any] = field(default_factory=dict)

    def remember(self, fact: Hashable, find_out: Callable[[], T]) -> T:
        """What follows from the document alone: found out once, and kept with it."""
        if fact not in self._facts:
            self._facts[fact] = find_out()
        known: T = self._facts[fact]
        return known

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name; without a name, the only one. None when there is no such, or no only one."""
        if self.node is None:
            return None
        operations = [each for each in self.node.definitions if isinstance(each, OperationDefinitionNode)]
        if name is not None:
            operations = [each for each in operations if each.name and each.name.value == name]
        return operations[0] if len(operations) == 1 else None

    def operation_type(self, name: str | None) -> OperationType | None:
        operation = self.operation(name)
        return operation.operation if operation else None

    def plans(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Plans:
        """The plans of an operation under coerced `variables`: which of them stand in @skip and @include decides."""
        key = (id(operation), *(variables.get(name, Undefined) for name in self._conditions))
        plans = self._plans.get(key)
        if plans is None:
            if len(self._plans) >= _PLANS_PER_DOCUMENT:
                self._plans.clear()
            plans = self._plans[key] = Plans()
        return plans


class Documents:
    """All documents that a schema is asked to execute; `tokens` bounds the memory of those kept (some 600 bytes each)."""

    def __init__(self, schema: Schema, limits: Limits | None = None, *, tokens: int = 50_000) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._room = tokens
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """The document of this text. Never raises: a document that can't be executed has errors."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        if len(text) > self._limits.characters:
            message = f"The document has {len(text):,} characters; {self._limits.characters:,} are allowed."
            return Document(None, (_refusal(message),))
        document = self.prepare(text)
        if document.node is not None:
            self._keep(text, document)
        return document

    def prepare(self, text: str, *, limited: bool = True) -> Document:
        """Parse and validate without keeping; `limited=False` for documents that are our own."""
        try:
            node = parse(text, max_lexical_tokens=self._limits.tokens if limited else None)
        except GraphQLError as failure:
            failure.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            return Document(None, (failure,))
        if limited and (excess := _Size(node, self._limits).excess()):
            return Document(node, (_refusal(excess),))
        errors = validate_document(self._schema._schema, node, tuple(specified_rules))
        for error in errors:
            error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED", **(error.extensions or {})}
        return Document(node, tuple(errors), _condition_variables(node))

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._room -= _weight(document)
        while self._room < 0:
            _, dropped = self._kept.popitem(last=False)
            self._room += _weight(dropped)


def _weight(document: Document) -> int:
    return document.node.token_count if document.node else 0


def _refusal(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})


def _condition_variables(node: DocumentNode) -> tuple[str, ...]:
    """The variables in @skip and @include, anywhere in the document."""
    names = {
        each.value.name.value
        for directive in nodes_of(node)
        if isinstance(directive, DirectiveNode)
        for each in directive.arguments or ()
        if isinstance(each.value, VariableNode)
    }
    return tuple(sorted(names))


def nodes_of(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    waiting = [node]
    while waiting:
        yield (each := waiting.pop())
        for key in each.keys:
            value = getattr(each, key, None)
            waiting += [child for child in (value if isinstance(value, tuple) else (value,)) if isinstance(child, Node)]


class _Measure(NamedTuple):
    """Of a selection, fragments expanded."""

    depth: int
    own: int
    total: int
    breadth: int
    aliases: int


_NOTHING = _Measure(0, 0, 0, 0, 0)


class _Size:
    """How deep and how large the operations of a document are, fragments expanded but walked once."""

    def __init__(self, node: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._operations = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
        self._fragments = {
            each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._directives = sum(1 for each in nodes_of(node) if isinstance(each, DirectiveNode))
        self._known: dict[str, _Measure] = {}

    def excess(self) -> str | None:
        """What is too much, as a sentence."""
        limits = self._limits
        for operation in self._operations:
            depth, root_fields, fields, breadth, aliases = self._measure(operation.selection_set)
            if depth > limits.depth:
                return f"The document is {depth} fields deep; {limits.depth} are allowed."
            if root_fields > limits.root_fields:
                return f"The operation has {root_fields} fields at its root; {limits.root_fields} are allowed."
            if fields > limits.fields:
                return f"The document has {fields:,} fields; {limits.fields:,} are allowed."
            if breadth > limits.breadth:
                return f"A selection has {breadth} fields; {limits.breadth} are allowed."
            if aliases > limits.aliases:
                return f"The document has {aliases:,} aliases; {limits.aliases} are allowed."
        if self._directives > limits.directives:
            return f"The document has {self._directives} directives; {limits.directives} are allowed."
        return None

    def _measure(self, selections: SelectionSetNode) -> _Measure:
        depth = own = total = breadth = aliases = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                below = self._measure(selection.selection_set) if selection.selection_set else _NOTHING
                hidden = selection.name.value.startswith("__")
                depth = max(depth, 1 if hidden else 1 + below.depth)
                own, total = own + 1, total + 1 + below.total
                aliases += below.aliases + (selection.alias is not None)
                breadth = max(breadth, below.breadth)
            else:
                part = _NOTHING
                if isinstance(selection, FragmentSpreadNode):
                    part = self._measure_fragment(selection.name.value)
                elif isinstance(selection, InlineFragmentNode):
                    part = self._measure(selection.selection_set)
                depth, own, total = max(depth, part.depth), own + part.own, total + part.total
                aliases, breadth = aliases + part.aliases, max(breadth, part.breadth)
        return _Measure(depth, own, total, max(breadth, own), aliases)

    def _measure_fragment(self, name: str) -> _Measure:
        if name not in self._known:
            self._known[name] = _NOTHING  # a fragment in a cycle, which validation refuses, adds nothing
            if fragment := self._fragments.get(name):
                self._known[name] = self._measure(fragment.selection_set)
        return self._known[name]
