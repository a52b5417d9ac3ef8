"""docs/configuration.md, from what the groups declare."""

from typing import Any

from pydantic import BaseModel

from gateway.settings.settings import Settings

_INTRODUCTION = """\
# Configuration

`litemaas serve` is configured by environment variables and nothing else; if one is missing or wrong it says which, all at
once, and does not start. A blank variable counts as missing. Secrets are refused if they are short, well known or easily
guessed: `openssl rand -hex 32` makes good ones.

This page is what `litemaas settings` prints.
"""

GROUPS: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}


def variables(group: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """What a group declares of each of its variables, by name, as pydantic puts it into a JSON schema."""
    properties = group.model_json_schema()["properties"]
    names = (field.validation_alias for field in group.model_fields.values())
    return {name: properties[name] for name in names if isinstance(name, str)}


def allowed(declared: dict[str, Any]) -> str:
    """What a variable may be, such as "a whole number from 1 to 65535", in Markdown."""
    match next(kind for kind in declared.get("anyOf", [declared]) if kind.get("type") != "null"):
        case {"enum": choices}:
            *others, last = (f"`{choice}`" for choice in choices)
            return f"{', '.join(others)} or {last}"
        case {"minimum": least, "maximum": most}:
            return f"a whole number from {least} to {most}"
        case {"minLength": least}:
            return f"{least} characters or more"
        case {"format": form}:
            return str(form)
        case _:
            return "text"


def reference() -> str:
    """The whole page."""
    groups: list[type[BaseModel]] = [*GROUPS.values(), Settings]
    return "\n".join([_INTRODUCTION, *map(_topic, groups)])


def _topic(group: type[BaseModel]) -> str:
    declared = group.model_json_schema()
    rows = [
        f"| `{name}` | {what['description']} | {allowed(what)} | {_default(what, name in declared.get('required', ()))} |"
        for name, what in variables(group).items()
    ]
    head = [f"## {declared['title']}", "", declared["description"], ""]
    return "\n".join(
        [*head, "| variable | what it is | what it may be | default |", "| --- | --- | --- | --- |", *rows, ""]
    )


def _default(declared: dict[str, Any], required: bool) -> str:
    if required:
        return "must be set"
    return f"`{declared['default']}`" if declared["default"] else "not set"
