"""From the environment to settings, or to a line for each thing that is wrong with it."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.scrubbing import hide
from gateway.settings.groups import ApiSettings, DatabaseSettings, TracingSettings
from gateway.settings.reference import GROUPS, allowed, variables
from gateway.settings.settings import Settings

_Group = TypeVar("_Group", bound=BaseModel)


class SettingsError(Exception):
    """What is wrong with the environment: `problems` has one line for each, starting with the variable's name."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in `environ`; a blank variable is a missing one. Raises SettingsError, which lists every problem."""
    given = _given(environ)
    problems = []
    if given.get("AUTH_PROVIDER") == "sandbox":
        problems.append(
            "AUTH_PROVIDER must be openshift or oidc: sandbox lets anybody in by name alone and works under "
            "`litemaas sandbox` only"
        )
    try:
        settings = Settings.model_validate(
            dict.fromkeys(GROUPS, given) | {name: given.get(name) for name in variables(Settings)}
        )
    except ValidationError as error:
        problems += _problems(error)
    if problems:
        raise SettingsError(problems)
    return settings


def load_database_settings(environ: Mapping[str, str] = os.environ) -> DatabaseSettings:
    """The database alone, for who needs nothing else. Raises SettingsError."""
    settings = _loaded(DatabaseSettings, environ)
    hide(settings.password)
    return settings


def load_api_settings(environ: Mapping[str, str] = os.environ) -> ApiSettings:
    """What the sandbox lets an environment decide. Raises SettingsError."""
    return _loaded(ApiSettings, environ)


def load_tracing_settings(environ: Mapping[str, str] = os.environ) -> TracingSettings:
    """The same, of traces. Raises SettingsError."""
    return _loaded(TracingSettings, environ)


def _loaded(group: type[_Group], environ: Mapping[str, str]) -> _Group:
    try:
        return group.model_validate(_given(environ))
    except ValidationError as error:
        raise SettingsError([_problem(group, str(detail["loc"][0]), detail) for detail in error.errors()]) from None


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in environ.items() if value.strip() and name.isupper()}


def _problems(error: ValidationError) -> list[str]:
    """One line for each finding about all settings: its `loc` begins with `(group, name)`, or is `(name,)` outside of the groups."""
    problems = []
    for detail in error.errors():
        first, *rest = map(str, detail["loc"])
        problems.append(_problem(GROUPS[first], rest[0], detail) if rest else _problem(Settings, first, detail))
    return problems


def _problem(group: type[BaseModel], name: str, detail: Any) -> str:
    """pydantic's finding as a sentence. `name` is the variable's if it was given or is required, and the field's if it was left out."""
    field = group.model_fields.get(name)
    variable = str(field.validation_alias) if field else name
    return f"{variable} {_words(detail, variables(group)[variable])}"


def _words(detail: Any, declared: dict[str, Any]) -> str:
    match detail["type"]:
        case "missing":
            return "is missing"
        case "value_error":
            return str(detail["ctx"]["error"])
        case "literal_error" | "int_parsing" | "int_parsing_size" | "greater_than_equal" | "less_than_equal":
            return "must be " + allowed(declared).replace("`", "")
        case _:
            return "is not understood"
