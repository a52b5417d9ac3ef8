"""What operations cost: by hand for each rule, and for every document of our own pages."""

from typing import Any

import pytest

from gateway.settings import ApiSettings
from schema.cost import Cost, cost_of
from schema.documents import read_stored
from schema.execution import Documents
from schema.root import schema

documents = Documents(schema)

PAGE = "{ edges { node { id name mySubscription { id } } } pageInfo { hasNextPage } }"
USAGE = 'usage(range: {start: "2026-01-01T00:00:00Z", end: "2026-02-01T00:00:00Z"})'
CREATED = "... on CreateApiKeySuccess { secret apiKey { id models { name } } }"


def cost(text: str, name: str | None = None, *, limited: bool = True) -> Cost:
    document = documents.prepare(text, limited=limited)
    assert not document.errors, document.errors
    return cost_of(schema._schema, document, name)


@pytest.mark.parametrize(
    ("text", "variables", "points"),
    [
        ("{ __typename }", {}, 1),
        ("{ portal { version } }", {}, 1),
        ("{ portal { version liteLLM { reachable } } }", {}, 2),
        ("{ a: portal { version } b: portal { version } }", {}, 2),
        ("{ portal { version } portal { llmBaseUrl } }", {}, 1),  # merged into one
        ("{ viewer { user { username } } }", {}, 2),
        ("{ models(first: 10) { edges { cursor } } }", {}, 1),  # values only
        ("{ models(first: 10) { edges { node { id } } } }", {}, 10),
        ("{ models(first: 10) { totalCount edges { node { id } } } }", {}, 12),
        (f"{{ models(first: 10) {PAGE} }}", {}, 20),
        (f"query($n: Int!) {{ models(first: $n) {PAGE} }}", {"n": 60}, 120),
        (f"query($n: Int = 7) {{ models(first: $n) {PAGE} }}", {}, 14),
        (f"query($n: Int!) {{ models(first: $n) {PAGE} }}", {"n": 2**31 - 1}, 200),  # the field refuses it
        (f"query($n: Int!) {{ models(first: $n) {PAGE} }}", {"n": -5}, 1),
        (f"query($n: Int!) {{ models(first: $n) {PAGE} }}", {"n": "many"}, 200),
        ("query($n: Int!) { viewer { apiKeys(first: $n) { edges { node { id models { id } } } } } }", {"n": 20}, 121),
        ("{ viewer { apiKeys(first: 5) { edges { node { generations { prefix } } } } } }", {}, 1 + 5 * (1 + 5)),
        (f"{{ viewer {{ {USAGE} {{ totals {{ spend }} }} }} }}", {}, 1 + 1 + 1 + 5),
        (f"{{ viewer {{ {USAGE} {{ series(interval: DAY) {{ totals {{ spend }} }} }} }} }}", {}, 1 + 1 + 10 + 30 * 2),
        ('{ node(id: "x") { id } }', {}, 1),
        ('{ node(id: "x") { ... on ApiKey { user { id } models { id } } ... on Model { id } } }', {}, 1 + 1 + 5),
        ("query A($yes: Boolean!) { viewer { user @include(if: $yes) { id } } }", {"yes": False}, 2),
        ("{ ...F } fragment F on Query { portal { ...G } } fragment G on Portal { liteLLM { reachable } }", {}, 2),
        ("{ __schema { types { name } } }", {}, 100),
        ('{ __type(name: "Model") { fields { name } } }', {}, 10),
        ("mutation($k: ID!) { revokeApiKey(input: {apiKeyId: $k}) { __typename } }", {}, 10),
        (f"mutation($i: CreateApiKeyInput!) {{ createApiKey(input: $i) {{ {CREATED} }} }}", {}, 10 + 1 + 5),
        (
            "mutation($k: ID!) { a: revokeApiKey(input: {apiKeyId: $k}) { __typename } ...B }"
            " fragment B on Mutation { b: blockApiKey(input: {apiKeyId: $k}) { __typename } }",
            {},
            20,
        ),
        ("subscription { usageChanged { asOf totals { spend } } }", {}, 2),
        ("subscription { usageChanged { usage { totals { spend } } } }", {}, 1 + 1 + 5 + 1),
    ],
)
def test_estimates(text: str, variables: dict[str, Any], points: int) -> None:
    assert cost(text).estimate(variables) == points


