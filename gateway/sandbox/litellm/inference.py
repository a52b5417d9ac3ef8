"""The calls that the sandbox exists for: chat, text completion and embeddings, with a virtual key."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gateway.sandbox.litellm import answers, refusals
from gateway.sandbox.litellm.access import Proxy, authenticate, check_budget, proxy_of, read_json
from gateway.sandbox.litellm.calls import Call
from gateway.sandbox.litellm.catalog import SandboxModel
from gateway.sandbox.litellm.limits import Admission
from gateway.sandbox.litellm.options import VERSION
from gateway.sandbox.litellm.refusals import Refusal

Body = dict[str, Any]

_MODES = {"acompletion": "chat", "atext_completion": "completion", "aembedding": "embedding"}
_CONTENT = {"acompletion": "messages", "atext_completion": "prompt", "aembedding": "input"}


async def chat_completions(request: Request) -> Response:
    return await _serve(request, "acompletion", _chat)


async def completions(request: Request) -> Response:
    return await _serve(request, "atext_completion", _chat)


async def embeddings(request: Request) -> Response:
    return await _serve(request, "aembedding", _embed)


async def _serve(request: Request, kind: str, run: Any) -> Response:
    """The way of every call: who, what, may they, then the model; each end of it is recorded."""
    proxy = proxy_of(request)
    call = Call.begin(request, kind)
    try:
        body = await read_json(request)
        call.model = proxy.models.get(str(body.get("model")))
        call.messages = body.get("messages") or body.get("prompt") or body.get("input")
        call.stream = body.get("stream") is True
        call.end_user = str(body["user"]) if body.get("user") else None
        call.parameters = {name: body[name] for name in body if name not in ("model", "messages", "prompt", "input")}
        authenticate(request, call)
        model = _choose(call, body)
        if call.key:
            check_budget(call.key)
        response = await run(proxy, call, model, body)
    except Refusal as refusal:
        call.refusal = refusal
        proxy.ledger.record(call)
        if call.key:  # LiteLLM says who was refused, but only once it knows
            refusal.headers |= {"x-litellm-call-id": call.call_id, "x-litellm-version": VERSION}
        raise
    assert isinstance(response, Response)
    return response


def _choose(call: Call, body: Body) -> SandboxModel:
    """The model that the body names, if it exists and the key may call it."""
    name, short_route = body.get("model"), call.route.removeprefix("/v1")
    content = _CONTENT[call.kind]
    if body.get(content) is None and (name is None or call.model):
        raise refusals.missing_parameter(short_route, content)
    if name is None:
        raise refusals.unknown_model(short_route, None)
    if call.key and not call.key.allows(str(name)):
        raise refusals.model_denied(name)
    if call.model is None:
        raise refusals.unknown_model(short_route, name)
    if call.model.mode != _MODES[call.kind]:
        message = f"{call.model.name} is a model for {call.model.mode} and can't be called on {short_route}"
        raise refusals.provider_failed(call.model.name, message, 400, "BadRequestError")
    return call.model


def _admit(proxy: Proxy, call: Call, model: SandboxModel, max_tokens: int | None) -> Admission | None:
    if call.key is None:
        return None
    admission = proxy.limits.admit(call.key, model.name, answers.rough_tokens(call.messages), max_tokens)
    call.limit_headers = admission.headers
    return admission


async def _chat(proxy: Proxy, call: Call, model: SandboxModel, body: Body) -> Response:
    if call.kind == "acompletion":
        messages = body["messages"]
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            raise refusals.provider_failed(model.name, "messages must be a list of objects", 400, "BadRequestError")
        prompt = next((answers.text_of(m.get("content")) for m in reversed(messages) if m.get("role") == "user"), "")
        call.prompt_tokens = answers.prompt_tokens(messages)
    else:
        prompt = str(body["prompt"])
        call.prompt_tokens = answers.count_tokens(prompt)
    asked = body.get("max_completion_tokens", body.get("max_tokens"))
    max_tokens = asked if isinstance(asked, int) and asked > 0 else None
    admission = _admit(proxy, call, model, max_tokens)
    call.id = f"chatcmpl-{uuid4()}"
    try:
        await _think(proxy, model)
        if model.fails and random.random() < proxy.options.failure_rate:  # noqa: S311
            raise refusals.provider_failed(model.name, "the preview's worker has gone away")
        call.first_token = time.time() if call.stream else None  # LiteLLM notes it for streams only
        text, was_cut = answers.cut(answers.answer(prompt), max_tokens)
        finish = "length" if was_cut else "stop"
        if call.stream:
            usage = isinstance(body.get("stream_options"), dict) and bool(body["stream_options"].get("include_usage"))
            stream = _stream(proxy, call, model, admission, text, finish, with_usage=usage)
            admission = None  # the stream settles it
            headers = _headers(call, cost=0.0) | {"x-accel-buffering": "no"}
            return StreamingResponse(stream, headers=headers, media_type="text/event-stream")
        await asyncio.sleep(_writing_time(proxy, model, text))
        _complete(proxy, call, model, text, finish)
        content = _without_nulls(call.response) | {"usage": _public_usage(call)}
        return JSONResponse(content, headers=_headers(call, cost=call.cost))
    finally:
        if admission:
            admission.settle(call.total_tokens if call.ended else 0)


async def _stream(
    proxy: Proxy,
    call: Call,
    model: SandboxModel,
    admission: Admission | None,
    text: str,
    finish: str,
    *,
    with_usage: bool,
) -> AsyncIterator[bytes]:
    """Server-sent events, word by word. Who hangs up pays for what was said until then."""
    chat = call.kind == "acompletion"
    kind = "chat.completion.chunk" if chat else "text_completion"
    frame = {"id": call.id, "object": kind, "created": int(call.started), "model": model.name}

    def chunk(choice: Body) -> bytes:
        return _event({**frame, "choices": [{"index": 0, **choice}]})

    said = ""
    try:
        for piece in answers.pieces(text):
            delta: Body = {"content": piece} if said or not chat else {"role": "assistant", "content": piece}
            said += piece
            yield chunk({"delta": delta} if chat else {"text": piece, "finish_reason": None})
            await asyncio.sleep(_writing_time(proxy, model, piece))
        yield chunk({"delta": {}, "finish_reason": finish} if chat else {"text": "", "finish_reason": finish})
        if with_usage:
            call.completion_tokens = answers.count_tokens(said)
            usage = _public_usage(call) | {"cost": call.cost}
            yield _event({**frame, "choices": [{"index": 0, "delta": {}}] if chat else [], "usage": usage})
        yield b"data: [DONE]\n\n"
    finally:
        _complete(proxy, call, model, said.rstrip(), finish)
        if admission:
            admission.settle(call.total_tokens)


async def _embed(proxy: Proxy, call: Call, model: SandboxModel, body: Body) -> Response:
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    texts = [item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in inputs]
    call.messages = [{"role": "user", "content": text} for text in texts]
    call.prompt_tokens = sum(answers.count_tokens(text) for text in texts)
    asked = body.get("dimensions")
    dimensions = asked if isinstance(asked, int) and 0 < asked <= model.dimensions else model.dimensions
    admission = _admit(proxy, call, model, 0)
    try:
        await _think(proxy, model)
        vectors = [answers.embedding(text, dimensions) for text in texts]
        encoded = [answers.to_base64(v) for v in vectors] if body.get("encoding_format") == "base64" else vectors
        call.response = {
            "model": model.name,
            "data": [{"embedding": e, "index": i, "object": "embedding"} for i, e in enumerate(encoded)],
            "object": "list",
            "usage": call.usage(),
        }
        proxy.ledger.record(call)
        return JSONResponse(call.response, headers=_headers(call, cost=call.cost))
    finally:
        if admission:
            admission.settle(call.total_tokens)


def _complete(proxy: Proxy, call: Call, model: SandboxModel, text: str, finish: str) -> None:
    """The answer is complete: write down what it was and what it cost."""
    call.completion_tokens = answers.count_tokens(text)
    chat = call.kind == "acompletion"
    message = {"content": text, "role": "assistant", "tool_calls": None, "function_call": None}
    call.response = {
        "id": call.id,
        "created": int(call.started),
        "model": model.name,
        "object": "chat.completion" if chat else "text_completion",
        "choices": [{"finish_reason": finish, "index": 0, **({"message": message} if chat else {"text": text})}],
        "usage": call.usage(),
    }
    proxy.ledger.record(call)


def _headers(call: Call, cost: float) -> dict[str, str]:
    """What LiteLLM tells beside the answer. Streams begin before their cost is known and say 0."""
    assert call.model is not None
    key = call.key
    headers = {
        "x-litellm-call-id": call.call_id,
        "x-litellm-model-id": call.model.id,
        "x-litellm-model-name": call.model.behind,
        "x-litellm-model-group": call.model.name,
        "x-litellm-version": VERSION,
        "x-litellm-response-cost-original": str(cost),
        "x-litellm-key-spend": str(key.booked if key else cost),
        "x-litellm-response-duration-ms": str((time.time() - call.started) * 1000),
        "x-litellm-attempted-retries": "0",
        "x-litellm-attempted-fallbacks": "0",
        **call.limit_headers,
    }
    if not call.stream:
        headers["x-litellm-response-cost"] = str(cost)
    for name in ("tpm_limit", "rpm_limit", "max_budget"):
        if key and (value := getattr(key, name)) is not None:
            headers[f"x-litellm-key-{name.replace('_', '-')}"] = str(value)
    return headers


def _public_usage(call: Call) -> Body:
    return {name: value for name, value in call.usage().items() if value is not None}


def _without_nulls(response: Body) -> Body:
    """What is in the callback as null is left out of the answer."""
    choice = dict(response["choices"][0])
    if "message" in choice:
        choice["message"] = {name: value for name, value in choice["message"].items() if value is not None}
    return response | {"choices": [choice]}


def _event(content: Body) -> bytes:
    return b"data: " + msgspec.json.encode(content) + b"\n\n"


async def _think(proxy: Proxy, model: SandboxModel) -> None:
    await asyncio.sleep(model.first * proxy.options.latency * random.uniform(0.6, 1.6))  # noqa: S311


def _writing_time(proxy: Proxy, model: SandboxModel, text: str) -> float:
    return answers.count_tokens(text) / model.speed * proxy.options.latency
