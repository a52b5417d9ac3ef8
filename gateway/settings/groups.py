"""Each variable, by topic. A topic's title and docstring and a variable's description stand in docs/configuration.md as they are here."""

from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from sqlalchemy.engine import make_url

from gateway.settings.kinds import (
    CaFiles,
    HttpUrl,
    Names,
    Networks,
    Origin,
    OtlpHeaders,
    OtlpProtocol,
    OtlpUrl,
    PostgresUrl,
    Secret8,
    Secret16,
    Secret32,
)


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)


class DatabaseSettings(Group):
    """What is kept for so many days only is removed every hour."""

    model_config = ConfigDict(title="The database, and how long it keeps what")

    url: PostgresUrl = Field(
        validation_alias="DATABASE_URL",
        repr=False,
        description="PostgreSQL 15 or newer, such as `postgresql://user:password@host:5432/litemaas`. Run `litemaas migrate` before "
        "the first start and after each upgrade.",
    )
    usage_keep_days: int | None = Field(
        default=None,
        validation_alias="USAGE_KEEP_DAYS",
        ge=7,
        le=36_500,
        description="For how many days single calls are kept; for good if it is not set. Sums are kept in any case.",
    )
    notifications_keep_days: int | None = Field(
        default=None,
        validation_alias="NOTIFICATIONS_KEEP_DAYS",
        ge=31,
        le=36_500,
        description="For how many days notifications are kept after they were read, and unread ones for a year; for good if it is not "
        "set.",
    )
    ended_keep_days: int | None = Field(
        default=None,
        validation_alias="ENDED_KEEP_DAYS",
        ge=7,
        le=36_500,
        description="How many days after their end access tokens are deleted, and keys and subscriptions lose names, justifications "
        "and reasons; never if it is not set.",
    )
    audit_keep_days: int | None = Field(
        default=None,
        validation_alias="AUDIT_KEEP_DAYS",
        ge=90,
        le=36_500,
        description="For how many days the audit record is kept; for good if it is not set. What is left still verifies.",
    )

    @property
    def password(self) -> str | None:
        return make_url(self.url).password


class LiteLLMSettings(Group):
    """The proxy: where the gateway reaches it, and where people's own programs do."""

    model_config = ConfigDict(title="LiteLLM")

    base_url: HttpUrl = Field(validation_alias="LITELLM_BASE_URL", description="Where the gateway reaches LiteLLM.")
    master_key: Secret8 = Field(validation_alias="LITELLM_MASTER_KEY", description="LiteLLM's master key.")
    public_url: HttpUrl = Field(
        validation_alias="LITELLM_PUBLIC_URL", description="Where people's own programs reach LiteLLM."
    )
    webhook_secret: Secret16 = Field(
        validation_alias="LITELLM_WEBHOOK_SECRET", description="What LiteLLM's callback shows."
    )
    settle_seconds: int = Field(
        default=60,
        validation_alias="LITELLM_SETTLE_SECONDS",
        ge=1,
        le=3_600,
        description="How many seconds after a call's end LiteLLM has surely written it into its spend log: more than its "
        "`proxy_batch_write_at` and 5.",
    )
    history_days: int = Field(
        default=400,
        validation_alias="LITELLM_HISTORY_DAYS",
        ge=0,
        le=3_650,
        description="How many days of LiteLLM's spend log are read at the first start.",
    )


class AuthSettings(Group):
    """Who signs people in, and who is what: their groups are looked at at each sign-in, and on OpenShift every minute if the client may."""

    model_config = ConfigDict(title="Signing in")

    provider: Literal["openshift", "oidc", "sandbox"] = Field(
        validation_alias="AUTH_PROVIDER",
        description="Who signs people in: the cluster's OAuth server, or an OpenID Connect issuer.",
        json_schema_extra={"enum": ["openshift", "oidc"]},
    )
    openshift_api_url: HttpUrl | None = Field(
        default=None,
        validation_alias="OPENSHIFT_API_URL",
        validate_default=True,
        description="The cluster's API server; `openshift` needs it.",
    )
    openshift_ca_files: CaFiles = Field(
        default=(),
        validation_alias="OPENSHIFT_CA_FILE",
        description="The CA certificates of the API server and of the ingress, where the OAuth server is.",
    )
    oidc_issuer: HttpUrl | None = Field(
        default=None,
        validation_alias="OIDC_ISSUER",
        validate_default=True,
        description="The issuer's address; `oidc` needs it.",
    )
    client_id: str | None = Field(
        default=None,
        validation_alias="OAUTH_CLIENT_ID",
        validate_default=True,
        description="LiteMaaS's own identity at the provider, which must be set; the redirect address is `PUBLIC_URL` + `/auth/callback`. "
        "On OpenShift a service account (`system:serviceaccount:<namespace>:<name>`) or an OAuthClient.",
    )
    client_secret: Secret8 | None = Field(
        default=None,
        validation_alias="OAUTH_CLIENT_SECRET",
        validate_default=True,
        description="The secret of that identity, which must be set; a service account's is a token.",
    )
    admin_groups: Names = Field(
        default=(), validation_alias="ADMIN_GROUPS", description="Groups whose members are admins."
    )
    auditor_groups: Names = Field(
        default=(), validation_alias="AUDITOR_GROUPS", description="Groups whose members are auditors."
    )
    initial_admins: Names = Field(
        default=(), validation_alias="INITIAL_ADMINS", description="Usernames of people who are admins without a group."
    )
    idle_minutes: int = Field(
        default=480,
        validation_alias="SESSION_IDLE_MINUTES",
        ge=1,
        le=10_080,
        description="How many minutes a session lives without a request.",
    )
    max_hours: int = Field(
        default=24,
        validation_alias="SESSION_MAX_HOURS",
        ge=1,
        le=168,
        description="How many hours a session lives at most.",
    )
    roles_confirmed_hours: int = Field(
        default=168,
        validation_alias="ROLES_CONFIRMED_HOURS",
        ge=1,
        le=8_760,
        description="For how many hours a role that groups gave counts after they were last asked for. Then its holder is a plain user "
        "until the next sign-in, with access tokens as well.",
    )

    @property
    def session_idle(self) -> timedelta:
        """How long a session lives without a request."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def session_lasts(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(hours=self.max_hours)

    @property
    def role_lasts(self) -> timedelta:
        """How long a role that groups gave counts after they were last asked for."""
        return timedelta(hours=self.roles_confirmed_hours)

    @property
    def role_notice(self) -> timedelta:
        """How long before its end a role's holder is told: a quarter of its time, and three days at most."""
        return min(self.role_lasts / 4, timedelta(days=3))

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