def edges(*nodes: Any) -> dict[str, Any]:
    return {"edges": [{"node": node} for node in nodes], "pageInfo": {"hasNextPage": False}}


@pytest.mark.parametrize(
    ("text", "data", "points"),
    [
        (f"{{ models(first: 50) {PAGE} }}", {"models": edges()}, 1),
        (
            f"{{ models(first: 50) {PAGE} }}",
            {"models": edges({"id": "1", "mySubscription": None}, {"id": "2", "mySubscription": {"id": "3"}})},
            3,
        ),
        ("{ models(first: 50) { edges { node { id } } } }", {"models": edges({"id": "1"}, {"id": "2"})}, 2),
        ("{ viewer { user { id } } }", None, 1),
        ("{ viewer { user { id } } }", {"viewer": {"user": None}}, 1),
        ("query($yes: Boolean!) { viewer { user @include(if: $yes) { id } } }", {"viewer": {}}, 1),
        ("{ viewer @skip(if: true) { user { id } } portal { version } }", {"portal": {"version": "1"}}, 1),
        (
            f"mutation($i: CreateApiKeyInput!) {{ createApiKey(input: $i) {{ {CREATED} ... on Error {{ message }} }} }}",
            {"createApiKey": {"message": "no"}},
            10,
        ),
        (
            f"mutation($i: CreateApiKeyInput!) {{ createApiKey(input: $i) {{ {CREATED} }} }}",
            {"createApiKey": {"secret": "s", "apiKey": {"id": "1", "models": [{"name": "a"}, {"name": "b"}]}}},
            13,
        ),
        ('{ node(id: "x") { ... on ApiKey { user { id } models { id } } } }', {"node": None}, 1),
        ('{ node(id: "x") { ... on ApiKey { user { id } models { id } } } }', {"node": {}}, 1),
    ],
)
def test_what_it_came_to(text: str, data: dict[str, Any] | None, points: int) -> None:
    assert cost(text).actual(data) == points


def test_it_is_worked_out_once_for_each_operation() -> None:
    document = documents.prepare("query A { portal { version } } query B { viewer { user { id } } }")
    a, b = (cost_of(schema._schema, document, name) for name in "AB")
    assert (a.estimate(None), b.estimate(None)) == (1, 2)
    assert cost_of(schema._schema, document, "A") is a
    assert cost_of(schema._schema, document, None).estimate(None) == 1  # which one is not said
    assert cost_of(schema._schema, documents.prepare("{"), None).estimate(None) == 1


def test_changes_are_counted() -> None:
    text = "mutation($k: ID!) { a: revokeApiKey(input: {apiKeyId: $k}) { __typename } ...B ...B }"
    text += " fragment B on Mutation { b: blockApiKey(input: {apiKeyId: $k}) { __typename } }"
    assert cost(text).changes == 2
    assert cost("{ portal { version } }").changes == 0


@pytest.mark.parametrize("text", read_stored().values(), ids=lambda text: text.split("(")[0].split("{")[0].strip())
def test_every_operation_of_the_pages_is_affordable(text: str) -> None:
    """Whatever its variables are: conditions count before, filters cost nothing, and the longest page is one of fifty."""
    document = documents.prepare(text, limited=False)
    assert cost_of(schema._schema, document, None).estimate({"first": 50, "count": 50}) <= ApiSettings().cost_ceiling


def test_the_worst_a_document_can_be_is_worked_out_at_once() -> None:
    """Fragments that spread each other, on an interface: what is known of each is kept."""
    fragments = " ".join(f"fragment F{n} on Node {{ ...F{n + 1} ... on ApiKey {{ ...F{n + 1} }} }}" for n in range(20))
    text = f'{{ node(id: "x") {{ ...F0 }} }} {fragments} fragment F20 on Node {{ id }}'
    assert cost(text, limited=False).estimate(None) == 1
