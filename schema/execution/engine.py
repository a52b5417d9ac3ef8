"""Executes documents on a Strawberry schema."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

from graphql import ExecutionResult
from graphql.execution import create_source_event_stream, execute
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from schema.execution.documents import Document, Documents, Limits
from schema.execution.executor import CompiledExecutor

_is_awaitable: Any = optimized_is_awaitable  # Strawberry's, as Schema.execute passes it; typed as a plain predicate


class Engine:
    """A Strawberry schema, its documents and their execution.

    Strawberry's `Schema.execute` builds and leaves four context managers per request for its extensions. A schema with
    extensions is refused here, so that none is passed over in silence.
    """

    def __init__(self, schema: Schema, limits: Limits | None = None) -> None:
        if schema.extensions or schema.directives:
            raise ValueError("schema extensions and operation directives are not executed by this engine")
        self.schema = schema
        self.documents = Documents(schema, limits)

    async def execute(
        self,
        document: Document,
        *,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        context: Any = None,
        root_value: Any = None,
    ) -> ExecutionResult:
        """The result of a query or mutation. Errors are in the result; what resolvers raise does not get out of here."""
        if document.errors or document.node is None:
            return ExecutionResult(None, list(document.errors))
        result = execute(
            self.schema._schema,
            document.node,
            root_value=root_value,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            executor_class=CompiledExecutor,
            is_awaitable=_is_awaitable,
            prepared=document,
        )
        return result if isinstance(result, ExecutionResult) else await result

    async def subscribe(
        self,
        document: Document,
        *,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        context: Any = None,
        root_value: Any = None,
        around_event: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
        """The results of a subscription as they come, or one result with errors if it could not begin.

        `around_event()` is entered while an event is executed. What the source iterator raises, the returned iterator raises. Close it
        (`aclose`) to end the subscription.
        """
        if document.errors or document.node is None:
            return ExecutionResult(None, list(document.errors))
        executor = CompiledExecutor.build(
            self.schema._schema,
            document.node,
            root_value,
            context,
            variables,
            operation_name,
            is_awaitable=_is_awaitable,
            prepared=document,
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        source: Any = create_source_event_stream(executor)
        if executor.is_awaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            return source
        return _results(cast("CompiledExecutor", executor), source, around_event)


async def _results(
    executor: CompiledExecutor, source: AsyncIterable[Any], around_event: Callable[[], AbstractContextManager[object]]
) -> AsyncGenerator[ExecutionResult, None]:
    events = source.__aiter__()
    try:
        async for event in events:
            with around_event():
                result: Any = executor.build_per_event_executor(event).execute_operation(False)
                if not isinstance(result, ExecutionResult):
                    result = await result
            yield result
    finally:
        if close := getattr(events, "aclose", None):
            await close()
