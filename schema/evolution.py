"""Whether a schema may follow another without breaking those who use it.

Additions may come at any time. Whatever goes must have been deprecated, with a date, in the schema that was released before, and that
day must have come. A type goes with the last that leads to it. Nothing else that breaks clients is allowed: it needs a new name.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from graphql import (
    BreakingChangeType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    get_named_type,
)

from schema.deprecations import all_deprecations, removal_day

_REMOVED = re.compile(r"(?:Field|Argument|Enum value) (?P<where>\S+) was removed\.")


def unannounced_changes(released: str, present: str, today: date) -> list[str]:
    """What breaks clients of `released` and was not announced there, one sentence each. Both are SDL."""
    before, after = build_schema(released), build_schema(present)
    due = {where: _due(reason) for where, reason in all_deprecations(before)}
    allowed = {where for where, day in due.items() if day is not None and day <= today}
    problems = []
    for change in find_breaking_changes(before, after):
        removed = _REMOVED.fullmatch(change.description)
        if removed and removed["where"] in allowed:
            continue
        if change.type is BreakingChangeType.TYPE_REMOVED:
            name = change.description.removesuffix(" was removed.")
            if all(where in allowed or where.partition(".")[0] not in after.type_map for where in _uses(before, name)):
                continue
        day = due.get(removed["where"]) if removed else None
        problems.append(f"{change.description[:-1]}, which may happen after {day}." if day else change.description)
    return problems


def _due(reason: str) -> date | None:
    try:
        return removal_day(reason)
    except ValueError:
        return None


def _uses(schema: GraphQLSchema, name: str) -> Iterator[str]:
    """Where a type is named: `Query.old`, `Query.new(filter:)`; unions that hold it count by their own name."""
    for kind_name, kind in schema.type_map.items():
        if any(member.name == name for member in getattr(kind, "types", ())):
            yield kind_name
        fields: dict[str, Any] = getattr(kind, "fields", {})
        for field_name, field in fields.items():
            if get_named_type(field.type).name == name:
                yield f"{kind_name}.{field_name}"
            for argument_name, argument in getattr(field, "args", {}).items():
                if get_named_type(argument.type).name == name:
                    yield f"{kind_name}.{field_name}({argument_name}:)"
