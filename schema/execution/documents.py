"""Documents: parsed, judged and validated once, kept with their verdict and with the plans of their operations."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
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

_PLANS_PER_DOCUMENT = 16  # of 2^n choices of @skip and @include, so many are remembered


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may be at most. They are judged before validation, which is quadratic in places."""

    characters: int = 15_000
    depth: int = 15
    """Fields below fields. Introspection has a rule of its own in graphql-core and does not count."""
    root_fields: int = 30
    """Fields of the operation itself, each alias counted."""
    fields: int = 1_000
    """All fields, those of a fragment counted for each use."""


@dataclass(slots=True, eq=False)
class Document:
    """A document that may be executed, or `errors` that say why not."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    _conditions: tuple[str, ...] = ()
    _plans: dict[Hashable, Plans] = field(default_factory=dict)

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
            node = parse(text)
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
    names: set[str] = set()
    directives: list[DirectiveNode] = []
    sets = [each.selection_set for each in node.definitions if hasattr(each, "selection_set")]
    while sets:
        for selection in sets.pop().selections:
            directives += selection.directives or ()
            if nested := getattr(selection, "selection_set", None):
                sets.append(nested)
    for directive in directives:
        names.update(
            each.value.name.value for each in directive.arguments or () if isinstance(each.value, VariableNode)
        )
    return tuple(sorted(names))


class _Size:
    """How deep and how large the operations of a document are, fragments expanded but walked once."""

    def __init__(self, node: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._operations = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
        self._fragments = {
            each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[str, tuple[int, int, int]] = {}

    def excess(self) -> str | None:
        """What is too much, as a sentence."""
        limits = self._limits
        for operation in self._operations:
            depth, root_fields, fields = self._measure(operation.selection_set)
            if depth > limits.depth:
                return f"The document is {depth} fields deep; {limits.depth} are allowed."
            if root_fields > limits.root_fields:
                return f"The operation has {root_fields} fields at its root; {limits.root_fields} are allowed."
            if fields > limits.fields:
                return f"The document has {fields:,} fields; {limits.fields:,} are allowed."
        return None

    def _measure(self, selections: SelectionSetNode) -> tuple[int, int, int]:
        """(depth, fields of this selection itself, all fields)."""
        depth = own = total = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                below = self._measure(selection.selection_set) if selection.selection_set else (0, 0, 0)
                hidden = selection.name.value.startswith("__")
                depth = max(depth, 1 if hidden else 1 + below[0])
                own, total = own + 1, total + 1 + below[2]
            else:
                part = (0, 0, 0)
                if isinstance(selection, FragmentSpreadNode):
                    part = self._measure_fragment(selection.name.value)
                elif isinstance(selection, InlineFragmentNode):
                    part = self._measure(selection.selection_set)
                depth, own, total = max(depth, part[0]), own + part[1], total + part[2]
        return depth, own, total

    def _measure_fragment(self, name: str) -> tuple[int, int, int]:
        if name not in self._known:
            self._known[name] = (0, 0, 0)  # a fragment in a cycle, which validation refuses, adds nothing
            if fragment := self._fragments.get(name):
                self._known[name] = self._measure(fragment.selection_set)
        return self._known[name]
