"""docs/configuration.md has each variable that the settings read, and no other, and says the defaults that hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.settings import Settings

GUIDE = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()
ROWS = [row.split("|")[1:3] for row in re.findall(r"^\| `.*$", GUIDE, re.M)]


def fields(model: type[BaseModel]) -> Iterator[FieldInfo]:
    for field in model.model_fields.values():
        if isinstance(field.validation_alias, str):
            yield field
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation)


FIELDS = {str(field.validation_alias): field for field in fields(Settings)}


def test_every_variable_is_there_and_no_other() -> None:
    explained = [name for names, _ in ROWS for name in re.findall(r"`([A-Z_]+)`", names)]
    assert len(FIELDS) > 30
    assert sorted(explained) == sorted(FIELDS)


@pytest.mark.parametrize("variable", FIELDS)
def test_its_default_is_said(variable: str) -> None:
    (said,) = (words for names, words in ROWS if f"`{variable}`" in names)
    default = FIELDS[variable].default
    if isinstance(default, int | str) and not FIELDS[variable].is_required():
        assert re.search(rf"(?<![\d.]){re.escape(str(default))}(?![\d])", said), f"{variable}: {default}"
