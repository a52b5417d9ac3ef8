"""Who is calling, and whether they may."""

import hmac
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request

from gateway.sandbox.litellm import refusals
from gateway.sandbox.litellm.calls import Call
from gateway.sandbox.litellm.ledger import Ledger
from gateway.sandbox.litellm.limits import Limits
from gateway.sandbox.litellm.options import Options
from gateway.sandbox.litellm.refusals import Refusal
from gateway.sandbox.litellm.store import Key, Store


class Proxy:
    """All parts of the running proxy; `request.app.state.proxy`."""

    def __init__(self, options: Options, store: Store, ledger: Ledger) -> None:
        self.options = options
        self.store = store
        self.ledger = ledger
        self.limits = Limits()
        self.models = {model.name: model for model in options.models}


def proxy_of(request: Request) -> Proxy:
    proxy = request.app.state.proxy
    assert isinstance(proxy, Proxy)
    return proxy


def given_key(request: Request) -> str | None:
    """The key in one of the headers where LiteLLM looks for it; None when there is none."""
    authorization = request.headers.get("authorization", "")
    scheme, _, value = authorization.partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("x-litellm-api-key") or request.headers.get("x-api-key") or None


def authenticate(request: Request, call: Call) -> None:
    """Set `call.key`, or `call.master`. Raises Refusal for a key that is none, is unknown, blocked or expired."""
    proxy = proxy_of(request)
    call.given_key = given = given_key(request)
    if given is None:
        raise refusals.no_key()
    if hmac.compare_digest(given.encode(), proxy.options.master_key.encode()):
        call.master = True
        return
    if not given.startswith("sk-"):
        raise refusals.not_a_key(given)
    key = proxy.store.key(given)
    if key is None:
        raise refusals.unknown_key()
    call.key = key
    if key.blocked:
        raise refusals.blocked()
    if key.expires and key.expires <= datetime.now(UTC):
        raise refusals.expired(key.key_name, key.expires)


def require_master(request: Request) -> None:
    """For management routes. An attempt without a usable key is an event too, as in LiteLLM."""
    call = Call.begin(request, request.url.path)
    try:
        authenticate(request, call)
    except Refusal as refusal:
        call.refusal = refusal
        call.messages = [{"role": "user", "content": "default-message-value"}]
        proxy_of(request).ledger.record(call)
        raise
    if not call.master:
        raise refusals.management_denied(request.url.path, llm_api=bool(call.key and call.key.llm_api))


def check_budget(key: Key) -> None:
    if key.max_budget is not None and key.booked >= key.max_budget:
        raise refusals.over_budget(key.token, key.key_name, key.booked, key.max_budget)


async def read_json(request: Request) -> dict[str, object]:
    """The body of a call to a model. Raises Refusal."""
    try:
        body = msgspec.json.decode(await request.body() or b"{}")
    except msgspec.DecodeError as error:
        raise refusals.bad_json(error) from None
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid JSON payload: not an object", "invalid_request_error", param="request_body")
    return body
