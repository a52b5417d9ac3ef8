"""The compiled executor gives what graphql-core gives through Strawberry: the same data, errors, paths and locations."""

import gc
import tracemalloc
from contextlib import aclosing
from typing import Any

import pytest
from graphql import ExecutionResult, get_introspection_query
from graphql.execution import execute, subscribe
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.execution import Document, Engine, Limits, encode
from tests.api import execution_toy as toy
from tests.api.execution_documents import documents, worlds
from tests.api.execution_toy import Fails, Later, Wrong

# After a failure graphql-core leaves the siblings to the background, and a test ends before they do.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

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
    text: str, world: dict[str, Any], variables: Any = None, *, allowed: bool = True, name: str | None = None
) -> dict[str, Any]:
    """Both executors' answer; compiled twice, since the second execution finds the plans of the first."""
    document = engine.documents.prepare(text)
    assert not document.errors, document.errors
    context = toy.Context(world, allowed=allowed)
    expected = await by_graphql_core(document, variables, context, name)
    for _ in range(2):
        again = toy.Context(world, allowed=allowed)
        result = await engine.execute(document, variables=variables, operation_name=name, context=again)
        assert result.formatted == expected.formatted
        assert again.log == context.log
        if not expected.errors:  # after an error, loaders may still be running in the background
            assert again.batches == context.batches
        if result.data is not None:
            assert encode(result.data) == encode(expected.data)  # the order of keys, too
    return dict(expected.formatted)


