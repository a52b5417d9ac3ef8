"""The kinds of values that variables have: what is refused, in words that go on from the variable's name.

The `format` and `minLength` that a kind gives to pydantic's JSON schema is what docs/configuration.md says of it.
"""

import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, WithJsonSchema
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gateway import tracing

_WELL_KNOWN = {
    *("secret", "secretsecret", "supersecret", "topsecret", "password", "passw0rd", "postgres", "litellm", "litemaas"),
    *("sk-1234", "sk-12345", "sk-123456", "sk-12345678", "sk-master", "sk-litellm", "sk-secret", "sk-password"),
    *("12345678", "1234567890", "0123456789abcdef", "0123456789abcdef0123456789abcdef"),
}
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "changethis", "replaceme", "replace-me", "placeholder")


def _told(form: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": form})


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # parsed only when asked for
    except ValueError:
        raise ValueError("is not a well-formed address") from None
    if any(character.isspace() for character in value):
        raise ValueError("must not contain spaces")
    return parts


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


HttpUrl = Annotated[str, AfterValidator(_http_url), _told("an `http://` or `https://` address")]


def _with_opentelemetry(value: str) -> str:
    if not tracing.installed():
        raise ValueError("needs OpenTelemetry, which is not installed: install `litemaas[otel]`")
    return value


OtlpUrl = Annotated[HttpUrl, AfterValidator(_with_opentelemetry)]


def _over_http(value: str) -> str:
    if value != "http/protobuf":
        raise ValueError("must be http/protobuf: traces are sent over HTTP only, usually to port 4318")
    return value


OtlpHeaders = Annotated[SecretStr, _told("`name=value` pairs, separated by commas")]
OtlpProtocol = Annotated[str, AfterValidator(_over_http), _told("`http/protobuf`")]


def _origin(value: str) -> str:
    """The origin of an address, spelled as browsers send it: lower case, without the scheme's own port."""
    parts = urlsplit(_http_url(value).lower())
    if parts.path:
        raise ValueError("must be an origin such as https://litemaas.example.com, without a path")
    own_port = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(own_port)}"


Origin = Annotated[str, AfterValidator(_origin), _told("an `http://` or `https://` address without a path")]


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


PostgresUrl = Annotated[
    str, AfterValidator(_postgres_url), _told("a `postgresql://` or `postgresql+asyncpg://` address")
]


def _redis_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError("must be a redis:// or rediss:// address")
    return value


RedisUrl = Annotated[str, AfterValidator(_redis_url), _told("a `redis://` or `rediss://` address")]


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


def _length(least: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": least})


Secret8 = Annotated[SecretStr, AfterValidator(_strong(8)), _length(8)]
Secret16 = Annotated[SecretStr, AfterValidator(_strong(16)), _length(16)]
Secret32 = Annotated[SecretStr, AfterValidator(_strong(32)), _length(32)]


def _comma_list(value: Any) -> Any:
    return tuple(item for item in map(str.strip, value.split(",")) if item) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_comma_list), _told("names, separated by commas")]


def _ca_files(values: tuple[Path, ...]) -> tuple[Path, ...]:
    for value in values:
        try:
            ssl.create_default_context(cafile=value)
        except ssl.SSLError:
            raise ValueError("is not a file of PEM certificates") from None
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror or 'unknown reason'}") from None
    return values


CaFiles = Annotated[
    tuple[Path, ...],
    BeforeValidator(_comma_list),
    AfterValidator(_ca_files),
    _told("files of PEM certificates, separated by commas"),
]


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(value)) for value in values)
    except ValueError:
        raise ValueError("must be addresses and networks such as 10.128.0.0/14, separated by commas") from None


Networks = Annotated[
    tuple[str, ...],
    BeforeValidator(_comma_list),
    AfterValidator(_networks),
    _told("addresses and networks such as `10.128.0.0/14`, separated by commas"),
]
