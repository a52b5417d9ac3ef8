"""LiteLLM's ways of saying no, word for word. Its four shapes of errors are intended: clients have to read them all."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """An error answer. `error_class` and `category` are what spend log and callback say about it."""

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "internal_server_error",
        *,
        param: str | None = None,
        error_class: str = "ProxyException",
        category: str = "400_INVALID_REQUEST",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.error_class = error_class
        self.category = category
        self.headers = dict(headers or {})
        self.facts = dict(facts or {})
        self.body: Any = {
            "error": {"message": message, "type": kind, "param": param, "code": str(status), **(more or {})}
        }

    @classmethod
    def detail(cls, status: int, detail: Any) -> "Refusal":
        """The shape that FastAPI itself answers."""
        refusal = cls(status, str(detail), error_class="HTTPException", category="403_PERMISSION_DENIED")
        refusal.body = {"detail": detail}
        return refusal

    @classmethod
    def repr(
        cls, status: int, message: str, kind: str = "internal_server_error", param: str | None = None
    ) -> "Refusal":
        """The shape where a Python dict got printed into the message."""
        return cls(status, str({"error": message}), kind, param=param)


async def to_response(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return JSONResponse(error.body, status_code=error.status, headers=error.headers)


def no_key() -> Refusal:
    return Refusal(
        401,
        "Authentication Error, No api key passed in.",
        "auth_error",
        param="None",
        error_class="Exception",
        category="UNCLASSIFIED",
    )


def not_a_key(given: str) -> Refusal:
    shown = f"{given[:4]}****{given[-4:]}" if len(given) > 8 else "****"
    return Refusal(
        401,
        f"LiteLLM Virtual Key expected. Received={shown}, expected to start with 'sk-'.",
        "auth_error",
        param="None",
        error_class="HTTPException",
        category="401_AUTHENTICATION_FAILED",
    )


def unknown_key() -> Refusal:
    return Refusal(
        401,
        "Authentication Error, Invalid API key provided.",
        "token_not_found_in_db",
        param="key",
        error_class="KeyNotFoundError",
        category="401_AUTHENTICATION_FAILED",
    )


def blocked() -> Refusal:
    return Refusal(
        401,
        "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.",
        "auth_error",
        param="None",
        error_class="Exception",
        category="UNCLASSIFIED",
    )


def expired(key_name: str, since: datetime) -> Refusal:
    return Refusal(
        401,
        f"Authentication Error - Expired Key. Key Expiry time {since.isoformat(' ')} and current time "
        f"{datetime.now(UTC).isoformat(' ')}",
        "expired_key",
        param=key_name,
        category="401_AUTHENTICATION_FAILED",
    )


def over_budget(token: str, key_name: str, spend: float, budget: float) -> Refusal:
    return Refusal(
        422,
        f"Budget has been exceeded! Key=key ({key_name}) Current cost: {spend}, Max budget: {budget}",
        "budget_exceeded",
        error_class="BudgetExceededError",
        category="429_BUDGET_EXCEEDED",
        facts={
            "error_rate_limit_category": "litellm_rate_limit",
            "error_rate_limit_type": "budget",
            "error_budget_entity_type": "key",
            "error_budget_entity_id": token,
            "error_budget_limit": budget,
            "error_budget_spend": spend,
        },
    )


def model_denied(model: object) -> Refusal:
    return Refusal(
        403,
        f"The requested model '{model}' is not available for this API key, or the model name is invalid. "
        "Check the models available to you and try again.",
        "key_model_access_denied",
        param="model",
        error_class="ModelAccessDeniedProxyException",
        category="403_MODEL_ACCESS_DENIED",
    )


def unknown_model(route: str, model: object) -> Refusal:
    message = (
        f"{route}: Invalid model name passed in model={model}. Call `/v1/models` to view available models for your key."
    )
    return Refusal(
        400,
        message,
        "invalid_request_error",
        error_class="ProxyModelNotFoundError",
        more={"provider_specific_fields": {"error": message}},
    )


def missing_parameter(route: str, name: str) -> Refusal:
    return Refusal(
        400,
        f"{route}: Missing required parameter: '{name}'.",
        "invalid_request_error",
        param=name,
        error_class="ProxyMissingRequiredParamError",
        category="400_MISSING_REQUIRED_PARAMETER",
    )


def bad_json(error: Exception) -> Refusal:
    return Refusal(400, f"Invalid JSON payload: {error}", "invalid_request_error", param="request_body")


def throttled(kind: str, name: str, what: str, limit: int, resets_at: float) -> Refusal:
    """`kind` of limit (`api_key`, `model_per_key`) and whose it is."""
    when = f"{datetime.fromtimestamp(resets_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Refusal(
        429,
        f"Rate limit exceeded for {kind}: {name}. Limit type: {what}. Current limit: {limit}, Remaining: 0. "
        f"Limit resets at: {when}",
        "throttling_error",
        error_class="ProxyRateLimitError",
        category="429_RATE_LIMIT_EXCEEDED",
        headers={"retry-after": "60", "rate_limit_type": what, "reset_at": when},
        facts={"error_rate_limit_category": "litellm_rate_limit", "error_rate_limit_type": what},
    )


def provider_failed(group: str, message: str, status: int = 500, error_class: str = "InternalServerError") -> Refusal:
    return Refusal(
        status,
        f"litellm.{error_class}: {message}\n\nLiteLLM: model group '{group}' failed with the error above. "
        "No fallback was attempted.",
        "internal_server_error" if status >= 500 else "invalid_request_error",
        error_class=error_class,
        category="500_PROVIDER_INTERNAL_ERROR" if status >= 500 else "400_INVALID_REQUEST",
    )


def key_not_found() -> Refusal:
    return Refusal(404, "Key not found.", "not_found_error", param="key")


def management_denied(route: str, *, llm_api: bool) -> Refusal:
    if llm_api:
        return Refusal.detail(
            403,
            "Virtual key is not allowed to call this route. Only allowed to call routes: ['llm_api_routes']. "
            f"Tried to call route: {route}",
        )
    return Refusal(
        401,
        "Authentication Error, Only proxy admin can be used to generate, delete, update info for new "
        f"keys/users/teams. Route={route}. Your role=unknown. Your user_id=*******",
        "auth_error",
        param="None",
    )
