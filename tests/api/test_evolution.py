"""What may change in the API, and how those are told who use what will go."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import strawberry
from graphql import build_schema
from typer.testing import CliRunner

from gateway.cli import main
from schema.deprecations import all_deprecations, deprecated, removal_day
from schema.documents import StoredDocuments
from schema.errors import public_error
from schema.evolution import unannounced_changes
from schema.execution import Engine
from schema.operations import Operations
from schema.root import schema as api

ROOT = Path(__file__).parents[2]
TODAY = date(2027, 5, 2)

RELEASED = """
type Query {
  kept(a: Int, gone: Int @deprecated(reason: "Use `a`. Removed after 2027-04-01.")): Int
  due: Old @deprecated(reason: "Use `kept`. Removed after 2027-04-01.")
  later: Later @deprecated(reason: "Use `kept`. Removed after 2027-07-01.")
  careless: Int @deprecated(reason: "Do not use.")
  color: Color
}
type Old { deeper: Deeper }
type Deeper { id: Int }
type Later { id: Int }
enum Color { RED BLUE @deprecated(reason: "Use RED. Removed after 2027-01-01.") }
input Box { side: Int  weight: Int @deprecated(reason: "Use `side`. Removed after 2027-01-01.") }
type Mutation { put(box: Box): Int }
"""


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        ("", "", []),
        ("color: Color\n", "color: Color  added(first: Int): Int\n", []),
        ("enum Color { RED", "enum Color { GREEN RED", []),
        ('  due: Old @deprecated(reason: "Use `kept`. Removed after 2027-04-01.")\n', "", []),
        (
            '  later: Later @deprecated(reason: "Use `kept`. Removed after 2027-07-01.")\n',
            "",
            ["Field Query.later was removed, which may happen after 2027-07-01."],
        ),
        (
            '  careless: Int @deprecated(reason: "Do not use.")\n',
            "",
            ["Field Query.careless was removed."],
        ),
        ("  color: Color\n", "", ["Field Query.color was removed."]),
        (', gone: Int @deprecated(reason: "Use `a`. Removed after 2027-04-01.")', "", []),
        ("a: Int, ", "", ["Argument Query.kept(a:) was removed."]),
        (' BLUE @deprecated(reason: "Use RED. Removed after 2027-01-01.")', "", []),
        ("RED BLUE", "BLUE", ["Enum value Color.RED was removed."]),
        ('  weight: Int @deprecated(reason: "Use `side`. Removed after 2027-01-01.")', "", []),
        ("side: Int ", "side: Int! ", ["Field Box.side changed type from Int to Int!."]),
        ("side: Int ", "side: Int  must: Int! ", ["A required field Box.must was added."]),
        ("kept(a: Int", "kept(a: Int!", ["Argument Query.kept(a:) has changed type from Int to Int!."]),
    ],
)
def test_what_may_change(old: str, new: str, problems: list[str]) -> None:
    changed = RELEASED.replace(old, new, 1) if old else RELEASED
    assert changed != RELEASED or not old
    assert unannounced_changes(RELEASED, changed, TODAY) == problems


def test_types_go_with_what_leads_to_them() -> None:
    without = re.sub(r"  due: .*\n|type Old .*\n|type Deeper .*\n", "", RELEASED)
    assert unannounced_changes(RELEASED, without, TODAY) == []
    early = re.sub(r"  later: .*\n|type Later .*\n", "", RELEASED)
    assert unannounced_changes(RELEASED, early, TODAY) == [
        "Later was removed.",
        "Field Query.later was removed, which may happen after 2027-07-01.",
    ]
    assert unannounced_changes(RELEASED, early, date(2027, 7, 1)) == []


def test_the_command_fails_on_what_was_not_announced(tmp_path: Path) -> None:
    released = tmp_path / "released.graphql"
    released.write_text((ROOT / "schema/released.graphql").read_text())
    fine = CliRunner().invoke(main, ["schema", "--check-against", str(released)])
    assert (fine.exit_code, fine.output) == (0, "")
    released.write_text(released.read_text().replace("type Portal {", "type Portal {\n  motto: String\n", 1))
    broken = CliRunner().invoke(main, ["schema", "--check-against", str(released)])
    assert broken.exit_code == 1
    assert "  Field Portal.motto was removed.\n" in broken.output


def test_every_deprecation_names_a_replacement_and_a_quarter() -> None:
    for where, reason in all_deprecations(api._schema):
        assert removal_day(reason), where


def test_every_kind_of_deprecation_is_found() -> None:
    assert dict(all_deprecations(build_schema(RELEASED))).keys() == {
        "Query.kept(gone:)",
        "Query.due",
        "Query.later",
        "Query.careless",
        "Color.BLUE",
        "Box.weight",
    }


@pytest.mark.parametrize(
    ("instead", "day"),
    [("Use `new`.", date(2027, 4, 2)), ("Use `new`.", date(2027, 5, 1)), ("Gone.", date(2027, 4, 1))],
)
def test_a_deprecation_of_another_form(instead: str, day: date) -> None:
    with pytest.raises(ValueError, match=r"start of a quarter|not of the form"):
        deprecated(instead, day)


REASON = deprecated("Use `greeting`.", date(2027, 4, 1))


@strawberry.type
class Query:
    greeting: str = strawberry.field(resolver=lambda: "hello")
    old: str = strawberry.field(resolver=lambda: "hello", deprecation_reason=REASON)


toy = strawberry.Schema(query=Query)


async def ask(operations: Operations, query: str) -> Any:
    body, executed = await operations.execute(operations.read({"query": query}), None, "request-1")
    assert executed
    return json.loads(body)


async def test_who_uses_what_will_go_is_told_in_each_answer() -> None:
    engine = Engine(toy)
    errors: Any = public_error
    operations = Operations(engine, StoredDocuments(engine.documents, {}), errors)
    for _ in range(2):
        assert await ask(operations, "{ old a: old greeting }") == {
            "data": {"old": "hello", "a": "hello", "greeting": "hello"},
            "extensions": {
                "deprecations": [
                    {
                        "message": "The field Query.old is deprecated. Use `greeting`. Removed after 2027-04-01.",
                        "removedAfter": "2027-04-01",
                    }
                ]
            },
        }
    assert await ask(operations, "{ greeting }") == {"data": {"greeting": "hello"}}
