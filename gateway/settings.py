"""Everything that an installation configures, from environment variables and nowhere else.

`load_settings()` is what `litemaas serve` starts from: it refuses to go on with anything missing, malformed or weak,
and says so for all variables at once. `Settings.for_sandbox()` is the other way in, for code: the sandbox's sign-in has
no password, so no environment variable can turn it on. Secrets are `SecretStr` or left out of `repr`; no message here
ever contains a value.
"""

import ipaddress
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gateway.actor import Role

_WELL_KNOWN = {
    *("secret", "secretsecret", "supersecret", "topsecret", "password", "passw0rd", "postgres", "litellm", "litemaas"),
    *("sk-1234", "sk-12345", "sk-123456", "sk-12345678", "sk-master", "sk-litellm", "sk-secret", "sk-password"),
    *("12345678", "1234567890", "0123456789abcdef", "0123456789abcdef0123456789abcdef"),
}
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "changethis", "replaceme", "replace-me", "placeholder")


class SettingsError(Exception):
    """What is wrong with the environment: `problems` has one line for each, starting with the variable's name."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def _http_url(value: str) -> str:
    """An http(s) address without query, fragment or credentials; a slash at its end is dropped."""
    parts = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    if parts.username or parts.password:
        raise ValueError("must not contain a user name or password")
    if parts.query or parts.fragment:
        raise ValueError("must not have a query or a fragment")
    return value.rstrip("/")


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # parsed only when asked for
    except ValueError:
        raise ValueError("is not a well-formed address") from None
    if any(character.isspace() for character in value):
        raise ValueError("must not contain spaces")
    return parts


def _origin(value: str) -> str:
    """The origin of an address, spelled as browsers send it: lower case, without the scheme's own port."""
    parts = urlsplit(_http_url(value).lower())
    if parts.path:
        raise ValueError("must be an origin such as https://litemaas.example.com, without a path")
    own_port = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(own_port)}"


def _postgres_url(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("is not a well-formed address") from None
    if url.drivername not in ("postgresql", "postgres", "postgresql+asyncpg"):
        raise ValueError("must be a postgresql:// address")
    if not url.database:
        raise ValueError("must name a database, as in postgresql://user:password@host:5432/litemaas")
    return value


def _redis_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError("must be a redis:// or rediss:// address")
    return value


def _strong(least: int) -> Callable[[SecretStr], SecretStr]:
    """Refuses what can be guessed; `least` is the shortest length in characters."""

    def check(secret: SecretStr) -> SecretStr:
        value = secret.get_secret_value()
        plain = value.lower()
        if plain in _WELL_KNOWN or any(word in plain for word in _PLACEHOLDERS):
            raise ValueError("is a well-known default; make one of your own, for example with `openssl rand -hex 32`")
        if len(value) < least:
            raise ValueError(f"must have at least {least} characters, for example from `openssl rand -hex 32`")
        # A string that repeats a block of its own is found inside itself doubled, away from both ends.
        if len(set(value)) < 6 or value in (value + value)[1:-1]:
            raise ValueError("repeats itself and can be guessed; make one with `openssl rand -hex 32`")
        return secret

    return check


def _ca_files(values: tuple[Path, ...]) -> tuple[Path, ...]:
    for value in values:
        try:
            ssl.create_default_context(cafile=value)
        except ssl.SSLError:
            raise ValueError("is not a file of PEM certificates") from None
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror or 'unknown reason'}") from None
    return values


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(value)) for value in values)
    except ValueError:
        raise ValueError("must be addresses and networks such as 10.128.0.0/14, separated by commas") from None


