"""Makes the steps of a plan: one function per field, with everything that the document and the schema already say bound in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    Node,
    Undefined,
    VariableNode,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from schema.execution.leaves import Leaf, Leaves, coercion, exact_class, leaf_of, list_coercion, unwrap
from schema.execution.plans import Field, Plan, Step, gather_items, guarded, new_path

if TYPE_CHECKING:
    from schema.execution.executor import CompiledExecutor

Completer = Callable[["CompiledExecutor", Any, Path], Any]
"""(executor, resolved value, path of the field or item) -> completed value, or a coroutine of it."""

_NO_INFO: Any = None
_UNUSUAL = (Exception, type(Undefined))
_CONSTANTS = (str, int, float, bool, type(None))
_MARKER = "strawberry-definition"


def compile_steps(executor: CompiledExecutor, plan: Plan) -> list[Step]:
    """The steps that execute `plan` for any object of its type."""
    steps: list[Step] = []
    leaves: list[Leaf] = []

    def end_block() -> None:
        if leaves:
            steps.append(("", _no_field, Leaves(tuple(leaves))))
            leaves.clear()

    for key, details in plan.items():
        field = executor.schema.get_field(plan.parent_type, details[0].node.name.value)
        if field is None:
            continue  # validation refuses it; graphql-core leaves it out
        attribute = _plain_attribute(executor, field)
        leaf = leaf_of(key, attribute, field.type, details) if attribute else None
        if leaf:
            leaves.append(leaf)
        else:
            end_block()
            steps.append((key, _compile_field(executor, _Site(plan.parent_type, key, field, details), attribute), None))
    end_block()
    return steps


class _Site(NamedTuple):
    """A field at its place in a document."""

    parent_type: GraphQLObjectType
    key: str
    definition: GraphQLField
    details: FieldDetailsList

    @property
    def nodes(self) -> list[FieldNode]:
        return [detail.node for detail in self.details]


def _no_field(executor: CompiledExecutor, source: Any, path: Path | None) -> Any:
    raise AssertionError("this step has attributes only")


def _own_field(executor: CompiledExecutor, field: GraphQLField) -> StrawberryField | None:
    """Strawberry's definition when a field is resolved the way that Strawberry comes: no extensions, no rule, nothing overridden."""
    own = field.extensions.get(_MARKER)
    if (
        not isinstance(own, StrawberryField)
        or "rule" in field.extensions
        or own.extensions
        or own.is_subscription
        or type(own).get_result is not StrawberryField.get_result
        or executor.strawberry_schema.exception_handlers
    ):
        return None
    return own


def _plain_attribute(executor: CompiledExecutor, field: GraphQLField) -> str | None:
    own = _own_field(executor, field)
    return own.python_name if own and not own.base_resolver and own.default_resolver is getattr else None


def _compile_field(executor: CompiledExecutor, site: _Site, attribute: str | None) -> Field:
    """A function that resolves and completes one field."""
    _, key, definition, details = site
    type_name, return_type = site.parent_type.name, definition.type
    if site.nodes[0].name.value == "__typename":
        return lambda _executor, _source, _path: type_name
    resolve = _resolver(executor, site)
    complete = _completer(executor, site, return_type)
    known: type | None = None  # the class of the last value, which need not be asked again whether it is awaitable

    def execute_field(executor: CompiledExecutor, source: Any, path: Path | None) -> Any:
        nonlocal known
        field_path = new_path((path, key, type_name))
        try:
            value = getattr(source, attribute) if attribute else resolve(executor, source, field_path)
            if value.__class__ is not known:
                if executor.is_awaitable(value):
                    return complete_later(executor, value, field_path)
                known = _without_generators(value.__class__)
            completed = complete(executor, value, field_path)
        except Exception as error:
            executor.handle_field_error(error, return_type, details, field_path)
            return None
        if completed.__class__ is CoroutineType:
            return guarded(executor, completed, return_type, details, field_path)
        return completed

    async def complete_later(executor: CompiledExecutor, value: Awaitable[Any], field_path: Path) -> Any:
        try:
            completed = complete(executor, await value, field_path)
            return await completed if completed.__class__ is CoroutineType else completed
        except Exception as error:
            executor.handle_field_error(error, return_type, details, field_path)
            return None

    return execute_field


