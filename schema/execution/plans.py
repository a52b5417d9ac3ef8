"""Selections compiled into plans: what graphql-core works out again for every object, worked out once per document.

graphql-core executes a selection field by field: it looks the field up, builds the resolve info and the arguments, calls the
resolver, finds out what it returned and completes that by its type. For a list of 60 objects with 12 attributes that is 720 times
the same work. A `Plan` is the dictionary of grouped fields that graphql-core itself collected, with the outcome of that work beside
it: runs of plain attributes are read at once (`leaves`), every other field has a function of its own (`compiler`).

A plan does only what is common. Whatever is out of the ordinary (an awaitable attribute, an exception as a value, a scalar that
refuses its value, an interface, a generator as a list) goes to graphql-core's own method for that field or value. So the rules for
errors, paths and nulls are graphql-core's, and are not repeated here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path, gather_with_cancel

from schema.execution.leaves import Leaves

if TYPE_CHECKING:
    from schema.execution.executor import CompiledExecutor

Field = Callable[["CompiledExecutor", Any, "Path | None"], Any]
"""(executor, source object, its path) -> the field's completed value, or a coroutine of it."""


new_path: Callable[[tuple[Path | None, str | int, str | None]], Path] = partial(tuple.__new__, Path)
"""A Path at half the cost of calling the class: there is one for each object of a result."""

Step = tuple[str, Field, Leaves | None]
"""(key, its field, None), or plain attributes in the last place and nothing before it."""


class Plan(dict[str, FieldDetailsList]):
    """The fields of one selection on one object type, in order, and how to execute them."""

    def __init__(self, parent_type: GraphQLObjectType, fields: dict[str, FieldDetailsList]) -> None:
        super().__init__(fields)
        self.parent_type = parent_type
        self.steps: list[Step] | None = None  # compiled when first executed: a union may have members that never come
        self.block: Leaves | None = None  # the only step, if it is one of plain attributes

    def execute(self, executor: CompiledExecutor, source: Any, path: Path | None) -> Any:
        """The selection's result for `source`: a dictionary, or a coroutine of one when some field has to be awaited.

        Raises what a non-null field raised: the caller's caller has the nullable position.
        """
        if self.steps is None:
            from schema.execution.compiler import compile_steps

            self.steps = compile_steps(executor, self)
            self.block = self.steps[0][2] if len(self.steps) == 1 else None
        if self.block is not None and (result := self.block.take(source)) is not None:
            return result
        results: dict[str, Any] = {}
        pending: list[str] = []
        try:
            for key, field, block in self.steps:
                if block is None:
                    self._add(key, field(executor, source, path), results, pending)
                elif (taken := block.take(source)) is not None:
                    results.update(taken)
                else:
                    for leaf in block.leaves:
                        leaf_path = new_path((path, leaf.key, self.parent_type.name))
                        value = executor.execute_field(self.parent_type, source, leaf.details, leaf_path, None)
                        self._add(leaf.key, value, results, pending)
        except Exception:
            if pending:
                executor.settle_in_background([results[key] for key in pending])
            raise
        return _gather_fields(results, pending) if pending else results

    @staticmethod
    def _add(key: str, value: Any, results: dict[str, Any], pending: list[str]) -> None:
        results[key] = value
        if value.__class__ is CoroutineType:
            pending.append(key)


async def _gather_fields(results: dict[str, Any], pending: list[str]) -> dict[str, Any]:
    if len(pending) == 1:
        results[pending[0]] = await results[pending[0]]
    else:
        values = await gather_with_cancel(*(results[key] for key in pending))
        results.update(zip(pending, values, strict=True))
    return results


async def gather_items(results: list[Any], pending: list[int]) -> list[Any]:
    """The list with its pending items awaited side by side."""
    if len(pending) == 1:
        results[pending[0]] = await results[pending[0]]
    else:
        values: list[Any] = await gather_with_cancel(*(results[index] for index in pending))
        for index, value in zip(pending, values, strict=True):
            results[index] = value
    return results


async def guarded(
    executor: CompiledExecutor, pending: Awaitable[Any], return_type: Any, details: FieldDetailsList, path: Path
) -> Any:
    """The value of a field or item whose sub-fields are awaited; null when that fails and null is allowed here."""
    try:
        return await pending
    except Exception as error:
        executor.handle_field_error(error, return_type, details, path)
        return None
