"""What is going away: since when it is said, what to use, and the day after which it may be gone.

Whatever is deprecated says so in one form, and goes at the start of a quarter:

    old: str = strawberry.field(description="…", deprecation_reason=deprecated("Use `new`.", date(2027, 4, 1)))

Who still uses it is told in each answer, in `extensions.deprecations`.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    NoDeprecatedCustomRule,
    validate,
)

from schema.execution import Document

_REASON = re.compile(r"(?P<instead>Use .+\.) Removed after (?P<date>\d{4}-\d{2}-\d{2})\.", re.S)


def deprecated(instead: str, removed_after: date) -> str:
    """The reason to give. `instead` is a sentence that begins with "Use". Raises ValueError for another form or day."""
    reason = f"{instead} Removed after {removed_after}."
    removal_day(reason)
    return reason


def removal_day(reason: str) -> date:
    """The day that a reason names. Raises ValueError when it names no replacement, or no start of a quarter."""
    match = _REASON.fullmatch(reason)
    if match is None:
        raise ValueError(f"not of the form “Use …. Removed after 2027-04-01.”: {reason}")
    day = date.fromisoformat(match["date"])
    if day.day != 1 or day.month not in (1, 4, 7, 10):
        raise ValueError(f"{day} is not the start of a quarter")
    return day


def all_deprecations(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """(where, reason) of everything that a schema deprecates: `Query.old`, `Query.new(first:)`, `Color.RED`."""
    for name, kind in schema.type_map.items():
        members: dict[str, Any] = {}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            members = dict(kind.fields)
        elif isinstance(kind, GraphQLEnumType):
            members = dict(kind.values)
        for member_name, member in members.items():
            where = f"{name}.{member_name}"
            if member.deprecation_reason:
                yield where, member.deprecation_reason
            for argument_name, argument in getattr(member, "args", {}).items():
                if argument.deprecation_reason:
                    yield f"{where}({argument_name}:)", argument.deprecation_reason


def deprecations_in(schema: GraphQLSchema, document: Document) -> list[dict[str, str]]:
    """What a document uses of it, as answers say it. Values in variables are not looked at."""
    return document.remember("deprecations", lambda: _find(schema, document))


def _find(schema: GraphQLSchema, document: Document) -> list[dict[str, str]]:
    if document.node is None or document.errors:
        return []
    said = dict.fromkeys(error.message for error in validate(schema, document.node, [NoDeprecatedCustomRule]))
    found = []
    for message in said:
        match = _REASON.search(message)
        found.append({"message": message} | ({"removedAfter": match["date"]} if match else {}))
    return found