def _without_generators(kind: type) -> type | None:
    # Whether a generator is a coroutine in old dress is known of each single one, not of the class.
    return None if kind is GeneratorType else kind


_Resolver = Callable[["CompiledExecutor", Any, Path], Any]
"""(executor, source object, path of the field) -> value, or something to await."""


def _resolver(executor: CompiledExecutor, site: _Site) -> _Resolver:
    parent_type, _, definition, _ = site
    nodes = site.nodes
    own = _own_field(executor, definition)
    if own and own.base_resolver and not own.arguments:
        return _simple_resolver(own, site, executor.strawberry_schema.config.info_class)
    resolve = definition.resolve or executor.field_resolver
    constant = _constant_arguments(definition, nodes[0])

    def call(executor: CompiledExecutor, source: Any, path: Path) -> Any:
        info = executor.build_resolve_info(definition, nodes, parent_type, path)
        if constant is not None:
            return resolve(source, info, **constant)
        variables = executor.variable_values
        return resolve(
            source, info, **get_argument_values(definition, nodes[0], variables, None, executor.hide_suggestions)
        )

    return call


def _simple_resolver(own: StrawberryField, site: _Site, info_class: type[Info]) -> _Resolver:
    """Call a Strawberry resolver without arguments directly: its wrapper would convert none, for 10 microseconds each."""
    resolver = own.base_resolver
    assert resolver is not None
    takes_self = resolver.self_parameter is not None
    source_names = [p.name for p in (resolver.parent_parameter, resolver.root_parameter) if p is not None]
    info_name = resolver.info_parameter.name if resolver.info_parameter else None
    parent_type, _, definition, _ = site
    nodes = site.nodes

    def call(executor: CompiledExecutor, source: Any, path: Path) -> Any:
        keywords = dict.fromkeys(source_names, source)
        if info_name is not None:
            info = executor.build_resolve_info(definition, nodes, parent_type, path)
            keywords[info_name] = info_class(_raw_info=info, _field=own)
        return resolver(source, **keywords) if takes_self else resolver(**keywords)

    return call


def _constant_arguments(definition: GraphQLField, node: FieldNode) -> dict[str, Any] | None:
    """The arguments if they are the same for every execution: no variables, and nothing that a resolver could change."""
    if not definition.args and not node.arguments:
        return {}
    if any(_has_variable(argument) for argument in node.arguments or ()):
        return None
    try:
        arguments = get_argument_values(definition, node)
    except Exception:
        return None  # said again, and reported, when the field is executed
    return arguments if all(type(value) in _CONSTANTS for value in arguments.values()) else None


def _has_variable(node: Node) -> bool:
    if isinstance(node, VariableNode):
        return True
    children = (getattr(node, name) for name in node.keys if name != "loc")
    return any(
        _has_variable(child)
        for value in children
        for child in (value if isinstance(value, tuple) else (value,))
        if isinstance(child, Node)
    )


def _completer(executor: CompiledExecutor, site: _Site, type_: GraphQLOutputType) -> Completer:
    """A function that completes values of `type_`; it raises what graphql-core would raise."""
    parent_type, _, definition, details = site
    nodes = site.nodes

    def as_graphql_core(executor: CompiledExecutor, value: Any, path: Path) -> Any:
        info = executor.build_resolve_info(definition, nodes, parent_type, path)
        return executor.complete_value(type_, details, info, path, value, None)

    kind, nullable = unwrap(type_)
    if isinstance(kind, GraphQLLeafType):
        return _leaf_completer(kind, nullable, as_graphql_core)
    if isinstance(kind, GraphQLList) and (write := list_coercion(kind.of_type)):
        return _leaf_list_completer(write, nullable, as_graphql_core)
    if isinstance(kind, GraphQLList):
        item = _completer(executor, site, kind.of_type)
        return _list_completer(kind.of_type, nullable, item, details, as_graphql_core)
    if isinstance(kind, GraphQLObjectType):
        return _object_completer(executor, kind, nullable, details, as_graphql_core)
    return as_graphql_core


