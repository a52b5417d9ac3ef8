"""The environment: complete, wrong in every way, and never repeated aloud."""

from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError, load_database_settings, load_settings
from tests.issuers import certificate
from tests.portal import environment, sandbox_settings

OPENSHIFT = {"AUTH_PROVIDER": "openshift", "OPENSHIFT_API_URL": "https://api.cluster.test:6443", "OIDC_ISSUER": None}


def problems(**changes: str | None) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load_settings(environment(**changes))
    return list(refused.value.problems)


def test_a_complete_environment_becomes_settings() -> None:
    settings = load_settings(
        environment(
            LITELLM_BASE_URL="http://litellm.test:4000/",
            PUBLIC_URL="https://Portal.Example.com:443/",
            HOST="0.0.0.0",
            PORT="9000",
            REDIS_URL="redis://cache.test:6379/0",
            ADMIN_GROUPS="platform-admins, sre ,",
        )
    )
    assert settings.database.url == "postgresql://litemaas:hunter2@db.test/litemaas"
    assert settings.litellm.base_url == "http://litellm.test:4000"
    assert settings.litellm.public_url == "https://llm.example.com"
    assert settings.litellm.master_key.get_secret_value() == "sk-master-5519-4471"
    assert settings.web.public_url == "https://portal.example.com"
    assert (settings.web.host, settings.web.port, settings.web.is_https) == ("0.0.0.0", 9000, True)
    assert settings.redis_url == "redis://cache.test:6379/0"
    assert settings.auth.provider == "oidc"
    assert settings.auth.admin_groups == ("platform-admins", "sre")
    assert settings.sandbox_people == ()


def test_what_may_be_left_out_has_defaults() -> None:
    settings = load_settings(environment())
    assert (settings.web.host, settings.web.port, settings.redis_url) == ("127.0.0.1", 8080, None)
    assert (settings.auth.admin_groups, settings.auth.auditor_groups, settings.auth.initial_admins) == ((), (), ())


def test_how_long_litellm_takes_and_how_far_back_its_log_is_read() -> None:
    assert (settings := load_settings(environment()).litellm).settle_seconds == 60
    assert settings.history_days == 400
    chosen = load_settings(environment(LITELLM_SETTLE_SECONDS="90", LITELLM_HISTORY_DAYS="0")).litellm
    assert (chosen.settle_seconds, chosen.history_days) == (90, 0)


def test_an_empty_environment_names_every_variable_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({})
    assert [line.split()[0] for line in refused.value.problems] == [
        "DATABASE_URL",
        "LITELLM_BASE_URL",
        "LITELLM_MASTER_KEY",
        "LITELLM_PUBLIC_URL",
        "LITELLM_WEBHOOK_SECRET",
        "AUTH_PROVIDER",
        "OAUTH_CLIENT_ID",
        "OAUTH_CLIENT_SECRET",
        "PUBLIC_URL",
        "SESSION_SECRET",
    ]
    assert all(line.endswith("is missing") for line in refused.value.problems)


def test_a_blank_variable_is_a_missing_one() -> None:
    assert problems(SESSION_SECRET="  ") == ["SESSION_SECRET is missing"]


def test_wrong_and_missing_ones_are_told_together() -> None:
    found = problems(DATABASE_URL=None, PORT="eighty", LITELLM_MASTER_KEY="sk-1234", OAUTH_CLIENT_ID=None)
    assert [line.split()[0] for line in found] == ["DATABASE_URL", "LITELLM_MASTER_KEY", "OAUTH_CLIENT_ID", "PORT"]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        (OPENSHIFT | {"OPENSHIFT_API_URL": None}, ["OPENSHIFT_API_URL"]),
        (
            OPENSHIFT | {"OAUTH_CLIENT_ID": None, "OAUTH_CLIENT_SECRET": None},
            ["OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"],
        ),
        ({"OIDC_ISSUER": None}, ["OIDC_ISSUER"]),
        ({"OAUTH_CLIENT_SECRET": None}, ["OAUTH_CLIENT_SECRET"]),
    ],
)
def test_each_provider_has_needs_of_its_own(changes: dict[str, str | None], missing: list[str]) -> None:
    provider = changes.get("AUTH_PROVIDER", "oidc")
    assert problems(**changes) == [f"{name} is missing; AUTH_PROVIDER={provider} needs it" for name in missing]


