"""The compiled executor gives what graphql-core gives through Strawberry: the same data, errors, paths and locations."""

from typing import Any

from graphql import ExecutionResult
from graphql.execution import execute
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.execution import Document, Engine, Limits, encode
from tests.api import execution_toy as toy
from tests.api.execution_documents import documents, worlds

engine = Engine(toy.schema, Limits(characters=10**6, depth=100, root_fields=1000, fields=10**6))


async def by_graphql_core(
    document: Document, variables: Any, context: toy.Context, name: str | None = None
) -> ExecutionResult:
    assert document.node is not None
    result = execute(
        toy.schema._schema,
        document.node,
        variable_values=variables,
        context_value=context,
        operation_name=name,
        executor_class=StrawberryGraphQLCoreExecutionContext,
        is_awaitable=optimized_is_awaitable,
    )
    return result if isinstance(result, ExecutionResult) else await result


async def assert_same(
    text: str, world: dict[str, Any], variables: Any = None, *, allowed: bool = True
) -> dict[str, Any]:
    """Both executors' answer; compiled twice, since the second execution finds the plans of the first."""
    document = engine.documents.prepare(text)
    assert not document.errors, document.errors
    context = toy.Context(world, allowed=allowed)
    expected = await by_graphql_core(document, variables, context)
    for _ in range(2):
        again = toy.Context(world, allowed=allowed)
        result = await engine.execute(document, variables=variables, context=again)
        assert result.formatted == expected.formatted
        assert again.batches == context.batches
        assert again.log == context.log
        if result.data is not None:
            assert encode(result.data) == encode(expected.data)  # the order of keys, too
    return expected.formatted  # type: ignore[return-value]


# A failing case is large, and shrinking it takes longer than reading it.
@settings(max_examples=100, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(
    text=documents(), world=worlds(), yes=st.booleans(), no=st.sampled_from([None, True, False]), allowed=st.booleans()
)
async def test_random_documents(text: str, world: dict[str, Any], yes: bool, no: bool | None, allowed: bool) -> None:
    assume(not engine.documents.prepare(text).errors)
    variables = {"text": "t", "yes": yes, "filter": {"words": ["w"], "limit": 2}}
    await assert_same(text, world, variables | ({} if no is None else {"no": no}), allowed=allowed)
