"""What can be read: models, the spend log, and whether the proxy is well."""

import math
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.sandbox.litellm.access import authenticate, proxy_of, require_master
from gateway.sandbox.litellm.calls import Call
from gateway.sandbox.litellm.catalog import SandboxModel
from gateway.sandbox.litellm.keys import number
from gateway.sandbox.litellm.options import VERSION
from gateway.sandbox.litellm.refusals import Refusal


async def model_info(request: Request) -> Response:
    """All deployments that the caller may use."""
    return JSONResponse({"data": [model.to_deployment() for model in _allowed(request)]})


async def models(request: Request) -> Response:
    """The same as OpenAI lists models."""
    data: list[dict[str, Any]] = []
    for model in _allowed(request):
        entry = {"id": model.name, "object": "model", "created": 1677610602, "owned_by": "openai", "mode": model.mode}
        limits = {"max_input_tokens": model.context, "max_output_tokens": model.max_output}
        data.append(entry | {name: value for name, value in limits.items() if value is not None})
    return JSONResponse({"data": data, "object": "list"})


def _allowed(request: Request) -> list[SandboxModel]:
    proxy = proxy_of(request)
    call = Call.begin(request, request.url.path)
    try:
        authenticate(request, call)
    except Refusal as refusal:
        call.refusal = refusal
        call.messages = [{"role": "user", "content": "default-message-value"}]
        proxy.ledger.record(call)
        raise
    return [model for model in proxy.options.models if call.key is None or call.key.allows(model.name)]


async def spend_logs(request: Request) -> Response:
    """`/spend/logs/v2`: one page, newest first unless `sort_order` is asc. It counts no farther than to the options' cap."""
    require_master(request)
    query = request.query_params
    page, size = number(request, "page", 1, 10**9), number(request, "page_size", 50, 1000)
    if not query.get("start_date") or not query.get("end_date"):
        raise Refusal(400, "Start date and end date are required", "bad_request", param="None")
    start, end = _moment(query["start_date"]), _moment(query["end_date"])
    order = query.get("sort_order", "desc").lower()
    if order not in ("asc", "desc"):
        raise Refusal(400, f"Invalid sort_order: {order}. Must be one of: asc, desc", "bad_request", param="sort_order")
    named = {"token": query.get("api_key"), "user_id": query.get("user_id"), "status": query.get("status_filter")}
    filters = {column: value for column, value in named.items() if value}
    store, cap = proxy_of(request).store, proxy_of(request).options.spend_log_cap
    matching, rows = await store.spend_logs(
        start, end, filters, limit=size, offset=(page - 1) * size, oldest_first=order == "asc", count_to=cap + 1
    )
    total = min(matching, cap)
    return JSONResponse(
        {
            "data": rows,
            "total": total,
            "page": page,
            "page_size": size,
            "total_pages": math.ceil(total / size),
            "total_is_capped": matching > cap,
        }
    )


def _moment(text: str) -> datetime:
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise Refusal(400, f"Invalid date format: {text}. Expected: 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'")


async def liveliness(_: Request) -> Response:
    return JSONResponse("I'm alive!")


async def readiness(_: Request) -> Response:
    return JSONResponse({"status": "healthy", "db": "connected"})


async def readiness_details(request: Request) -> Response:
    require_master(request)
    return JSONResponse({"status": "healthy", "db": "connected", "cache": None, "litellm_version": VERSION})