def test_openshift_needs_no_oidc_issuer() -> None:
    assert load_settings(environment(**OPENSHIFT)).auth.openshift_api_url == "https://api.cluster.test:6443"


def test_no_environment_turns_on_the_sandbox_sign_in() -> None:
    (problem,) = problems(AUTH_PROVIDER="sandbox")
    assert problem.startswith("AUTH_PROVIDER must be openshift or oidc: sandbox lets anybody in by name alone")
    people = {"sandbox_people": '[{"username": "eve"}]', "SANDBOX_PEOPLE": "eve", "people": "eve"}
    assert load_settings(environment() | people).sandbox_people == ()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("AUTH_PROVIDER", "ldap", "must be openshift or oidc"),
        ("LITELLM_SETTLE_SECONDS", "0", "must be a whole number from 1 to 3600"),
        ("LITELLM_SETTLE_SECONDS", "1.5", "must be a whole number from 1 to 3600"),
        ("LITELLM_HISTORY_DAYS", "-1", "must be a whole number from 0 to 3650"),
        ("LITELLM_HISTORY_DAYS", "a year", "must be a whole number from 0 to 3650"),
        ("DATABASE_URL", "mysql://db.test/litemaas", "must be a postgresql:// address"),
        ("DATABASE_URL", "postgresql://db.test:port/x", "is not a well-formed address"),
        ("DATABASE_URL", "postgresql://db.test", "must name a database"),
        ("LITELLM_BASE_URL", "litellm.test:4000", "must be an http:// or https:// address"),
        ("LITELLM_BASE_URL", "http://litellm.test:99999", "is not a well-formed address"),
        ("LITELLM_PUBLIC_URL", "https://user:pw@llm.example.com", "must not contain a user name or password"),
        ("LITELLM_PUBLIC_URL", "https://llm.example.com/?key=1", "must not have a query or a fragment"),
        ("OIDC_ISSUER", "http://issuer .test", "must not contain spaces"),
        ("PUBLIC_URL", "https://portal.example.com/app", "must be an origin such as"),
        ("PUBLIC_URL", "javascript:alert(1)", "must be an http:// or https:// address"),
        ("REDIS_URL", "http://cache.test", "must be a redis:// or rediss:// address"),
        ("PORT", "0", "must be a whole number from 1 to 65535"),
        ("METRICS_PORT", "8080", "must be another port than PORT"),
        ("METRICS_PORT", "0", "must be a whole number from 1 to 65535"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be an http:// or https:// address"),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "must be http/protobuf: traces are sent over HTTP only, usually to port 4318",
        ),
        ("PORT", "65536", "must be a whole number from 1 to 65535"),
        ("PORT", "80.5", "must be a whole number from 1 to 65535"),
        ("SESSION_IDLE_MINUTES", "0", "must be a whole number from 1 to 10080"),
        ("SESSION_MAX_HOURS", "169", "must be a whole number from 1 to 168"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "must be addresses and networks such as"),
        ("TRUSTED_PROXIES", "*", "must be addresses and networks such as"),
        ("TRUSTED_PROXIES", "10.1.2.3/8", "must be addresses and networks such as"),
        ("OPENSHIFT_CA_FILE", "/nowhere/ca.crt", "cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_value_is_told_by_name(name: str, value: str, problem: str) -> None:
    (found,) = problems(**{name: value})
    assert found.startswith(f"{name} {problem}")


@pytest.mark.parametrize("url", ["postgresql+asyncpg://u@h/d", "postgresql://postgres@/litemaas?host=/run/pg"])
def test_other_spellings_of_a_database_are_taken(url: str) -> None:
    assert load_database_settings({"DATABASE_URL": url}).url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_SECRET", "0" * 32),
        ("SESSION_SECRET", "changeme" * 5),
        ("SESSION_SECRET", "please-change-me-before-you-deploy-this"),
        ("SESSION_SECRET", "abcdefgh" * 4),
        ("SESSION_SECRET", "0123456789abcdef0123456789abcdef"),
        ("SESSION_SECRET", "k3J9x2Lq8Zr5Tn1Vw7Bc4Mf6Hs0Gd2P"),  # one character short
        ("LITELLM_WEBHOOK_SECRET", "secret"),
        ("LITELLM_WEBHOOK_SECRET", "k3J9x2Lq8Zr5Tn1"),  # one character short
        ("LITELLM_WEBHOOK_SECRET", "aaaaaaaaaaaaaaaaaaaa"),
        ("LITELLM_MASTER_KEY", "sk-1234"),
        ("LITELLM_MASTER_KEY", "SK-1234"),
        ("OAUTH_CLIENT_SECRET", "changeme"),
        ("OAUTH_CLIENT_SECRET", "password"),
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(name: str, value: str) -> None:
    (found,) = problems(**{name: value})
    assert found.startswith(f"{name} ")
    assert value not in found


def test_secrets_of_just_the_right_length_are_taken() -> None:
    settings = load_settings(
        environment(SESSION_SECRET="k3J9x2Lq8Zr5Tn1Vw7Bc4Mf6Hs0Gd2Px", LITELLM_WEBHOOK_SECRET="k3J9x2Lq8Zr5Tn1V")
    )
    assert settings.web.session_secret.get_secret_value() == "k3J9x2Lq8Zr5Tn1Vw7Bc4Mf6Hs0Gd2Px"


def test_no_secret_is_printed() -> None:
    given = environment(REDIS_URL="redis://:cachepass@cache.test/0")
    hidden = [given[name] for name in ("LITELLM_MASTER_KEY", "LITELLM_WEBHOOK_SECRET", "OAUTH_CLIENT_SECRET")]
    hidden += [given["SESSION_SECRET"], "hunter2", "cachepass"]
    shown = repr(load_settings(given)) + str(load_settings(given))
    assert "litellm.test" in shown
    assert [secret for secret in hidden if secret in shown] == []
    complaint = "\n".join(problems(**(given | {"PORT": "x", "DATABASE_URL": "mysql://litemaas:hunter2@db.test/x"})))
    assert "PORT" in complaint
    assert [secret for secret in hidden if secret in complaint] == []


def test_a_ca_file_must_hold_certificates(tmp_path: Path) -> None:
    text = tmp_path / "ca.txt"
    text.write_text("this is no certificate")
    changes = OPENSHIFT | {"OPENSHIFT_CA_FILE": str(text)}
    assert problems(**changes) == ["OPENSHIFT_CA_FILE is not a file of PEM certificates"]
    assert problems(**(changes | {"OPENSHIFT_CA_FILE": str(tmp_path)}))[0].startswith(
        "OPENSHIFT_CA_FILE cannot be read"
    )


def test_a_ca_file_with_a_certificate_is_taken(tmp_path: Path) -> None:
    ca, _ = certificate(tmp_path)
    assert load_settings(environment(**OPENSHIFT, OPENSHIFT_CA_FILE=str(ca))).auth.openshift_ca_files == (ca,)


def test_routers_are_named_by_address_or_network() -> None:
    settings = load_settings(environment(TRUSTED_PROXIES="10.128.0.0/14, 192.0.2.7,fd00::/8"))
    assert settings.web.trusted_proxies == ("10.128.0.0/14", "192.0.2.7/32", "fd00::/8")


def test_the_sandbox_is_made_in_code_and_listens_where_it_is_told() -> None:
    settings = sandbox_settings("postgresql://postgres@/x?host=/tmp", host="0.0.0.0", port=9001, public_url=None)
    assert settings.auth.provider == "sandbox"
    assert settings.web.public_url == "http://127.0.0.1:9001"
    assert [person.username for person in settings.sandbox_people] == ["alice", "bob", "ada", "audrey"]


def test_settings_do_not_change() -> None:
    settings: Settings = load_settings(environment())
    with pytest.raises(ValueError, match="frozen"):
        settings.auth.provider = "sandbox"