def _leaf_completer(kind: GraphQLLeafType, nullable: bool, as_graphql_core: Completer) -> Completer:
    exact = exact_class(kind)
    coerce, classes = coercion(kind)

    def complete(executor: CompiledExecutor, value: Any, path: Path) -> Any:
        if value.__class__ is exact or (value is None and nullable):
            return value
        if value.__class__ in classes:
            with suppress(Exception):
                return coerce(value)
        return as_graphql_core(executor, value, path)

    return complete


def _leaf_list_completer(write: Callable[[Any], Any], nullable: bool, as_graphql_core: Completer) -> Completer:
    def complete(executor: CompiledExecutor, values: Any, path: Path) -> Any:
        if values.__class__ is list or values.__class__ is tuple:
            with suppress(Exception):
                return write(values)
        return None if values is None and nullable else as_graphql_core(executor, values, path)

    return complete


def _object_completer(
    executor: CompiledExecutor,
    kind: GraphQLObjectType,
    nullable: bool,
    details: FieldDetailsList,
    as_graphql_core: Completer,
) -> Completer:
    is_type_of = kind.is_type_of
    plans = executor.plans
    assert plans is not None
    own = kind.extensions.get(_MARKER)
    if is_type_of is not None and (own is None or own.is_type_of is not None):
        # A predicate of the schema's author may want the resolve info; Strawberry's own does not.
        return as_graphql_core
    plan: Plan | None = None

    def complete(executor: CompiledExecutor, value: Any, path: Path) -> Any:
        nonlocal plan
        if value is None and nullable:
            return None
        if value is None or isinstance(value, _UNUSUAL) or (is_type_of is not None and not is_type_of(value, _NO_INFO)):
            return as_graphql_core(executor, value, path)
        if plan is None:
            plan = plans.of(executor, kind, details)
        return plan.execute(executor, value, path)

    return complete


def _list_completer(
    item_type: GraphQLOutputType,
    nullable: bool,
    complete_item: Completer,
    details: FieldDetailsList,
    as_graphql_core: Completer,
) -> Completer:
    def complete(executor: CompiledExecutor, values: Any, path: Path) -> Any:
        if values.__class__ is not list and values.__class__ is not tuple:
            return None if values is None and nullable else as_graphql_core(executor, values, path)
        results: list[Any] = []
        pending: list[int] = []
        known: type | None = None  # the class of items that need no look for being awaitable
        try:
            for index, value in enumerate(values):
                item_path = new_path((path, index, None))
                if value.__class__ is not known and executor.is_awaitable(value):
                    results.append(complete_later(executor, value, item_path))
                    pending.append(index)
                    continue
                known = _without_generators(value.__class__)
                try:
                    completed = complete_item(executor, value, item_path)
                except Exception as error:
                    executor.handle_field_error(error, item_type, details, item_path)
                    completed = None
                if completed.__class__ is CoroutineType:
                    completed = guarded(executor, completed, item_type, details, item_path)
                    pending.append(index)
                results.append(completed)
        except Exception:
            left = [value for value in values[len(results) + 1 :] if executor.is_awaitable(value)]
            if pending or left:
                executor.settle_in_background([*(results[index] for index in pending), *left])
            raise
        return gather_items(results, pending) if pending else results

    async def complete_later(executor: CompiledExecutor, value: Awaitable[Any], path: Path) -> Any:
        try:
            completed = complete_item(executor, await value, path)
            return await completed if completed.__class__ is CoroutineType else completed
        except Exception as error:
            executor.handle_field_error(error, item_type, details, path)
            return None

    return complete
