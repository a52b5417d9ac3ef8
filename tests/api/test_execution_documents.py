"""Documents are judged once: what is too large or wrong, with which code, and what is kept."""

import gc
import time
import weakref

import pytest
from graphql import OperationType

from schema.execution import Document, Documents, Engine, Limits
from tests.api import execution_toy as toy


@pytest.fixture
def documents() -> Documents:
    return Documents(toy.schema, Limits(characters=2_000, depth=4, root_fields=3, fields=20))


def refusal(document: Document) -> tuple[str, str]:
    (error,) = document.errors
    assert error.extensions
    return error.message, error.extensions["code"]


def nested(depth: int) -> str:
    return "{ author " + "{ best " * (depth - 2) + "{ id }" + " }" * (depth - 1)


def test_at_the_limits(documents: Documents) -> None:
    assert not documents.get(nested(4)).errors
    assert not documents.get("{ a: version b: version c: version }").errors
    assert not documents.get("{ author { " + " ".join(f"a{n}: id" for n in range(19)) + " } }").errors
    text = "{ version }"
    assert not documents.get(text + " " * (2_000 - len(text))).errors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (nested(5), "The document is 5 fields deep; 4 are allowed."),
        (
            "{ author { best { ...F } } } fragment F on Author { best { best { id } } }",
            "The document is 5 fields deep; 4 are allowed.",
        ),
        (
            "{ author { ... { ... on Named { ... on Author { best { best { best { id } } } } } } } }",
            "The document is 5 fields deep; 4 are allowed.",
        ),
        ("{ a: version b: version c: version d: version }", "The operation has 4 fields at its root; 3 are allowed."),
        (
            "{ ...F ...F } fragment F on Query { a: version b: version }",
            "The operation has 4 fields at its root; 3 are allowed.",
        ),
        (
            "{ author { " + " ".join(f"a{n}: id" for n in range(20)) + " } }",
            "The document has 21 fields; 20 are allowed.",
        ),
        (
            "{ author { ...A ...B } } fragment A on Author { ...B ...B ...B } fragment B on Author { a: id b: id c: id d: id e: id }",
            "The document has 21 fields; 20 are allowed.",
        ),
        ("{ version } #" + "x" * 2_000, "The document has 2,013 characters; 2,000 are allowed."),
    ],
)
def test_beyond_the_limits(documents: Documents, text: str, message: str) -> None:
    assert refusal(documents.get(text)) == (message, "GRAPHQL_VALIDATION_FAILED")


def test_introspection_has_its_own_rule(documents: Documents) -> None:
    deep = "{ __schema { types { fields { type { ofType { ofType { ofType { name } } } } } } } }"
    assert not documents.get(deep).errors
    endless = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    assert [error.message for error in documents.get(endless).errors] == ["Maximum introspection depth exceeded"]


def test_fragments_in_a_circle_are_refused_and_end(documents: Documents) -> None:
    document = documents.get("{ author { ...A } } fragment A on Author { ...B } fragment B on Author { ...A }")
    assert any("Cannot spread fragment" in error.message for error in document.errors)


def test_exponential_fragments_are_measured_in_linear_time() -> None:
    # Each fragment spreads the next one twice: 2^60 fields, if they were walked.
    fragments = " ".join(f"fragment F{n} on Author {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    began = time.process_time()
    document = Documents(toy.schema).get(f"{{ author {{ ...F0 }} }} {fragments} fragment F60 on Author {{ id }}")
    assert "fields; 1,000 are allowed" in refusal(document)[0]
    assert time.process_time() - began < 5  # seconds; never, without the memory of measured fragments


@pytest.mark.parametrize(
    "text", ["{", "query {", "{ a ", "\x00", "{ version } }", "subscription { counted(to: ) }", "{{{{"]
)
def test_syntax_errors(documents: Documents, text: str) -> None:
    message, code = refusal(documents.get(text))
    assert message.startswith("Syntax Error")
    assert code == "GRAPHQL_PARSE_FAILED"


def test_validation_errors(documents: Documents) -> None:
    document = documents.get("{ nothing author { id(x: 1) } }")
    assert [error.message for error in document.errors] == [
        "Cannot query field 'nothing' on type 'Query'. Did you mean 'things'?",
        "Unknown argument 'x' on field 'Author.id'.",
    ]
    assert {error.extensions["code"] for error in document.errors if error.extensions} == {"GRAPHQL_VALIDATION_FAILED"}


def test_operations_by_name(documents: Documents) -> None:
    document = documents.get('query A { version } mutation B { addNow(text: "") } subscription C { counted(to: 1) }')
    assert [document.operation_type(name) for name in ("A", "B", "C", "D", None)] == [
        OperationType.QUERY,
        OperationType.MUTATION,
        OperationType.SUBSCRIPTION,
        None,
        None,
    ]
    assert documents.get("{ version }").operation_type(None) is OperationType.QUERY


def test_a_document_is_prepared_once_even_if_it_is_wrong(documents: Documents) -> None:
    for text in ("{ version }", "{ nothing }"):
        assert documents.get(text) is documents.get(text)


def test_what_is_kept_is_bounded_and_the_last_used_stays() -> None:
    documents = Documents(toy.schema, tokens=40)  # five tokens each with its ends
    kept = documents.get("{ version }")
    first = weakref.ref(documents.get("{ v0: version }").node)
    for number in range(20):
        documents.get(f"{{ v{number}: version }}")
        assert documents.get("{ version }") is kept
    gc.collect()
    assert first() is None


async def test_plans_are_bounded_and_executors_are_not_kept() -> None:
    engine = Engine(toy.schema)
    names = [f"n{n}" for n in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    document = engine.documents.get(
        f"query ({declared}) {{ author {{ " + " ".join(f"{n}: id @skip(if: ${n})" for n in names) + " name } }"
    )
    contexts = []
    for choice in range(64):
        context = toy.Context({"author": toy.author()})
        variables = {name: bool(choice >> bit & 1) for bit, name in enumerate(names)}
        result = await engine.execute(document, variables=variables, context=context)
        assert result.data == {
            "author": {name: "author-1" for name in names if not variables[name]} | {"name": "Author 1"}
        }
        contexts.append(weakref.ref(context))
    assert len(document._plans) <= 16
    del context, result
    gc.collect()
    assert not any(context() for context in contexts)
