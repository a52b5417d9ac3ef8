"""All groups together: what services are built from."""

from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.actor import Role
from gateway.scrubbing import hide
from gateway.settings.groups import (
    ApiSettings,
    AuthSettings,
    DatabaseSettings,
    Group,
    LiteLLMSettings,
    TracingSettings,
    WebSettings,
)
from gateway.settings.kinds import RedisUrl


class SandboxPerson(Group):
    """Somebody who signs in to the sandbox by name alone."""

    username: str
    display_name: str
    email: str | None = None
    role: Role = Role.USER


class Settings(BaseSettings):
    """What else may stand beside LiteMaaS."""

    model_config = SettingsConfigDict(
        title="Around it", frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    database: DatabaseSettings
    litellm: LiteLLMSettings
    auth: AuthSettings
    web: WebSettings
    api: ApiSettings = ApiSettings()
    tracing: TracingSettings = TracingSettings()
    redis_url: RedisUrl | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        repr=False,
        description="A Valkey or Redis, so that all replicas count one caller's points together.",
    )
    audit_stream: str | None = Field(
        default=None,
        validation_alias="AUDIT_STREAM",
        description="`stdout`, or a file to which each entry of the audit record is appended as a line of JSON.",
    )
    sandbox_people: tuple[SandboxPerson, ...] = Field(default=(), description="Empty but in the sandbox.")

    def model_post_init(self, _: Any, /) -> None:
        """From here on no line of the log, no error and no span shows what is secret in them, passwords in addresses included."""
        kept = (self.litellm.master_key, self.litellm.webhook_secret, self.auth.client_secret, self.web.session_secret)
        hide(*(secret.get_secret_value() for secret in kept if secret))
        hide(self.database.password, urlsplit(self.redis_url or "").password)
        if self.tracing.headers:
            pairs = self.tracing.headers.get_secret_value().split(",")
            hide(*(pair.partition("=")[2].strip() for pair in pairs))

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
        tracing: TracingSettings | None = None,
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
            tracing=tracing or TracingSettings(),
            sandbox_people=tuple(people),
        )
