"""What the sandbox's LiteLLM does beyond the contract: it keeps its state, windows end, and answers make some sense."""

import asyncio
import base64
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from gateway.litellm import GenerateKey, LiteLLM, hash_secret
from gateway.sandbox import litellm as sandbox
from gateway.sandbox.litellm import answers, durations
from gateway.sandbox.postgres import Postgres
from gateway.sandbox.traffic import Caller, run_traffic
from tests.litellm.serving import Receiver, receive, serve

MASTER = "sk-sandbox-tests-master"
SECRET = "sk-sandbox-tests-a-secret"
TOKEN = hash_secret(SECRET)
HEADERS = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def options(postgres: Postgres) -> sandbox.Options:
    name = f"litellm_{threading.get_ident()}_{datetime.now(UTC).timestamp():.6f}"
    postgres.create_database(name)
    return sandbox.Options(
        database_url=postgres.url(name), master_key=MASTER, latency=0.0, spend_interval=0.2, callback_interval=0.2
    )


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres") / "data", durable=False) as postgres:
        yield postgres


def _with(options: sandbox.Options, **changes: Any) -> sandbox.Options:
    return sandbox.Options(**{name: getattr(options, name) for name in options.__dataclass_fields__} | changes)


async def _make_key(client: LiteLLM, **options: Any) -> None:
    await client.ensure_user("u")
    wanted = {"models": ["gpt-5-mini", "text-embedding-3-small"], "key_alias": "a", "user_id": "u"} | options
    await client.generate_key(GenerateKey(key=SECRET, **wanted))


def _post(address: str, body: dict[str, Any], secret: str = SECRET) -> httpx.Response:
    return httpx.post(address, json=body, headers={"Authorization": f"Bearer {secret}"})


def _chat(url: str, text: str = "Hello.", **options: Any) -> httpx.Response:
    body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": text}], **options}
    return _post(f"{url}/v1/chat/completions", body)


def test_the_catalogue_has_something_of_everything() -> None:
    assert len(sandbox.MODELS) >= 24
    assert len({model.name for model in sandbox.MODELS}) == len(sandbox.MODELS)
    assert {model.mode for model in sandbox.MODELS} == {
        *("chat", "completion", "embedding", "image_generation", "audio_transcription", "rerank")
    }
    assert len({model.provider for model in sandbox.MODELS}) >= 6
    assert len({model.price_in for model in sandbox.MODELS}) >= 12
    assert 0 < sum(model.restricted for model in sandbox.MODELS) < len(sandbox.MODELS) / 2
    assert [model.name for model in sandbox.MODELS if model.fails] == ["unreliable-preview"]


async def test_keys_spend_and_deletions_survive_a_restart(options: sandbox.Options) -> None:
    other = "sk-sandbox-tests-another"
    with serve(sandbox.create_app(options)) as url:
        async with LiteLLM(url, MASTER) as client:
            await _make_key(client, max_budget=Decimal("0.5"), budget_duration="30d", metadata={"n": 1})
            await client.generate_key(GenerateKey(key=other, key_alias="b", user_id="u", models=["gpt-5-mini"]))
            await client.delete_key(hash_secret(other))
            cost = Decimal(_chat(url).headers["x-litellm-response-cost"])
            before = await client.key_info(TOKEN)
    assert before is not None

    # The last call was booked at the stop.
    with serve(sandbox.create_app(options)) as url:
        async with LiteLLM(url, MASTER) as client:
            after = await client.key_info(TOKEN)
            assert after is not None
            assert after.spend == pytest.approx(cost)
            assert (after.metadata, after.models, after.created_at) == (
                before.metadata,
                before.models,
                before.created_at,
            )
            assert (after.max_budget, after.budget_reset_at) == (before.max_budget, before.budget_reset_at)
            assert await client.key_info(hash_secret(other)) is None
            logs = await client.spend_logs(
                datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC) + timedelta(seconds=1)
            )
            assert [row.api_key for row in logs.data] == [TOKEN]
        assert _chat(url).status_code == 200
        gone = _post(f"{url}/v1/chat/completions", {"model": "gpt-5-mini", "messages": []}, other)
        assert (gone.status_code, gone.json()["error"]["type"]) == (401, "token_not_found_in_db")


async def test_a_new_budget_window_begins_with_nothing_spent(options: sandbox.Options) -> None:
    with serve(sandbox.create_app(options)) as url:
        async with LiteLLM(url, MASTER) as client:
            await _make_key(client, max_budget=Decimal("0.0000001"), budget_duration="3s")
            assert _chat(url).status_code == 200
            assert _chat(url).json()["error"]["type"] == "budget_exceeded"
            for _ in range(60):
                await asyncio.sleep(0.1)
                if (answer := _chat(url)).status_code == 200:
                    break
            assert answer.status_code == 200
            info = await client.key_info(TOKEN)
            assert info is not None
            assert info.budget_reset_at is not None
            assert info.budget_reset_at > datetime.now(UTC)


