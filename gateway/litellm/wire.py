"""What goes to LiteLLM and what comes back, as far as LiteMaaS uses it. Unknown fields are ignored."""

import hashlib
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

# LiteLLM computes with binary floats: 4.9999999999999996e-05 means 0.00005. A float is good for 15 digits.
_FLOAT = Context(prec=15)


def exact_money(amount: Decimal | float) -> Decimal:
    """An amount of US dollars from LiteLLM, without the noise of binary floats."""
    value = _FLOAT.normalize(amount if isinstance(amount, Decimal) else Decimal(str(amount)))
    # 120, not 1.2E+2. Nearly all amounts are small, and each call's passes here.
    return value.quantize(Decimal(1)) if abs(value) >= 10 and value == value.to_integral_value() else value


def hash_secret(secret: str) -> str:
    """LiteLLM's name ("token") for a key: the SHA-256 of the secret, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


class GenerateKey(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A key to make. The secret is the caller's choice: "sk-" and at least 13 more characters.

    `key_alias` is unique over all keys of the proxy. `models` empty means none (LiteLLM itself would say all).
    `max_budget` is in US dollars, `budget_duration` like "30d", `duration` the life time from now. None: no limit. `spend` is what
    counts as spent already. `model_rpm_limit` and `model_tpm_limit` limit single models of the key, by name.
    """

    key: str
    key_alias: str
    user_id: str
    models: list[str]
    metadata: dict[str, Any] = {}
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    model_rpm_limit: dict[str, int] = {}
    model_tpm_limit: dict[str, int] = {}
    max_parallel_requests: int | None = None
    duration: timedelta | None = None
    spend: Decimal | None = None

    def __repr__(self) -> str:
        return f"GenerateKey(key_alias={self.key_alias!r}, user_id={self.user_id!r}, models={self.models!r})"


class KeyChanges(msgspec.Struct, kw_only=True, frozen=True):
    """Changes to a key: what is UNSET stays, None clears. `duration` counts from now.

    `metadata` replaces the old, limits of single models included, since LiteLLM keeps them there; these are cleared by {}.
    """

    models: list[str] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    max_budget: Decimal | UnsetType | None = UNSET
    budget_duration: str | UnsetType | None = UNSET
    rpm_limit: int | UnsetType | None = UNSET
    tpm_limit: int | UnsetType | None = UNSET
    model_rpm_limit: dict[str, int] | UnsetType = UNSET
    model_tpm_limit: dict[str, int] | UnsetType = UNSET
    max_parallel_requests: int | UnsetType | None = UNSET
    blocked: bool | UnsetType = UNSET
    duration: timedelta | UnsetType | None = UNSET


class GeneratedKey(msgspec.Struct, frozen=True):
    """What LiteLLM says about a key that it made. (The secret, which it repeats, is left out.)"""

    token: str
    expires: datetime | None = None


class KeyInfo(msgspec.Struct, kw_only=True, frozen=True):
    """A key as LiteLLM has it. `spend` is of the current budget window, in US dollars, and some seconds late.

    Limits of single models are in `metadata`, as `model_rpm_limit` and `model_tpm_limit`.
    """

    token: str
    key_alias: str | None = None
    user_id: str | None = None
    models: list[str] = []
    metadata: dict[str, Any] = {}
    spend: Decimal = Decimal(0)
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    max_parallel_requests: int | None = None
    blocked: bool | None = None
    expires: datetime | None = None
    created_at: datetime | None = None
    last_active: datetime | None = None
    deleted_at: datetime | None = None
    status: str | None = None

    @property
    def deleted(self) -> bool:
        """Since 1.106 LiteLLM still describes keys that were deleted."""
        return self.deleted_at is not None or self.status == "deleted"


class KeyPage(msgspec.Struct, kw_only=True, frozen=True):
    """One page of keys. `total_pages` is None when LiteLLM does not tell."""

    keys: list[KeyInfo]
    total_pages: int | None = None


class SpendError(msgspec.Struct, frozen=True):
    error_code: str | None = None
    error_class: str | None = None


class SpendMetadata(msgspec.Struct, frozen=True):
    litellm_call_id: str | None = None
    status: str | None = None
    error_information: SpendError | None = None
    usage_object: dict[str, Any] | None = None
    model_map_information: dict[str, Any] | None = None


class SpendRow(msgspec.Struct, kw_only=True, frozen=True):
    """One call in LiteLLM's spend log. `api_key` is the key's hash, `model_group` what the caller wrote as model.

    Times are in whole milliseconds. `completionStartTime` is when the first piece of a stream came; without a stream it is
    the end, give or take a millisecond. A row does not say whether the call was a stream.
    """

    request_id: str
    call_type: str
    api_key: str
    spend: Decimal
    startTime: datetime
    endTime: datetime | None = None
    completionStartTime: datetime | None = None
    total_tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str | None = None
    model_group: str | None = None
    model_id: str | None = None
    custom_llm_provider: str | None = None
    cache_hit: str | None = None
    user: str | None = None
    team_id: str | None = None
    status: str | None = None
    litellm_call_id: str | None = None
    metadata: SpendMetadata | None = None

    @property
    def call_id(self) -> str:
        """What the callback calls `litellm_call_id`."""
        return self.litellm_call_id or (self.metadata and self.metadata.litellm_call_id) or self.request_id

    @property
    def cached_tokens(self) -> int:
        """Tokens of the prompt that the provider had in its cache."""
        usage = (self.metadata and self.metadata.usage_object) or {}
        return (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0

    @property
    def success(self) -> bool:
        return "failure" not in (self.status, self.metadata and self.metadata.status)

    @property
    def error_code(self) -> str | None:
        """The status that LiteLLM answered, or the name of its error where there was none."""
        information = self.metadata.error_information if self.metadata else None
        return (information.error_code or information.error_class or None) if information else None


class SpendPage(msgspec.Struct, kw_only=True, frozen=True):
    """One page of the spend log, newest first. `total_is_capped`: there are more rows than LiteLLM counts."""

    data: list[SpendRow]
    total: int
    page: int
    page_size: int
    total_pages: int
    total_is_capped: bool = False
