"""`/key/*`: making, changing, blocking, listing and deleting virtual keys."""

import hashlib
import math
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.sandbox.litellm import durations, refusals
from gateway.sandbox.litellm.access import Proxy, proxy_of, require_master
from gateway.sandbox.litellm.refusals import Refusal
from gateway.sandbox.litellm.store import BY_MODEL, Key, token_of, utc_now

M = TypeVar("M", bound=BaseModel)

_MASTER_USER = "default_user_id"
_PAGE = 100
_SORTABLE = ("spend", "max_budget", "created_at", "updated_at", "token", "key_alias")


class _Body(BaseModel):
    """LiteLLM ignores fields that it does not know."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())


class _Settings(_Body):
    key_alias: str | None = None
    models: list[Any] | None = Field(default_factory=list)
    user_id: str | None = None
    team_id: str | None = None
    metadata: dict[str, Any] | None = Field(default_factory=dict)
    max_budget: float | None = None
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    model_rpm_limit: dict[str, Any] | None = None
    model_tpm_limit: dict[str, Any] | None = None
    max_parallel_requests: int | None = None
    duration: str | None = None
    blocked: bool | None = None
    spend: float | None = None


class _Generate(_Settings):
    key: str | None = None
    key_type: Literal["llm_api", "management", "read_only", "default"] = "default"


class _Update(_Settings):
    key: str | None = None

    @model_validator(mode="after")
    def _names_a_key(self) -> "_Update":
        if self.key is None and self.key_alias is None:
            raise ValueError("either key or key_alias must be provided")
        return self


class _One(_Body):
    key: str


class _Many(_Body):
    keys: list[str] | None = None
    key_aliases: list[str] | None = None

    @model_validator(mode="after")
    def _names_something(self) -> "_Many":
        if not self.keys and not self.key_aliases:
            raise ValueError("At least one of 'keys' or 'key_aliases' must be provided.")
        return self


async def read(request: Request, kind: type[M]) -> M:
    """The body of a management call. Raises Refusal in the shape of FastAPI's validation errors."""
    try:
        return kind.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        problems = [
            {"type": item["type"], "loc": ["body", *item["loc"]], "msg": item["msg"]} for item in error.errors()
        ]
        if any(problem["type"] == "json_invalid" for problem in problems):
            problems = [{"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error"}]
        raise _unprocessable(problems) from None


