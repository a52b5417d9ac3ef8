"""Roles from groups, and addresses that a sign-in may lead to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import URL

from gateway.actor import Role
from gateway.auth.policy import role_of, safe_next
from gateway.settings import load_settings
from tests.portal import environment

SETTINGS = load_settings(
    environment(ADMIN_GROUPS="platform,sre", AUDITOR_GROUPS="audit", INITIAL_ADMINS="grace,system:admin")
).auth


@pytest.mark.parametrize(
    ("username", "groups", "role"),
    [
        ("eve", [], Role.USER),
        ("eve", ["developers"], Role.USER),
        ("eve", ["audit", "developers"], Role.AUDITOR),
        ("eve", ["sre"], Role.ADMIN),
        ("eve", ["audit", "platform"], Role.ADMIN),
        ("grace", [], Role.ADMIN),
        ("Grace", [], Role.USER),
        ("platform", [], Role.USER),
        ("eve", ["grace"], Role.USER),
    ],
)
def test_groups_make_roles(username: str, groups: list[str], role: Role) -> None:
    assert role_of(username, groups, SETTINGS) is role


def test_without_mapping_everybody_is_a_user() -> None:
    assert role_of("admin", ["admin", "", "system:masters"], load_settings(environment()).auth) is Role.USER


@pytest.mark.parametrize("path", ["/", "/models", "/models?q=a%20b&x=//y", "/keys#new", "/models/x:y@z", "/a/../b"])
def test_a_path_of_this_site_stays(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *(None, "", "models", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "http://evil.test"),
        *("https:evil.test", "javascript:alert(1)", "/\t/evil.test", "/\n/evil.test", " //evil.test", "/ /evil.test"),
        *("\x00//evil.test", "/ä", "/auth/login", "/auth/logout", "/sign-in", "//", "/\x7f", "/" + "a" * 2000),
    ],
)
def test_everything_else_leads_to_the_start(path: str | None) -> None:
    assert safe_next(path) == "/"


@given(st.text(st.sampled_from("/\\.:@?#%\t\n \x00ahtpsevil"), max_size=12))
def test_no_path_leads_to_another_host(path: str) -> None:
    # What a browser makes of it: controls dropped, backslashes turned.
    seen = "".join(c for c in safe_next(path) if c not in "\t\r\n").replace("\\", "/")
    assert seen.startswith("/")
    assert not seen.startswith("//")
    assert URL(seen).hostname is None
