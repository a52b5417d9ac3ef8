"""graphql-core's executor, with the selections of known documents compiled (see `plans`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakMethod

from graphql import GraphQLObjectType
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.execution.plans import Plan

if TYPE_CHECKING:
    from schema.execution.documents import Document


class Plans:
    """The plans of one operation, for one choice of what its @skip and @include conditions say."""

    def __init__(self) -> None:
        self.root: Plan | None = None
        self._below: dict[tuple[str, int], tuple[FieldDetailsList, Plan]] = {}

    def of(self, executor: CompiledExecutor, type_: GraphQLObjectType, details: FieldDetailsList) -> Plan:
        """The plan for what `details` selects on `type_`."""
        # By identity, as graphql-core does it: the list is kept, so that its id stays its own.
        key = (type_.name, id(details))
        known = self._below.get(key)
        if known is None:
            fields = executor.collect_anew(type_, details).grouped_field_set
            known = self._below[key] = (details, Plan(type_, fields))
        return known[1]


def _weakly(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Calls the method of an object that somebody else keeps, as a running execution is kept by what it waits for."""
    kept = WeakMethod(method)

    def call(values: Any) -> Any:
        found = kept()
        assert found is not None
        return found(values)

    return call


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes by plans what can be compiled, and the rest as graphql-core does.

    `prepared` brings plans from earlier executions of the same document; without it they are made for this one alone.
    """

    def __init__(self, *args: Any, prepared: Document | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # graphql-core's own refer to the executor, which refers to them: whatever a request has read stays until Python looks for cycles.
        self.async_helpers = GraphQLResolveInfoHelpers(
            gather=_weakly(self.gather_async_work), track=_weakly(self.track_async_work)
        )
        self.plans = self._find_plans(prepared)

    @property
    def strawberry_schema(self) -> Schema:
        return cast("Schema", self.schema.extensions["strawberry-definition"])

    def _find_plans(self, document: Document | None) -> Plans | None:
        if (
            (self.middleware_manager is not None and self.middleware_manager.middlewares)
            or self.abort_signal is not None
            or self.schema.get_directive("defer")
            or self.schema.get_directive("stream")
            or any(fragment.variable_signatures for fragment in self.fragments.values())
        ):
            return None
        return document.plans(self.operation, self.variable_values.coerced) if document else Plans()

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Sequence[Any],
    ) -> Any:
        if self.plans is not None:
            if self.plans.root is None:
                self.plans.root = Plan(root_type, grouped_field_set)
            grouped_field_set = self.plans.root
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, cast("list[Any]", new_defer_usages)
        )

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        if self.plans is None:
            return self.collect_anew(return_type, field_details_list)
        return CollectedFields(self.plans.of(self, return_type, field_details_list), [], [])

    def collect_anew(self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList) -> CollectedFields:
        """The fields as graphql-core collects them."""
        return super().collect_subfields(return_type, field_details_list)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        if isinstance(grouped_field_set, Plan):
            return grouped_field_set.execute(self, source_value, path)
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    def __copy__(self) -> CompiledExecutor:
        # Made for each event of each subscription; the way of the module copy takes twice as long.
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        # graphql-core shares its memo of collected fields between all events of a subscription, by the identity of lists
        # that are new for each event: 2 kB are kept per event until the subscription ends. Here each has its own.
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor
