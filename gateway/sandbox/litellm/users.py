"""`/user/*`: LiteLLM's own idea of the people behind the keys."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.sandbox.litellm.access import proxy_of, require_master
from gateway.sandbox.litellm.keys import describe, read
from gateway.sandbox.litellm.refusals import Refusal
from gateway.sandbox.litellm.store import User, utc_now


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _User(_Body):
    user_id: str | None = None
    user_alias: str | None = None
    user_email: str | None = None
    user_role: str | None = None
    max_budget: float | None = None
    spend: float | None = None
    metadata: dict[str, Any] | None = None
    auto_create_key: bool = True


class _Delete(_Body):
    user_ids: list[str]


_SETTABLE = ("user_alias", "user_email", "user_role", "max_budget")


async def new(request: Request) -> Response:
    require_master(request)
    store = proxy_of(request).store
    body = await read(request, _User)
    if body.auto_create_key:
        raise Refusal.detail(400, {"error": "The sandbox makes users only with auto_create_key: false."})
    user_id = body.user_id or f"user-{len(store.users) + 1}"
    if user_id in store.users:
        raise Refusal.repr(409, f"User with id {user_id} already exists")
    emails = {user.user_email for user in store.users.values() if user.user_email}
    if body.user_email and body.user_email in emails:
        raise Refusal.repr(409, f"User with email {body.user_email} already exists")
    user = User(user_id=user_id)
    _apply(user, body)
    await store.save_user(user)
    return JSONResponse({**_describe(user), "key": "", "models": [], "user_role": body.user_role, "token": None})


async def info(request: Request) -> Response:
    require_master(request)
    store = proxy_of(request).store
    user_id = request.query_params.get("user_id", "default_user_id")
    user = store.users.get(user_id)
    if user is None:
        raise Refusal(404, f"User {user_id} not found")
    keys = [describe(key) | {"token": key.token} for key in store.all_keys() if key.user_id == user_id]
    return JSONResponse({"user_id": user_id, "user_info": _describe(user), "keys": keys, "teams": []})


async def update(request: Request) -> Response:
    """As in LiteLLM, an unknown user is made."""
    require_master(request)
    store = proxy_of(request).store
    body = await read(request, _User)
    user_id = body.user_id or "default_user_id"
    user = store.users.get(user_id) or User(user_id=user_id)
    _apply(user, body)
    user.updated_at = utc_now()
    await store.save_user(user)
    return JSONResponse({"user_id": user_id, "data": _describe(user)})


async def delete(request: Request) -> Response:
    """With all their keys; the answer is how many there were."""
    require_master(request)
    store = proxy_of(request).store
    body = await read(request, _Delete)
    for user_id in body.user_ids:
        if user_id not in store.users:
            raise Refusal.detail(404, {"error": f"User not found, passed user_id={user_id}"})
    for user_id in body.user_ids:
        await store.delete_user(store.users[user_id])
    return JSONResponse(len(body.user_ids))


def _apply(user: User, body: _User) -> None:
    for name in body.model_fields_set.intersection(_SETTABLE):
        setattr(user, name, getattr(body, name))
    if body.metadata is not None:
        user.metadata = body.metadata
    if body.spend is not None:
        user.spend = body.spend


def _describe(user: User) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "user_alias": user.user_alias,
        "team_id": None,
        "teams": [],
        "user_role": user.user_role,
        "max_budget": user.max_budget,
        "spend": user.spend,
        "user_email": user.user_email,
        "models": [],
        "metadata": user.metadata,
        "tpm_limit": None,
        "rpm_limit": None,
        "created_at": user.created_at.isoformat(),
        "updated_at": user.updated_at.isoformat(),
    }
