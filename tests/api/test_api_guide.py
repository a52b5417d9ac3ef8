"""What the API guide and GraphiQL show is true of this schema."""

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from graphql.execution.values import get_variable_values

from gateway import errors
from gateway.app import create_app, examples
from gateway.settings import ApiSettings
from schema.cost import CHANGE, ITEMS, MOST_IN_PAGE, cost_of
from schema.execution import Documents, Limits
from schema.root import schema as api
from tests.api.test_rate_limits import a_portal

assert create_app  # the composition root has been imported, and with it every error that there is

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/api.md").read_text()
FENCED = re.findall(r"```graphql\n(.*?)```", GUIDE, re.S)
QUESTIONS = {path.stem: path.read_text() for path in sorted((ROOT / "frontend/graphiql/examples").glob("*.graphql"))}
CHANGES: list[dict[str, Any]] = json.loads((ROOT / "frontend/graphiql/changes.json").read_text())
documents = Documents(api)

# Said by plain HTTP only, to pages and to LiteLLM.
NOT_OF_GRAPHQL = {
    *("IDENTITY_NOT_PROVEN", "ISSUER_UNAVAILABLE", "SIGN_IN_FAILED", "SIGN_IN_NOT_STARTED", "SIGN_IN_REFUSED"),
    *("LEDGER_UNAVAILABLE", "MALFORMED_BODY", "MALFORMED_JSON"),
}


def check(query: str, variables: dict[str, Any] | None = None) -> None:
    """The document is valid, its variables fit, and anybody may afford it."""
    document = documents.prepare(query)
    assert not document.errors, document.errors
    assert cost_of(api._schema, document, None).estimate(variables) <= ApiSettings().cost_ceiling
    operation = document.operation(None)
    assert operation is not None
    values = get_variable_values(api._schema, operation.variable_definitions or (), variables or {})
    assert not isinstance(values, list), values


@pytest.mark.parametrize("query", FENCED)
def test_what_the_guide_shows(query: str) -> None:
    check(query, {"id": "x"})


@pytest.mark.parametrize("body", re.findall(r"-d '(\{.*\})'", GUIDE))
def test_what_the_guide_sends_with_curl(body: str) -> None:
    check(json.loads(body)["query"])


@pytest.mark.parametrize("name", QUESTIONS)
def test_graphiqls_questions(name: str) -> None:
    check(QUESTIONS[name])


@pytest.mark.parametrize("example", CHANGES, ids=[each["name"] for each in CHANGES])
def test_graphiqls_changes(example: dict[str, Any]) -> None:
    check(example["query"], example["variables"])


def test_graphiql_has_every_change() -> None:
    assert (ROOT / "frontend/graphiql/changes.json").read_text() == examples(), (
        "run `make schema` and commit what it writes"
    )


async def test_graphiqls_changes_are_understood(database_url: str) -> None:
    """Sent as they are, with ids of nothing: no more than a refusal."""
    async with a_portal(database_url, ApiSettings()) as portal:
        ada = await portal.sign_in("ada")
        for each in CHANGES:
            answer = await ada.post(each["query"], each["variables"])
            for error in answer.get("errors", ()):
                assert error["extensions"]["code"] in (
                    "INVALID_INPUT",
                    "NOT_FOUND",
                    "FORBIDDEN",
                    "UPSTREAM_UNAVAILABLE",
                ), error


def codes_in_code() -> set[str]:
    """Every code that the sources write down."""
    found: set[str] = set()
    sources = [
        path.read_text()
        for path in chain(ROOT.glob("gateway/**/*.py"), ROOT.glob("schema/**/*.py"))
        if "sandbox" not in path.parts
    ]
    patterns = (
        r'^\s+code(?:: ClassVar\[str\])? = "([A-Z_]+)"',
        r'"code": "([A-Z_]+)"',
        r'error_answer\(\s*"([A-Z_]+)"',
        r'BadRequest\(.*?"([A-Z]+_[A-Z_]+)"',
        r'Change\.[A-Z_]+: "([A-Z_]+)"',
        r'code: str = "([A-Z_]+)"',
    )
    for source in sources:
        for pattern in patterns:
            found.update(re.findall(pattern, source, re.M))
    return found


def test_every_code_is_in_the_guide() -> None:
    section = GUIDE.partition("## Errors")[2].partition("## What it costs")[0]
    told = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", section))
    assert codes_in_code() - NOT_OF_GRAPHQL - told == set(), "not in docs/api.md, Errors"
    assert told - codes_in_code() == set(), "in docs/api.md, and said by nobody"
    kinds, waiting = set(), [errors.DomainError]
    while waiting:
        kinds.add((kind := waiting.pop()).code)
        waiting += kind.__subclasses__()
    assert kinds - NOT_OF_GRAPHQL - told == set()


def test_the_numbers_of_the_guide_are_the_defaults() -> None:
    settings, limits = ApiSettings(), Limits()
    assert (settings.cost_ceiling, settings.points, settings.points_per_second) == (1_000, 5_000, 100)
    assert (settings.writes, settings.writes_per_minute, settings.concurrency) == (120, 120, 30)
    assert (CHANGE, ITEMS, MOST_IN_PAGE) == (10, 5, 100)
    assert limits == Limits(15_000, 3_000, 15, 30, 1_000, 100, 50, 50)
