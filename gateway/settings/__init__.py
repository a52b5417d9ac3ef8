"""Everything that an installation configures, from environment variables and nowhere else.

`load_settings()` is what `litemaas serve` starts from: it refuses to go on with anything missing, malformed or weak,
and says so for all variables at once. `Settings.for_sandbox()` is the other way in, for code: the sandbox's sign-in has
no password, so no environment variable can turn it on. Secrets are `SecretStr` or left out of `repr`; no message here
ever contains a value.

Each variable is declared once, in `groups`: its name, its kind (one of `kinds`), default, bounds and what it is.
docs/configuration.md is printed from that (`reference`).
"""

from gateway.settings.groups import (
    ApiSettings,
    AuthSettings,
    DatabaseSettings,
    LiteLLMSettings,
    TracingSettings,
    WebSettings,
)
from gateway.settings.loading import (
    SettingsError,
    load_api_settings,
    load_database_settings,
    load_settings,
    load_tracing_settings,
)
from gateway.settings.reference import reference
from gateway.settings.settings import SandboxPerson, Settings

__all__ = [
    "ApiSettings",
    "AuthSettings",
    "DatabaseSettings",
    "LiteLLMSettings",
    "SandboxPerson",
    "Settings",
    "SettingsError",
    "TracingSettings",
    "WebSettings",
    "load_api_settings",
    "load_database_settings",
    "load_settings",
    "load_tracing_settings",
    "reference",
]