def number(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most` in the query. Raises Refusal."""
    text = request.query_params.get(name)
    if text is None:
        return default
    where = ["query", name]
    if not text.lstrip("-").isdigit():
        raise _unprocessable([{"type": "int_parsing", "loc": where, "msg": "Input should be a valid integer"}])
    value = int(text)
    if value < 1:
        message = "Input should be greater than or equal to 1"
        raise _unprocessable([{"type": "greater_than_equal", "loc": where, "msg": message}])
    if value > most:
        message = f"Input should be less than or equal to {most}"
        raise _unprocessable([{"type": "less_than_equal", "loc": where, "msg": message}])
    return value


async def generate(request: Request) -> Response:
    require_master(request)
    proxy = proxy_of(request)
    body = await read(request, _Generate)
    secret = body.key or f"sk-{secrets.token_urlsafe(16)}"
    if len(secret) < 16:
        raise Refusal.repr(400, "Invalid key format. LiteLLM Virtual Key must be at least 16 characters long.")
    if not secret.startswith("sk-"):
        raise Refusal.repr(
            400,
            f"Invalid key format. LiteLLM Virtual Key must start with 'sk-'. Received: {secret[:4]}****{secret[-4:]}",
        )
    _check_alias(proxy, body.key_alias, None)
    token = token_of(secret)
    existing = proxy.store.key(token)
    key = Key(token=token, key_name=f"sk-...{secret[-4:]}", key_type=body.key_type)
    _apply(key, body, body.model_fields_set - {"key", "key_type"}, utc_now())
    if existing is None:
        await proxy.store.save_key(key)
    else:
        key.created_at = existing.created_at  # it answers as if it had done it, and changes nothing
    return JSONResponse({**describe(key), "key": secret, "token": token, "token_id": token, "duration": None})


async def info(request: Request) -> Response:
    require_master(request)
    asked = request.query_params.get("key", "")
    store = proxy_of(request).store
    if key := store.key(asked):
        status = "expired" if key.expires and key.expires <= utc_now() else "active"
        return JSONResponse({"key": asked, "info": describe(key) | {"status": status}})
    if key := store.deleted_key(asked):
        over = {"deleted_at": _iso(key.deleted_at), "deleted_by": _MASTER_USER, "status": "deleted"}
        return JSONResponse({"key": asked, "info": describe(key) | over})
    raise Refusal(404, "Key not found in database", "not_found_error", param="key")


async def update(request: Request) -> Response:
    require_master(request)
    proxy = proxy_of(request)
    body = await read(request, _Update)
    key = proxy.store.key(body.key) if body.key else proxy.store.key_by_alias(body.key_alias or "")
    if key is None:
        raise refusals.key_not_found()
    given = body.model_fields_set - {"key"}
    if "models" in given and body.models is None:
        raise Refusal(
            400,
            "Authentication Error, Unable to match input value to any allowed input type for the field. "
            "Parse errors: [`data.models`: A value is required but not set]",
            "auth_error",
            param="None",
        )
    if "key_alias" in given:
        _check_alias(proxy, body.key_alias, key)
    now = utc_now()
    _apply(key, body, given, now)
    key.updated_at = key.settings_updated_at = now
    await proxy.store.save_key(key)
    return JSONResponse({"key": body.key or key.token, "token": key.token, **describe(key)})


async def block(request: Request) -> Response:
    return await _set_blocked(request, blocked=True)


async def unblock(request: Request) -> Response:
    return await _set_blocked(request, blocked=False)


async def delete(request: Request) -> Response:
    require_master(request)
    store = proxy_of(request).store
    body = await read(request, _Many)
    found = [store.key(name) for name in body.keys or ()] + [store.key_by_alias(a) for a in body.key_aliases or ()]
    keys = [key for key in found if key is not None]
    if not keys:
        raise Refusal.repr(404, "No keys found")
    await store.delete_keys(list({key.token: key for key in keys}.values()))
    return JSONResponse({"deleted_keys": body.keys or body.key_aliases})


async def list_keys(request: Request) -> Response:
    require_master(request)
    query = request.query_params
    page, size = number(request, "page", 1, 10**9), number(request, "size", 10, _PAGE)
    status, sort_by = query.get("status"), query.get("sort_by")
    if status not in (None, "active", "expired", "revoked", "deleted"):
        raise Refusal.repr(
            400, "Invalid status value. Supported: 'active', 'expired', 'revoked', 'deleted'.", param="None"
        )
    if sort_by is not None and sort_by not in _SORTABLE:
        raise Refusal.repr(400, f"Invalid sort column. Must be one of: {', '.join(_SORTABLE)}", param="None")
    keys = [key for key in proxy_of(request).store.all_keys(deleted=status == "deleted") if _matches(key, request)]
    if sort_by:
        down = query.get("sort_order", "desc") == "desc"
        keys.sort(key=lambda key: (getattr(key, sort_by) is not None, getattr(key, sort_by) or 0), reverse=down)
    shown = keys[(page - 1) * size : page * size]
    full = query.get("return_full_object", "").lower() == "true"
    return JSONResponse(
        {
            "keys": [describe(key) | {"token": key.token} for key in shown] if full else [key.token for key in shown],
            "total_count": len(keys),
            "current_page": page,
            "total_pages": math.ceil(len(keys) / size),
        }
    )


def describe(key: Key) -> dict[str, Any]:
    """A key as `/key/info` shows it: by far not all of LiteLLM's fields, but those that mean something."""
    return {
        "key_name": key.key_name,
        "key_alias": key.key_alias,
        "soft_budget_cooldown": False,
        "spend": key.spend,
        "total_spend": key.total_spend,
        "expires": _iso(key.expires),
        "models": key.models,
        "aliases": {},
        "config": {},
        "user_id": key.user_id,
        "team_id": key.team_id,
        "permissions": {},
        "max_parallel_requests": key.max_parallel_requests,
        "metadata": key.metadata,
        "blocked": key.blocked,
        "tpm_limit": key.tpm_limit,
        "rpm_limit": key.rpm_limit,
        "max_budget": key.max_budget,
        "budget_duration": key.budget_duration,
        "budget_reset_at": _iso(key.budget_reset_at),
        "allowed_routes": ["llm_api_routes"] if key.llm_api else [],
        "key_type": key.key_type,
        "model_spend": {},
        "model_max_budget": {},
        "organization_id": None,
        "created_at": _iso(key.created_at),
        "created_by": _MASTER_USER,
        "updated_at": _iso(key.updated_at),
        "updated_by": _MASTER_USER,
        "settings_updated_at": _iso(key.settings_updated_at),
        "last_active": _iso(key.last_active),
        "rotation_count": 0,
        "auto_rotate": False,
    }


def _apply(key: Key, body: _Settings, given: set[str], now: datetime) -> None:
    """Set what was given; null clears. Raises Refusal before anything is set."""
    budget, window, life = body.max_budget, body.budget_duration, body.duration
    if budget is not None and not (math.isfinite(budget) and budget >= 0):
        raise Refusal.repr(400, f"max_budget must be a non-negative finite number. Received: {budget}")
    if window is not None and not durations.is_window(window):
        raise Refusal.repr(400, f"Invalid budget_duration '{window}'. Use a format like '1h', '24h', '7d', or '30d'.")
    lasts: timedelta | None = None
    if life is not None and life != "-1" and (lasts := durations.length(life)) is None:
        raise Refusal(500, f"Unsupported duration unit, passed duration: {life}")
    for name in given - {"duration", "models", "metadata", "spend", *BY_MODEL}:
        setattr(key, name, getattr(body, name))
    if "models" in given:
        key.models = [str(model) for model in body.models or ()]
    if "metadata" in given:
        key.metadata = body.metadata or {}
    # Limits of single models live in the metadata; null changes nothing.
    by_model = {name: getattr(body, name) for name in BY_MODEL if getattr(body, name) is not None}
    key.metadata = key.metadata | by_model
    if "spend" in given:
        key.spend = body.spend or 0.0
    if "duration" in given:
        key.expires = now + lasts if lasts is not None else None
    if "budget_duration" in given:
        key.start_window(now)


def _check_alias(proxy: Proxy, alias: str | None, own: Key | None) -> None:
    if alias and (other := proxy.store.key_by_alias(alias)) and other is not own:
        raise Refusal(
            400,
            f"Key with alias '{alias}' already exists. Unique key aliases across all keys are required.",
            "bad_request_error",
            param="key_alias",
        )


def _matches(key: Key, request: Request) -> bool:
    query = request.query_params
    now = utc_now()
    is_expired = key.expires is not None and key.expires <= now
    wanted = {"expired": is_expired, "active": not is_expired and not key.blocked, "revoked": bool(key.blocked)}
    if not wanted.get(query.get("status", ""), True):
        return False
    for name, value in (("user_id", key.user_id), ("team_id", key.team_id), ("key_hash", key.token)):
        if query.get(name) and query[name] != value:
            return False
    alias, own = query.get("key_alias"), key.key_alias or ""
    if alias:
        partly = query.get("substring_matching", "").lower() == "true"
        return alias in own if partly else alias == own
    return True


async def _set_blocked(request: Request, *, blocked: bool) -> Response:
    require_master(request)
    store = proxy_of(request).store
    body = await read(request, _One)
    if not body.key.startswith("sk-") and not _looks_like_a_hash(body.key):
        raise Refusal(400, "Invalid key format.", "bad_request_error", param="key")
    key = store.key(body.key)
    if key is None:
        raise refusals.key_not_found()
    key.blocked = blocked
    key.updated_at = key.settings_updated_at = utc_now()
    await store.save_key(key)
    return JSONResponse({"token": key.token, **describe(key)})


def _looks_like_a_hash(text: str) -> bool:
    return len(text) == hashlib.sha256().digest_size * 2


def _unprocessable(problems: list[dict[str, Any]]) -> Refusal:
    return Refusal.detail(422, problems)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