async def test_requests_at_once(options: sandbox.Options) -> None:
    with serve(sandbox.create_app(_with(options, latency=1.0))) as url:
        body = {"key": SECRET, "models": [], "max_parallel_requests": 1}
        assert _post(f"{url}/key/generate", body, MASTER).status_code == 200
        answered = await asyncio.gather(*(asyncio.to_thread(_chat, url) for _ in range(3)))
        assert sorted(response.status_code for response in answered) == [200, 429, 429]
        assert {r.headers["rate_limit_type"] for r in answered if r.status_code == 429} == {"max_parallel_requests"}
        assert _chat(url).status_code == 200, "the place is free again"


async def test_who_hangs_up_pays_for_what_was_said(options: sandbox.Options) -> None:
    with receive() as receiver:
        slow = _with(options, latency=3.0, callback_url=f"http://127.0.0.1:{receiver.port}/")
        with serve(sandbox.create_app(slow)) as url:
            async with LiteLLM(url, MASTER) as client:
                await _make_key(client)
            body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hello."}], "stream": True}
            async with httpx.AsyncClient() as http:
                async with http.stream("POST", f"{url}/v1/chat/completions", json=body, headers=HEADERS) as response:
                    async for line in response.aiter_lines():
                        if line:
                            break
            [event] = await asyncio.to_thread(receiver.wait_for, lambda event: event["status"] == "success")
            whole = _chat(url)
    assert 0 < event["completion_tokens"] < whole.json()["usage"]["completion_tokens"]


async def test_events_of_the_last_moment_are_sent_at_the_stop(options: sandbox.Options) -> None:
    with receive() as receiver:
        rare = _with(options, callback_interval=600.0, callback_url=f"http://127.0.0.1:{receiver.port}/")
        with serve(sandbox.create_app(rare)) as url:
            async with LiteLLM(url, MASTER) as client:
                await _make_key(client)
            call_id = _chat(url).headers["x-litellm-call-id"]
            assert receiver.events == []
        assert [event["litellm_call_id"] for event in receiver.events] == [call_id]


async def test_a_full_batch_does_not_wait(options: sandbox.Options) -> None:
    with receive() as receiver:
        rare = _with(
            options, callback_interval=600.0, callback_batch=3, callback_url=f"http://127.0.0.1:{receiver.port}/"
        )
        with serve(sandbox.create_app(rare)) as url:
            async with LiteLLM(url, MASTER) as client:
                await _make_key(client)
            for _ in range(3):
                _chat(url)
            await asyncio.to_thread(receiver.wait_for, lambda event: True, 3)
            assert len(receiver.deliveries) == 1


def _flaky(receiver: Receiver) -> list[int]:
    return [len(attempt.events) for attempt in receiver.attempts]


async def test_after_the_last_attempt_a_batch_is_dropped(options: sandbox.Options) -> None:
    with receive() as receiver:
        target = f"http://127.0.0.1:{receiver.port}/"
        hasty = _with(options, callback_url=target, callback_retries=1, callback_retry_delay=0.01)
        with serve(sandbox.create_app(hasty)) as url:
            async with LiteLLM(url, MASTER) as client:
                await _make_key(client)
            receiver.answers[:] = [500, 500]
            _chat(url, "lost")
            while receiver.answers:  # noqa: ASYNC110 - the receiver is in another thread
                await asyncio.sleep(0.02)
            call_id = _chat(url, "arrives").headers["x-litellm-call-id"]
            [event] = await asyncio.to_thread(receiver.wait_for, lambda event: True)
            assert event["litellm_call_id"] == call_id
            assert _flaky(receiver) == [1, 1, 1]


async def test_sample_traffic_calls_until_it_is_stopped(options: sandbox.Options) -> None:
    with receive() as receiver:
        target = f"http://127.0.0.1:{receiver.port}/"
        with serve(sandbox.create_app(_with(options, callback_url=target))) as url:
            async with LiteLLM(url, MASTER) as client:
                await _make_key(client)
            stop = asyncio.Event()
            caller = Caller(SECRET, ["gpt-5-mini"], ["text-embedding-3-small"], seconds_between=0.02)
            running = asyncio.create_task(run_traffic(url, [caller], stop))
            events = await asyncio.to_thread(receiver.wait_for, lambda event: True, 40)
            stop.set()
            await running
    assert {event["status"] for event in events} == {"success"}
    assert {event["call_type"] for event in events} == {"acompletion", "aembedding"}
    assert {event["stream"] for event in events} == {True, None}


