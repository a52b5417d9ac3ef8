"""The client against answers that no well-behaved proxy gives: what it raises, and that no secret gets out."""

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.litellm import (
    GenerateKey,
    KeyChanges,
    LiteLLM,
    LiteLLMError,
    LiteLLMRefused,
    LiteLLMUnavailable,
    exact_money,
    hash_secret,
)
from tests.ports import own_port

MASTER = "sk-master-not-to-be-seen"
SECRET = "sk-secret-not-to-be-seen-either"
REQUEST = GenerateKey(key=SECRET, key_alias="alias", user_id="user", models=["m"])
TOKEN = hash_secret(SECRET)


@asynccontextmanager
async def _answering(response: Response) -> AsyncIterator[tuple[LiteLLM, list[Any]]]:
    """A client of a server that always gives this response; also the bodies that the server was sent."""
    seen: list[Any] = []

    async def answer(request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {MASTER}"
        if content := await request.body():
            seen.append(await request.json() if content else None)
        return response

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    async with LiteLLM("http://litellm.test/prefix/", MASTER, transport=httpx.ASGITransport(app)) as client:
        yield client, seen


async def _refusal(body: Any, status: int) -> LiteLLMError:
    async with _answering(JSONResponse(body, status_code=status)) as (client, _):
        with pytest.raises(LiteLLMError) as raised:
            await client.generate_key(REQUEST)
        return raised.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason", "param"),
    [
        (400, {"error": {"message": "No.", "type": "bad", "param": "x", "code": "400"}}, "bad", "No.", "x"),
        (401, {"error": {"message": "No.", "type": "bad", "param": "None", "code": "401"}}, "bad", "No.", None),
        (400, {"error": {"message": "{'error': 'Inner.'}", "type": "some_error", "param": None}}, "some_error", "Inner.", None),
        (404, {"detail": {"error": "Not there."}}, "", "Not there.", None),
        (403, {"detail": "Not allowed."}, "", "Not allowed.", None),
        (
            422,
            {"detail": [{"type": "float_parsing", "loc": ["body", "max_budget"], "msg": "Not a number"}]},
            "validation_error",
            "body.max_budget: Not a number",
            "body.max_budget",
        ),
        (500, {"error": {"message": "An Enterprise feature", "type": "x"}}, "x", "An Enterprise feature", None),
        (500, {"error": {"message": "Unsupported duration unit", "type": "x"}}, "x", "Unsupported duration unit", None),
    ],
)  # fmt: skip
async def test_each_shape_of_refusal(status: int, body: Any, kind: str, reason: str, param: str | None) -> None:
    error = await _refusal(body, status)
    assert isinstance(error, LiteLLMRefused)
    assert (error.status, error.type, error.reason, error.param) == (status, kind, reason, param)
    assert (error.code, str(error)) == ("UPSTREAM_REFUSED", f"LiteLLM refused this: {reason}")


@pytest.mark.parametrize(
    "response",
    [
        JSONResponse({"error": {"message": "database is down", "type": "internal_server_error"}}, 500),
        JSONResponse({"error": {"message": "busy"}}, 503),
        PlainTextResponse("<html>Application is not available</html>", 503),
        PlainTextResponse("<html>no such route</html>", 404),
        PlainTextResponse("<html>welcome</html>", 200),
        JSONResponse(["something", "else"], 200),
        JSONResponse({"token": None}, 200),
    ],
    ids=["500", "503", "router 503", "router 404", "a page", "a list", "no token"],
)
async def test_what_is_no_answer_may_have_been_done(response: Response) -> None:
    async with _answering(response) as (client, _):
        with pytest.raises(LiteLLMUnavailable) as raised:
            await client.generate_key(REQUEST)
    assert raised.value.maybe_done
    assert raised.value.code == "UPSTREAM_UNAVAILABLE"


@pytest.mark.parametrize(
    "response",
    [PlainTextResponse("<html>no such route</html>", 404), JSONResponse({"detail": "Not Found"}, 404)],
    ids=["router", "another application"],
)
async def test_a_wrong_address_is_not_taken_for_a_key_that_is_gone(response: Response) -> None:
    async with _answering(response) as (client, _):
        for attempt in (client.key_info(TOKEN), client.delete_key(TOKEN), client.block_key(TOKEN)):
            with pytest.raises(LiteLLMError):
                await attempt