def _whole_number(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        text = str(value)
        if not (text.isascii() and text.isdecimal() and len(text) <= 9 and least <= int(text) <= most):
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return check


def _comma_list(value: Any) -> Any:
    return tuple(item for item in map(str.strip, value.split(",")) if item) if isinstance(value, str) else value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Names = Annotated[tuple[str, ...], BeforeValidator(_comma_list)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)


class DatabaseSettings(_Group):
    """PostgreSQL; both `postgresql://` and `postgresql+asyncpg://` are understood. What is kept for so many days is for good if it is None:
    single calls, notifications that were read, and names and free texts of keys, tokens and subscriptions that are over.
    """

    url: Annotated[str, AfterValidator(_postgres_url)] = Field(validation_alias="DATABASE_URL", repr=False)
    usage_keep_days: int | None = Field(default=None, validation_alias="USAGE_KEEP_DAYS", ge=7, le=36500)
    notifications_keep_days: int | None = Field(
        default=None, validation_alias="NOTIFICATIONS_KEEP_DAYS", ge=31, le=36500
    )
    ended_keep_days: int | None = Field(default=None, validation_alias="ENDED_KEEP_DAYS", ge=7, le=36500)


class LiteLLMSettings(_Group):
    """The proxy: where the gateway reaches it, and where people's own programs do.

    Calls stand in its spend log at most `settle_seconds` after their end. Its log is read `history_days` back from the first
    start on.
    """

    base_url: HttpUrl = Field(validation_alias="LITELLM_BASE_URL")
    master_key: Annotated[SecretStr, AfterValidator(_strong(8))] = Field(validation_alias="LITELLM_MASTER_KEY")
    public_url: HttpUrl = Field(validation_alias="LITELLM_PUBLIC_URL")
    webhook_secret: Annotated[SecretStr, AfterValidator(_strong(16))] = Field(validation_alias="LITELLM_WEBHOOK_SECRET")
    settle_seconds: Annotated[int, BeforeValidator(_whole_number(1, 3600))] = Field(
        default=60, validation_alias="LITELLM_SETTLE_SECONDS"
    )
    history_days: Annotated[int, BeforeValidator(_whole_number(0, 3650))] = Field(
        default=400, validation_alias="LITELLM_HISTORY_DAYS"
    )


class AuthSettings(_Group):
    """Who signs people in, and who is what.

    People in one of `admin_groups` are admins, in one of `auditor_groups` auditors; `initial_admins` are usernames.
    """

    provider: Literal["openshift", "oidc", "sandbox"] = Field(validation_alias="AUTH_PROVIDER")
    openshift_api_url: HttpUrl | None = Field(default=None, validation_alias="OPENSHIFT_API_URL", validate_default=True)
    openshift_ca_files: Annotated[tuple[Path, ...], BeforeValidator(_comma_list), AfterValidator(_ca_files)] = Field(
        default=(), validation_alias="OPENSHIFT_CA_FILE"
    )
    oidc_issuer: HttpUrl | None = Field(default=None, validation_alias="OIDC_ISSUER", validate_default=True)
    client_id: str | None = Field(default=None, validation_alias="OAUTH_CLIENT_ID", validate_default=True)
    client_secret: Annotated[SecretStr, AfterValidator(_strong(8))] | None = Field(
        default=None, validation_alias="OAUTH_CLIENT_SECRET", validate_default=True
    )
    admin_groups: Names = Field(default=(), validation_alias="ADMIN_GROUPS")
    auditor_groups: Names = Field(default=(), validation_alias="AUDITOR_GROUPS")
    initial_admins: Names = Field(default=(), validation_alias="INITIAL_ADMINS")
    idle_minutes: int = Field(default=480, validation_alias="SESSION_IDLE_MINUTES", ge=1, le=10_080)
    max_hours: int = Field(default=24, validation_alias="SESSION_MAX_HOURS", ge=1, le=168)

    @property
    def session_idle(self) -> timedelta:
        """How long a session lives without a request."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def session_lasts(self) -> timedelta:
        """How long a session lives at most, and with it a role that only a sign-in takes away."""
        return timedelta(hours=self.max_hours)

    # Per field, not per model: a check of the whole model is skipped as soon as any other field is wrong.
    @field_validator("openshift_api_url", "oidc_issuer", "client_id", "client_secret")
    @classmethod
    def _needed_by_provider(cls, value: Any, info: ValidationInfo) -> Any:
        provider = info.data.get("provider")
        needed = {
            "openshift_api_url": provider == "openshift",
            "oidc_issuer": provider == "oidc",
            "client_id": provider != "sandbox",
            "client_secret": provider != "sandbox",
        }[str(info.field_name)]
        if needed and value is None:
            raise ValueError(f"is missing; AUTH_PROVIDER={provider} needs it" if provider else "is missing")
        return value


class WebSettings(_Group):
    """Where the portal listens (`host`, `port`) and the one origin that browsers see (`public_url`).

    `trusted_proxies` are the networks whose word is taken for where a request came from: the routers in front, and nobody else.
    """

    public_url: Annotated[str, AfterValidator(_origin)] = Field(validation_alias="PUBLIC_URL")
    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=8080, validation_alias="PORT", ge=1, le=65535)
    session_secret: Annotated[SecretStr, AfterValidator(_strong(32))] = Field(validation_alias="SESSION_SECRET")
    trusted_proxies: Annotated[Names, AfterValidator(_networks)] = Field(default=(), validation_alias="TRUSTED_PROXIES")

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def _who_is_bound(value: str) -> str:
    if value not in ("nobody", "browsers", "everybody"):
        raise ValueError("must be nobody, browsers or everybody")
    return value


class ApiSettings(_Group):
    """What a caller may ask of the GraphQL API: a person over all sessions, an access token, a key, or an address without any.

    A query may cost `cost_ceiling` points; a caller's bucket holds `points` and gains `points_per_second`. Changes count by themselves,
    and `concurrency` operations of a caller run at a time in each replica. `trusted_documents_only` says who may send the documents of
    our own pages only: nobody, browsers (whoever shows no access token and no key), or everybody.
    """

    cost_ceiling: int = Field(default=1_000, validation_alias="QUERY_COST_CEILING", ge=1, le=1_000_000)
    points: int = Field(
        default=5_000, validation_alias="RATE_LIMIT_POINTS", ge=1, le=1_000_000_000, validate_default=True
    )
    points_per_second: int = Field(default=100, validation_alias="RATE_LIMIT_POINTS_PER_SECOND", ge=1, le=1_000_000_000)
    writes: int = Field(default=120, validation_alias="RATE_LIMIT_WRITES", ge=1, le=1_000_000_000)
    writes_per_minute: int = Field(default=120, validation_alias="RATE_LIMIT_WRITES_PER_MINUTE", ge=1, le=1_000_000_000)
    concurrency: int = Field(default=30, validation_alias="RATE_LIMIT_CONCURRENCY", ge=1, le=100_000)
    trusted_documents_only: Annotated[str, AfterValidator(_who_is_bound)] = Field(
        default="nobody", validation_alias="TRUSTED_DOCUMENTS_ONLY"
    )

    @field_validator("points")
    @classmethod
    def _enough_for_one(cls, value: int, info: ValidationInfo) -> int:
        ceiling = info.data.get("cost_ceiling", 0)
        if value < ceiling:
            raise ValueError(f"must be at least QUERY_COST_CEILING ({ceiling})")
        return value


class SandboxPerson(_Group):
    """Somebody who signs in to the sandbox by name alone."""

    username: str
    display_name: str
    email: str | None = None
    role: Role = Role.USER


class Settings(BaseSettings):
    """All groups. Frozen; safe to print."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    database: DatabaseSettings
    litellm: LiteLLMSettings
    auth: AuthSettings
    web: WebSettings
    api: ApiSettings = ApiSettings()
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = Field(
        default=None, validation_alias="REDIS_URL", repr=False
    )
    audit_stream: str | None = Field(
        default=None, validation_alias="AUDIT_STREAM", description="`stdout`, or the path of a file to append to."
    )
    sandbox_people: tuple[SandboxPerson, ...] = Field(default=(), description="Empty but in the sandbox.")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed over: `load_settings` hands over the environment, and nothing slips in beside it."""
        return (init_settings,)

    @classmethod
    def for_sandbox(
        cls,
        *,
        database_url: str,
        litellm_url: str,
        litellm_public_url: str,
        litellm_master_key: str,
        webhook_secret: str,
        session_secret: str,
        people: Sequence[SandboxPerson],
        host: str = "127.0.0.1",
        port: int = 8080,
        public_url: str | None = None,
        history_days: int = 400,
        api: ApiSettings | None = None,
    ) -> Self:
        """Settings under which `people` sign in by name. `public_url` defaults to this machine's `http://host:port`.

        Raises pydantic's ValidationError when a value is wrong: that is a mistake in code, not in configuration.
        """
        name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104
        return cls(
            database=DatabaseSettings(url=database_url),
            litellm=LiteLLMSettings(
                base_url=litellm_url,
                public_url=litellm_public_url,
                master_key=SecretStr(litellm_master_key),
                webhook_secret=SecretStr(webhook_secret),
                settle_seconds=10,  # its LiteLLM writes every two
                history_days=history_days,
            ),
            auth=AuthSettings(provider="sandbox"),
            web=WebSettings(
                public_url=public_url or f"http://{name}:{port}",
                host=host,
                port=port,
                session_secret=SecretStr(session_secret),
            ),
            api=api or ApiSettings(),
            sandbox_people=tuple(people),
        )


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
            {
                **dict.fromkeys(("database", "litellm", "auth", "web", "api"), given),
                **{name: given.get(name) for name in ("REDIS_URL", "AUDIT_STREAM")},
            }
        )
    except ValidationError as error:
        problems += _problems(error)
    if problems:
        raise SettingsError(problems)
    return settings


def load_database_settings(environ: Mapping[str, str] = os.environ) -> DatabaseSettings:
    """The database alone, for who needs nothing else. Raises SettingsError."""
    try:
        return DatabaseSettings.model_validate(_given(environ))
    except ValidationError as error:
        raise SettingsError(_problems(error, "database")) from None


def load_api_settings(environ: Mapping[str, str] = os.environ) -> ApiSettings:
    """What the sandbox lets an environment decide. Raises SettingsError."""
    try:
        return ApiSettings.model_validate(_given(environ))
    except ValidationError as error:
        raise SettingsError(_problems(error, "api")) from None


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in environ.items() if value.strip() and name.isupper()}


def _problems(error: ValidationError, *group: str) -> list[str]:
    """One line for each finding about all settings, or about those of one group."""
    problems = []
    for detail in error.errors():
        name, field = _variable((*group, *detail["loc"]))
        problems.append(f"{field.validation_alias if field else name} {_words(detail, field)}")
    return problems


def _variable(loc: tuple[int | str, ...]) -> tuple[str, FieldInfo | None]:
    """(name, field) of the variable that pydantic's finding is about: `loc` begins with `(group, name)`, or is `(name,)` outside of
    the groups.

    The name is the alias for a value that was given or is required, and the field's name for one that was left out.
    """
    group, name = (
        (Settings.model_fields[str(loc[0])].annotation, str(loc[1])) if len(loc) > 1 else (Settings, str(loc[0]))
    )
    fields = group.model_fields if group else {}
    return name, fields.get(name) or next((field for field in fields.values() if field.validation_alias == name), None)


def _words(detail: Any, field: FieldInfo | None) -> str:
    """pydantic's finding as the end of a sentence that starts with the variable's name."""
    match detail["type"]:
        case "missing":
            return "is missing"
        case "value_error":
            return str(detail["ctx"]["error"])
        case "literal_error":
            return "must be openshift or oidc"
        case "int_parsing" | "greater_than_equal" | "less_than_equal":
            bounds = {type(bound).__name__: bound for bound in (field.metadata if field else ())}
            return f"must be a whole number from {bounds['Ge'].ge} to {bounds['Le'].le}"
        case _:
            return "is not understood"