@settings(max_examples=100, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(
    text=documents(), world=worlds(), yes=st.booleans(), no=st.sampled_from([None, True, False]), allowed=st.booleans()
)
async def test_random_documents(text: str, world: dict[str, Any], yes: bool, no: bool | None, allowed: bool) -> None:
    # Not shrunk: that takes minutes, and the failing document can be read as it is.
    assume(not engine.documents.prepare(text).errors)
    variables = {"text": "t", "yes": yes, "filter": {"words": ["w"], "limit": 2}}
    await assert_same(text, world, variables | ({} if no is None else {"no": no}), allowed=allowed)


FRIENDS = [toy.author(2), None, toy.author(3, mood=toy.Mood.WILD)]
WORLD = {
    "author": toy.author(
        1, friends=FRIENDS, books=[toy.book(1, pages=[toy.Page(number=1, text="t")])], must=toy.author(9)
    ),
    "authors": [toy.author(n, tags=["x"] * n, grid=[[1, None], None, []]) for n in range(4)],
    "things": [toy.author(1), toy.book(2, related=[toy.book(3), toy.author(4)])],
}

QUERIES = {
    "one field": "{ version }",
    "anonymous and named": "query A { version }",
    "leaves of every kind": "{ author { id age happy height mood moods born money key extra tags grid } }",
    "aliases": "{ a: author { x: name y: name name } b: author { name } }",
    "the same field twice": "{ author { name friends { id } friends { name } } author { age } }",
    "typename everywhere": "{ __typename author { __typename friends { __typename } } things { __typename } }",
    "union": "{ things { ... on Author { name } ... on Book { title related { __typename ... on Node { id } } } } }",
    "interface": "{ named { name ... on Author { age } ... on Book { title } ...F } } fragment F on Node { id }",
    "async list of interfaces": "{ nodes { id ... on Named { nickname } } }",
    "fragments in fragments": "{ author { ...A } } fragment A on Author { ...B id } fragment B on Named { name nickname }",
    "resolvers": "{ author { greeting slowGreeting introduced parented shouted secret } }",
    "loaders": "{ authors { loaded loadedLater friends { loaded } } author { loaded } }",
    "arguments": '{ echo(text: "x", mood: WILD, when: "2026-01-02T03:04:05+00:00") b: echo(text: "", number: -1) }',
    "input objects": '{ filtered(filter: {words: ["a"], nested: {limit: 1, nested: {}}}, words: "one") }',
    "a list from a generator": "{ generated { id tags } }",
    "lists of lists": "{ authors(first: 3) { grid tags } }",
    "literal conditions": "{ version @skip(if: true) author @include(if: true) { id @skip(if: false) } }",
    "introspection": get_introspection_query(),
    "part of introspection": '{ __type(name: "Author") { name fields { name type { kind ofType { name } } } } author { id } }',
}


@pytest.mark.parametrize("text", QUERIES.values(), ids=QUERIES.keys())
async def test_queries(text: str) -> None:
    answer = await assert_same(text, WORLD)
    assert "errors" not in answer


BROKEN = {
    "null for non-null": ("{ author { name must { id } } version }", {"author": toy.author(1, must=None)}),
    "null up to the root": (
        "{ mustAuthor { must { must { id } } } version }",
        {"author": toy.author(1, must=toy.author(2))},
    ),
    "null in a list of non-null": ("{ authors { id } }", {"authors": [toy.author(1), None]}),
    "null in a list of nullable": (
        "{ author { friends { must { id } } } }",
        {"author": toy.author(friends=[toy.author(2)])},
    ),
    "an item fails later": ("{ authors { id } version }", {"authors": [toy.author(1), Later(Fails())]}),
    "an attribute raises": ("{ author { id name nickname tags } }", {"author": toy.author(nickname=Fails("nick"))}),
    "two attributes raise": (
        "{ author { age nickname } }",
        {"author": toy.author(age=Fails("a"), nickname=Fails("b"))},
    ),
    "a non-null attribute raises": ("{ author { id name age } }", {"author": toy.author(name=Fails(), age=Fails())}),
    "an awaitable attribute": (
        "{ author { age name nickname } }",
        {"author": toy.author(age=Later(3), nickname=Later(Fails()))},
    ),
    "exceptions as values": (
        "{ author { nickname } authors { id } }",
        {"author": toy.author(nickname=Wrong()), "authors": [Wrong()]},
    ),
    "not an Int": (
        "{ author { age } authors { grid } }",
        {"author": toy.author(age="x"), "authors": [toy.author(grid=[["y"]])]},
    ),
    "too large an Int": (
        "{ author { age } authors { grid } }",
        {"author": toy.author(age=2**31), "authors": [toy.author(grid=[[2**31]])]},
    ),
    "coerced": ("{ author { age name happy height } }", {"author": toy.author(age=3.0, name=5, happy=1, height=True)}),
    "not an enum value": (
        "{ author { mood moods } }",
        {"author": toy.author(mood="calm", moods=[toy.Mood.CALM, "wild"])},
    ),
    "not a list": (
        "{ author { tags friends { id } } authors { id } }",
        {"author": toy.author(tags=5, friends="abc"), "authors": 7},
    ),
    "a string as a list": ("{ author { tags } }", {"author": toy.author(tags="abc")}),
    "null in a list of strings": ("{ author { tags } }", {"author": toy.author(tags=["a", None])}),
    "not of the type": ("{ author { id } things { __typename } }", {"author": toy.book(), "things": [3]}),
    "the source fails at once": ("{ author { id } version }", {"author": Fails()}),
    "siblings of a failure": (
        "{ slowAuthor { must { id } slowGreeting best { slowGreeting } } version }",
        {"author": toy.author(must=Later(None, 3), best=Later(toy.author(2), 1))},
    ),
}


@pytest.mark.parametrize(("text", "world"), BROKEN.values(), ids=BROKEN.keys())
async def test_what_goes_wrong(text: str, world: dict[str, Any]) -> None:
    await assert_same(text, world)


async def test_permissions_are_asked() -> None:
    text = "{ author { name secret } }"
    assert "errors" not in await assert_same(text, WORLD)
    refused = await assert_same(text, WORLD, allowed=False)
    assert refused["data"]["author"] == {"name": "Author 1", "secret": None}
    assert refused["errors"][0]["message"] == "not for you"


CONDITIONS = """
query ($yes: Boolean!, $no: Boolean = false, $first: Int, $text: String = "t") {
  authors(first: $first) { id @include(if: $yes) ...F @skip(if: $no) introduced(to: $text) }
}
fragment F on Author { name @skip(if: $yes) age nickname @include(if: $no) }
"""


@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("no", [{}, {"no": True}, {"no": False}])
@pytest.mark.parametrize("others", [{}, {"first": 2, "text": "you"}, {"first": None}])
async def test_variables(yes: bool, no: dict[str, bool], others: dict[str, Any]) -> None:
    answer = await assert_same(CONDITIONS, WORLD, {"yes": yes} | no | others)
    assert ("id" in answer["data"]["authors"][0]) is yes


async def test_conditions_of_one_document_do_not_mix() -> None:
    document = engine.documents.get(CONDITIONS)
    for no in (False, True, False):
        result = await engine.execute(document, variables={"yes": True, "no": no}, context=toy.Context(WORLD))
        assert result.data is not None
        assert ("age" in result.data["authors"][0]) is not no


@pytest.mark.parametrize(
    "variables", [{}, {"yes": "x"}, {"yes": None}, {"yes": True, "no": None, "first": "1"}, {"yes": True, "text": 5}]
)
async def test_variables_that_are_refused(variables: dict[str, Any]) -> None:
    answer = await assert_same(CONDITIONS, WORLD, variables)
    assert answer["errors"]


async def test_null_for_an_argument_that_may_not_be_null() -> None:
    # Allowed by validation, since the variable has a default; refused at the field.
    answer = await assert_same(
        "query ($n: Int = 3, $t: String!) { echo(text: $t, number: $n) }", WORLD, {"t": "a", "n": None}
    )
    assert answer["errors"][0]["path"] == ["echo"]


async def test_several_operations() -> None:
    text = 'query A { version } query B { author { id } } mutation C { addNow(text: "x") }'
    for name in ("A", "B", "C", "D", None):
        await assert_same(text, WORLD, name=name)


async def test_a_null_condition_is_refused_where_it_stands() -> None:
    answer = await assert_same("query ($no: Boolean = true) { author { id @skip(if: $no) name } }", WORLD, {"no": None})
    assert answer["errors"][0]["path"] == ["author"]


MUTATIONS = {
    "one after the other": 'mutation { a: add(text: "1") b: addNow(text: "2") c: add(text: "3") }',
    "after a failure": 'mutation { a: addNow(text: "bad") b: add(text: "2") }',
    "with a selection": "mutation { make { id friends { name } loaded } }",
    "typename": 'mutation { __typename a: addNow(text: "1") }',
}


@pytest.mark.parametrize("text", MUTATIONS.values(), ids=MUTATIONS.keys())
async def test_mutations(text: str) -> None:
    await assert_same(text, WORLD)


async def test_mutations_run_in_series() -> None:
    answer = await assert_same(MUTATIONS["one after the other"], WORLD)
    assert answer["data"] == {"a": "1 after []", "b": "2 of ['1', '2']", "c": "3 after ['1', '2']"}


async def test_siblings_are_loaded_in_one_batch() -> None:
    context = toy.Context(WORLD)
    document = engine.documents.get("{ authors { loaded loadedLater } }")
    await engine.execute(document, context=context)
    assert context.batches == [["author-0", "author-1", "author-2", "author-3"]]


SUBSCRIPTIONS = {
    "with a selection": "subscription { authors(times: 3) { id friends { name slowGreeting } must { must { id } } } }",
    "of a scalar": "subscription { counted(to: 4) }",
    "of nothing": "subscription { counted(to: 0) }",
}


@pytest.mark.parametrize("text", SUBSCRIPTIONS.values(), ids=SUBSCRIPTIONS.keys())
async def test_subscriptions(text: str) -> None:
    document = engine.documents.get(text)
    assert document.node is not None
    theirs: Any = subscribe(
        toy.schema._schema,
        document.node,
        context_value=toy.Context(WORLD),
        executor_class=StrawberryGraphQLCoreExecutionContext,
    )
    expected = [result.formatted async for result in await theirs]
    ours = await engine.subscribe(document, context=toy.Context(WORLD))
    assert not isinstance(ours, ExecutionResult)
    assert [result.formatted async for result in ours] == expected


async def test_a_subscription_that_can_not_begin() -> None:
    for text, variables in (("subscription ($n: Int!) { counted(to: $n) }", {}), ("{ version }", None)):
        result = await engine.subscribe(engine.documents.get(text), variables=variables, context=toy.Context(WORLD))
        assert isinstance(result, ExecutionResult)
        assert result.data is None
        assert result.errors


async def test_what_the_source_raises_is_raised() -> None:
    results = await engine.subscribe(engine.documents.get("subscription { counted(to: 13) }"), context=toy.Context({}))
    assert not isinstance(results, ExecutionResult)
    assert [(await anext(results)).data for _ in range(13)] == [{"counted": number} for number in range(13)]
    with pytest.raises(RuntimeError, match="the source is broken"):
        await anext(results)


async def test_a_long_subscription_keeps_nothing() -> None:
    document = engine.documents.get("subscription { authors(times: 4000) { id friends { name } named: name } }")
    results = await engine.subscribe(document, context=toy.Context(WORLD))
    assert not isinstance(results, ExecutionResult)
    async with aclosing(results):
        tracemalloc.start()
        try:
            sizes = []
            count = 0
            async for _ in results:
                count += 1
                if count in (1000, 4000):
                    gc.collect()
                    sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert count == 4000
    assert sizes[1] - sizes[0] < 3000 * 20  # bytes; graphql-core alone keeps some 2,000 an event


async def test_strawberry_takes_the_executor_itself() -> None:
    """`Schema(execution_context_class=CompiledExecutor)`: what tests and tools call answers the same."""
    text = "{ authors { id name friends { id } loaded } }"
    expected = await toy.schema.execute(text, context_value=toy.Context(WORLD))
    result = await toy.compiled_schema.execute(text, context_value=toy.Context(WORLD))
    assert result.data == expected.data
    assert result.errors is None


def test_extensions_of_a_schema_are_not_passed_over() -> None:
    with pytest.raises(ValueError, match="extensions"):
        Engine(toy.schema_with_extension)
