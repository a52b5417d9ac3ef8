"""The shape of the house, where import-linter can't see it."""

import re
from pathlib import Path

import schema
from schema.root import schema as api
from schema.root import sdl

ROOT = Path(__file__).parents[1]
DOMAINS = (
    "audit",
    "auth",
    "catalog",
    "events",
    "keys",
    "litellm",
    "notifications",
    "ratelimit",
    "subscriptions",
    "usage",
    "users",
)


def test_the_schema_package_is_ours() -> None:
    """The registry has another package of that name."""
    assert schema.__file__ == str(ROOT / "schema/__init__.py")
    lock = (ROOT / "requirements.lock").read_text() + (ROOT / "requirements-dev.lock").read_text()
    assert not re.search(r"^schema==", lock, re.M)


def test_litellm_itself_is_never_installed() -> None:
    """Releases of that package were compromised; we speak HTTP with it."""
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        assert not re.search(r'^\s*"?litellm\b', (ROOT / name).read_text(), re.M)


def test_domains_are_entered_through_their_doors() -> None:
    inner = re.compile(rf"^\s*(?:from|import) gateway\.({'|'.join(DOMAINS)})\.\w+", re.M)
    for path in [*ROOT.glob("gateway/**/*.py"), *ROOT.glob("schema/**/*.py")]:
        for match in inner.finditer(path.read_text()):
            own = path.is_relative_to(ROOT / "gateway" / match[1])
            assert own, f"{path.relative_to(ROOT)} looks behind the door of gateway.{match[1]}: {match[0].strip()}"


def test_every_domain_says_what_it_promises() -> None:
    for domain in DOMAINS:
        door = (ROOT / "gateway" / domain / "__init__.py").read_text()
        assert len(door.split('"""')[1]) > 80, f"gateway/{domain}/__init__.py has no paragraph at its door"


def test_everything_in_the_schema_is_described() -> None:
    missing = []
    for name, kind in api._schema.type_map.items():
        if name.startswith("__") or name in ("ID", "String", "Int", "Float", "Boolean"):
            continue
        if not kind.description:
            missing.append(name)
        for field_name, field in getattr(kind, "fields", {}).items():
            if not field.description:
                missing.append(f"{name}.{field_name}")
            missing += [
                f"{name}.{field_name}({arg}:)" for arg, a in getattr(field, "args", {}).items() if not a.description
            ]
    assert missing == []


def test_the_committed_schema_is_what_the_code_prints() -> None:
    assert (ROOT / "schema/schema.graphql").read_text() == sdl()
