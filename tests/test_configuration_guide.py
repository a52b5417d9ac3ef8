"""What docs/configuration.md is printed from tells everything of each variable; .ci/check compares the page."""

import pytest

from gateway.settings import Settings, reference
from gateway.settings.reference import GROUPS, variables

DECLARED = {name: what for group in (*GROUPS.values(), Settings) for name, what in variables(group).items()}


def test_a_row_tells_what_a_variable_is_what_it_may_be_and_what_it_is_by_default() -> None:
    rows = reference().splitlines()
    assert "| `PORT` | The port to listen on. | a whole number from 1 to 65535 | `8080` |" in rows
    assert [
        row for row in rows if row.startswith("| `SESSION_SECRET`") and "32 characters or more | must be set |" in row
    ]
    assert [row for row in rows if row.startswith("| `AUTH_PROVIDER`") and "| `openshift` or `oidc` |" in row]
    assert sum(row.startswith("| `") for row in rows) == len(DECLARED) > 30


@pytest.mark.parametrize("variable", DECLARED)
def test_each_is_described(variable: str) -> None:
    assert DECLARED[variable].get("description", "").endswith((".", ")"))