async def test_nobody_listens_so_nothing_was_done() -> None:
    async with LiteLLM(f"http://127.0.0.1:{own_port()}", MASTER) as client:
        with pytest.raises(LiteLLMUnavailable) as raised:
            await client.generate_key(REQUEST)
    assert not raised.value.maybe_done


@pytest.mark.parametrize(
    ("error", "maybe_done", "attempts"),
    [
        (httpx.ConnectTimeout("x"), False, 1),
        (httpx.PoolTimeout("x"), False, 1),
        (httpx.ReadTimeout("x"), True, 1),
        (httpx.WriteError("x"), True, 1),
        (httpx.RemoteProtocolError("x"), True, 1),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_whether_it_may_have_been_done(error: httpx.HTTPError, maybe_done: bool, attempts: int) -> None:
    tried = []

    async def fail(request: httpx.Request) -> httpx.Response:
        tried.append(request)
        raise error

    async with LiteLLM("http://litellm.test", MASTER, transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(LiteLLMUnavailable) as raised:
            await client.generate_key(REQUEST)
    assert raised.value.maybe_done is maybe_done
    assert len(tried) == attempts, "what changes something is never sent twice"


async def test_reading_is_tried_again_when_an_idle_connection_had_been_closed() -> None:
    tried = []

    async def fail_once(request: httpx.Request) -> httpx.Response:
        tried.append(request)
        if len(tried) == 1:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(200, json={"data": []})

    async with LiteLLM("http://litellm.test", MASTER, transport=httpx.MockTransport(fail_once)) as client:
        assert await client.models() == []
    assert len(tried) == 2


async def test_a_proxy_that_chooses_its_own_secret_is_noticed() -> None:
    async with _answering(JSONResponse({"token": "0" * 64, "key": "sk-another"})) as (client, _):
        with pytest.raises(LiteLLMUnavailable, match="not answering") as raised:
            await client.generate_key(REQUEST)
    assert raised.value.maybe_done


async def test_what_is_sent() -> None:
    async with _answering(JSONResponse({"token": TOKEN})) as (client, seen):
        await client.generate_key(
            GenerateKey(
                key=SECRET,
                key_alias="alias",
                user_id="user",
                models=[],
                max_budget=Decimal("0.10"),
                duration=timedelta(hours=2, milliseconds=400),
            )
        )
        await client.update_key(TOKEN, KeyChanges(duration=timedelta(0), max_budget=None, models=["a"]))
        await client.update_key(TOKEN, KeyChanges(duration=None, metadata={}))
    assert seen == [
        {
            "key": SECRET,
            "key_alias": "alias",
            "user_id": "user",
            "models": ["no-default-models"],
            "key_type": "llm_api",
            "max_budget": 0.1,
            "duration": "7200s",
        },
        {"key": TOKEN, "duration": "1s", "max_budget": None, "models": ["a"]},
        {"key": TOKEN, "duration": None, "metadata": {}},
    ]


async def test_no_secret_in_anything_that_could_be_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    body = {"error": {"message": f"Key {SECRET} and {MASTER} were refused", "type": "x", "param": SECRET[:3]}}
    async with _answering(JSONResponse(body, 400)) as (client, _):
        with pytest.raises(LiteLLMRefused) as raised:
            await client.generate_key(REQUEST)
        shown = [repr(client), repr(REQUEST), str(REQUEST)]
    shown += [
        repr(raised.value),
        str(raised.value),
        raised.value.reason,
        "".join(traceback.format_exception(raised.value)),
        caplog.text,
    ]
    for text in shown:
        assert SECRET not in text
        assert MASTER not in text
    assert raised.value.__cause__ is None
    assert raised.value.reason == "Key sk-… and sk-… were refused"


async def test_what_litellm_says_is_kept_short() -> None:
    async with _answering(JSONResponse({"error": {"message": "x" * 600}}, 400)) as (client, _):
        with pytest.raises(LiteLLMRefused) as raised:
            await client.generate_key(REQUEST)
    assert raised.value.reason == "x" * 500


@pytest.mark.parametrize(
    ("from_litellm", "exact"),
    [
        (4.9999999999999996e-05, "0.00005"),
        ("5.099999999999999e-05", "0.000051"),
        (0.1 + 0.2, "0.3"),
        (1e-07, "0.0000001"),
        (27.0, "27"),
        (0, "0"),
        (1200.0, "1200"),
    ],
)
def test_exact_money(from_litellm: float | str, exact: str) -> None:
    assert format(exact_money(Decimal(from_litellm) if isinstance(from_litellm, str) else from_litellm), "f") == exact
