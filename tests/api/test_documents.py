"""Stored documents: read, found, valid, and executed as graphql-core executes them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import ExecutionResult, OperationType
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.auth import AuthService
from schema.context import Context
from schema.documents import StoredDocuments, read_stored
from schema.execution import Document, Documents, Engine, Limits, encode
from schema.root import schema
from tests.api.conftest import World
from tests.api.test_first_call import call, model_id, subscribed_key
from tests.api.test_keys import wait_for_calls
from tests.portal import SESSION

STORED = read_stored()
documents = StoredDocuments(Documents(schema), STORED)


def test_nothing_is_stored_before_the_frontend_is_built(tmp_path: Path) -> None:
    assert read_stored((tmp_path / "operations.json",)) == {}


def test_the_first_place_that_exists_counts(tmp_path: Path) -> None:
    there, too = tmp_path / "there.json", tmp_path / "too.json"
    there.write_text('{"a": "{ a }"}')
    too.write_text('{"b": "{ b }"}')
    assert read_stored((tmp_path / "missing.json", there, too)) == {"a": "{ a }"}


@pytest.mark.parametrize("content", ["[]", '{"a": 1}', '"x"'])
def test_a_file_of_another_shape(tmp_path: Path, content: str) -> None:
    file = tmp_path / "operations.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"operations\.json must be an object"):
        read_stored((file,))


def test_stored_documents_are_prepared_once_and_not_limited() -> None:
    strict = Documents(schema, Limits(characters=5, depth=1, fields=1))
    stored = StoredDocuments(strict, {"a": "{ portal { version } viewer { user { id } } }"})
    document = stored.find("sha256:a")
    assert not document.errors
    assert stored.find("sha256:a") is document
    assert stored.find("{ portal { version } }").errors  # a text is a stranger's, whatever it says


def test_what_nobody_knows() -> None:
    for id_ in ("sha256:", "sha256:nope", "sha256:__proto__", "sha256:" + "0" * 10_000):
        (error,) = documents.find(id_).errors
        assert error.extensions == {"code": "DOCUMENT_NOT_FOUND"}


@pytest.mark.parametrize("id_", STORED)
def test_every_operation_of_the_pages_is_valid(id_: str) -> None:
    document = documents.find(f"sha256:{id_}")
    assert not document.errors
    assert document.operation_type(None) is not None


def name_of(document: Document) -> str:
    operation = document.operation(None)
    assert operation
    assert operation.name
    return operation.name.value


QUERIES = {
    name_of(document): document
    for document in (documents.find(f"sha256:{id_}") for id_ in STORED)
    if document.operation_type(None) is OperationType.QUERY
}


async def both(context: Context, again: Context, document: Document, variables: dict[str, Any]) -> Sequence[Any]:
    """The answer of graphql-core and ours, as they are."""
    assert document.node is not None
    result = execute(
        schema._schema,
        document.node,
        variable_values=variables,
        context_value=context,
        executor_class=StrawberryGraphQLCoreExecutionContext,
        is_awaitable=optimized_is_awaitable,
    )
    theirs = result if isinstance(result, ExecutionResult) else await result
    return theirs, await Engine(schema).execute(document, variables=variables, context=again)


async def test_the_pages_queries_are_executed_as_graphql_core_executes_them(world: World) -> None:
    """By somebody with a key that was used, by an admin, and by nobody, with every value of the conditions."""
    made = await subscribed_key(world.alice)
    await call(world, made["secret"])
    # Only when the call is booked are two answers, one after the other, the same.
    await wait_for_calls(world.alice, made["apiKey"]["id"], 1)
    assert len(QUERIES) > 8
    services = world.portal.services
    auth: AuthService = services.auth
    actors = [await auth.actor(client.http.cookies[SESSION]) for client in (world.alice, world.ada)]
    start = datetime.now(UTC) - timedelta(days=1)
    ids = [await model_id(world.alice, "gpt-5-mini"), made["apiKey"]["id"], "nonsense"]
    data = 0
    for document in QUERIES.values():
        for actor in (*actors, None):
            for id_ in ids:
                variables = {
                    "first": 20,
                    "id": id_,
                    "range": {"start": start.isoformat(), "end": (start + timedelta(days=2)).isoformat()},
                    "interval": "HOUR",
                }
                contexts = [Context(services, actor, "r") for _ in range(2)]
                theirs, ours = await both(contexts[0], contexts[1], document, variables)
                assert _timeless(ours.formatted) == _timeless(theirs.formatted), name_of(document)
                data += bool(ours.data and any(ours.data.values()))
    assert data > 20


def _timeless(answer: Any) -> Any:
    """Without the one thing that the clock decides: when a usage was summed up."""
    text = encode(answer)
    return json.loads(text, object_hook=lambda found: {k: v for k, v in found.items() if k != "asOf"})