async def test_text_completion(options: sandbox.Options) -> None:
    with serve(sandbox.create_app(options)) as url:
        async with LiteLLM(url, MASTER) as client:
            await _make_key(client, models=["starcoder2-15b"])
        body = {"model": "starcoder2-15b", "prompt": "def parse_duration(text):"}
        answer = _post(f"{url}/v1/completions", body).json()
        assert answer["object"] == "text_completion"
        assert answer["choices"][0]["text"]
        streamed = _post(f"{url}/v1/completions", body | {"stream": True})
        assert streamed.text.endswith("data: [DONE]\n\n")
        wrong = _post(f"{url}/v1/chat/completions", {"model": "starcoder2-15b", "messages": []})
        assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_answers_can_be_kept_short(options: sandbox.Options) -> None:
    with serve(sandbox.create_app(options)) as url:
        async with LiteLLM(url, MASTER) as client:
            await _make_key(client)
        short = _chat(url, "Explain certificates.", max_tokens=7).json()
        assert short["choices"][0]["finish_reason"] == "length"
        assert 0 < short["usage"]["completion_tokens"] <= 7
        whole = _chat(url, "Explain certificates.").json()
        assert whole["choices"][0]["finish_reason"] == "stop"
        assert whole["choices"][0]["message"]["content"].startswith(short["choices"][0]["message"]["content"])


async def test_embeddings_in_the_encoding_that_openais_client_asks_for(options: sandbox.Options) -> None:
    with serve(sandbox.create_app(options)) as url:
        async with LiteLLM(url, MASTER) as client:
            await _make_key(client)
        body = {"model": "text-embedding-3-small", "input": ["one", "two words"], "dimensions": 64}
        plain = _post(f"{url}/v1/embeddings", body).json()
        packed = _post(f"{url}/v1/embeddings", body | {"encoding_format": "base64"}).json()
        for one, other in zip(plain["data"], packed["data"], strict=True):
            assert len(one["embedding"]) == 64
            unpacked = struct.unpack("<64f", base64.b64decode(other["embedding"]))
            assert unpacked == pytest.approx(one["embedding"], abs=1e-6)


def test_answers_take_up_the_prompt_and_are_the_same_again() -> None:
    text = answers.answer("How do I rotate certificates in Kubernetes?")
    assert text == answers.answer("How do I rotate certificates in Kubernetes?")
    assert "certificates" in text.lower()
    assert text != answers.answer("What is a monad?")
    assert 15 < answers.count_tokens(text) < 200
    assert answers.answer("") != ""


def test_similar_texts_have_similar_embeddings() -> None:
    def likeness(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(answers.embedding(one, 256), answers.embedding(other, 256), strict=True))

    assert likeness("a cat on the mat", "a cat on the mat") == pytest.approx(1)
    assert (
        likeness("a cat on the mat", "the cat on a rug")
        > 0.5
        > likeness("a cat on the mat", "quarterly revenue report")
    )


@pytest.mark.parametrize(
    ("duration", "now", "reset"),
    [
        ("30d", "2026-11-23 17:52:23", "2026-12-01 00:00:00"),
        ("1mo", "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
        ("7d", "2026-11-23 00:00:00", "2026-11-30 00:00:00"),  # a Monday
        ("1w", "2026-11-29 12:00:00", "2026-11-30 00:00:00"),
        ("1d", "2026-11-23 17:52:23", "2026-11-24 00:00:00"),
        ("24h", "2026-11-23 17:52:23", "2026-11-24 00:00:00"),
        ("6h", "2026-11-23 17:52:23", "2026-11-23 18:00:00"),
        ("15m", "2026-11-23 17:52:23", "2026-11-23 18:00:00"),
        ("20s", "2026-11-23 17:52:23", "2026-11-23 17:52:40"),
        ("3d", "2026-11-23 17:52:23", "2026-11-26 00:00:00"),
    ],
)
def test_budget_windows_follow_the_calendar(duration: str, now: str, reset: str) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert durations.next_reset(duration, at(now)) == at(reset)


@pytest.mark.parametrize("duration", ["3 weeks", "", "d", "-1d", "1.5h", "2mo"])
def test_what_is_no_window(duration: str) -> None:
    assert not durations.is_window(duration)


async def test_the_spend_log_is_counted_up_to_a_cap_and_read_beyond_it(options: sandbox.Options) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    with serve(sandbox.create_app(_with(options, spend_log_cap=3))) as url:
        async with LiteLLM(url, MASTER) as client:
            await _make_key(client)
            for count, expected in ((3, (3, 2, False)), (5, (3, 2, True))):
                while len(rows := (await client.spend_logs(since, since + timedelta(hours=1))).data) < count:
                    if len(rows) < count:
                        _chat(url)
                        await asyncio.sleep(0.5)
                page = await client.spend_logs(since, since + timedelta(hours=1), page_size=2)
                assert (page.total, page.total_pages, page.total_is_capped) == expected
            last = await client.spend_logs(since, since + timedelta(hours=1), page=3, page_size=2)
            assert len(last.data) == 1