class WebSettings(Group):
    """Where LiteMaaS listens, and what browsers see of it."""

    model_config = ConfigDict(title="Serving")

    public_url: Origin = Field(
        validation_alias="PUBLIC_URL",
        description="The address that browsers see, such as `https://litemaas.example.com`.",
    )
    host: str = Field(default="127.0.0.1", validation_alias="HOST", description="The address to listen on.")
    port: int = Field(default=8080, validation_alias="PORT", ge=1, le=65_535, description="The port to listen on.")
    metrics_port: int | None = Field(
        default=None,
        validation_alias="METRICS_PORT",
        ge=1,
        le=65_535,
        description="A port of its own for `/metrics`, which then is told there and nowhere else; on `PORT` if it is not set.",
    )
    session_secret: Secret32 = Field(
        validation_alias="SESSION_SECRET",
        description="What signs a sign-in that is under way; the same on all replicas.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        validation_alias="TRUSTED_PROXIES",
        description="The routers in front, whose `X-Forwarded-For`, `X-Forwarded-Proto` and `traceparent` are believed; nobody else's are.",
    )

    @field_validator("metrics_port")
    @classmethod
    def _another_port(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and value == info.data.get("port"):
            raise ValueError("must be another port than PORT")
        return value

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


class ApiSettings(Group):
    """What a caller may ask of the GraphQL API: a person over all sessions, an access token, a key, or an address without any."""

    model_config = ConfigDict(title="Limits of the API")

    cost_ceiling: int = Field(
        default=1_000,
        validation_alias="QUERY_COST_CEILING",
        ge=1,
        le=1_000_000,
        description="Points that one operation may cost.",
    )
    points: int = Field(
        default=5_000,
        validation_alias="RATE_LIMIT_POINTS",
        ge=1,
        le=1_000_000_000,
        validate_default=True,
        description="Points that a caller has; at least `QUERY_COST_CEILING`.",
    )
    points_per_second: int = Field(
        default=100,
        validation_alias="RATE_LIMIT_POINTS_PER_SECOND",
        ge=1,
        le=1_000_000_000,
        description="Points that come back in a second.",
    )
    writes: int = Field(
        default=120,
        validation_alias="RATE_LIMIT_WRITES",
        ge=1,
        le=1_000_000_000,
        description="Changes that a caller has; they count by themselves.",
    )
    writes_per_minute: int = Field(
        default=120,
        validation_alias="RATE_LIMIT_WRITES_PER_MINUTE",
        ge=1,
        le=1_000_000_000,
        description="Changes that come back in a minute.",
    )
    concurrency: int = Field(
        default=30,
        validation_alias="RATE_LIMIT_CONCURRENCY",
        ge=1,
        le=100_000,
        description="Operations of a caller at a time, in each replica.",
    )
    trusted_documents_only: Literal["nobody", "browsers", "everybody"] = Field(
        default="nobody",
        validation_alias="TRUSTED_DOCUMENTS_ONLY",
        description="Who may send the documents of our own pages only; `browsers` is whoever shows no access token and no key.",
    )

    @field_validator("points")
    @classmethod
    def _enough_for_one(cls, value: int, info: ValidationInfo) -> int:
        ceiling = info.data.get("cost_ceiling", 0)
        if value < ceiling:
            raise ValueError(f"must be at least QUERY_COST_CEILING ({ceiling})")
        return value


class TracingSettings(Group):
    """OpenTelemetry's own variables. Traces are told to nobody unless one of the two addresses is set; variables that are not named here,
    such as `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_TIMEOUT`, hold as OpenTelemetry says.
    """

    model_config = ConfigDict(title="Traces")

    base: OtlpUrl | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="A collector that takes OTLP over HTTP, such as `http://otel-collector:4318`. Needs `litemaas[otel]`, which the image "
        "has.",
    )
    traces: OtlpUrl | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        description="The same as a whole address, with `/v1/traces` or what it may be at that collector.",
    )
    protocol: OtlpProtocol = Field(
        default="http/protobuf", validation_alias="OTEL_EXPORTER_OTLP_PROTOCOL", description="How traces are sent."
    )
    headers: OtlpHeaders | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_HEADERS",
        description="What the collector wants to see; kept secret.",
    )

    @property
    def endpoint(self) -> str | None:
        """The address that spans are posted to; None: nothing is traced."""
        return self.traces or (f"{self.base}/v1/traces" if self.base else None)
