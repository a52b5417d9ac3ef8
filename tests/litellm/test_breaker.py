"""The circuit breaker: after failures in a row nothing is sent, then one request finds out."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.litellm import Breaker, Circuit, KeyChanges, LiteLLM, LiteLLMPaused, LiteLLMRefused, LiteLLMUnavailable

TOKEN = "0" * 64
REFUSAL = httpx.Response(400, json={"error": {"message": "no", "type": "bad_request_error", "code": "400"}})


class Wire:
    """Answers with `answer`, or fails when there is none; `hold` keeps answers back until it is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.answer: httpx.Response | None = None
        self.hold: asyncio.Event | None = None
        self.sent = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        if self.hold:
            await self.hold.wait()
        if self.answer is None:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(self.answer.status_code, content=self.answer.content)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def client(wire: Wire) -> AsyncIterator[LiteLLM]:
    breaker = Breaker(failures=3, pause=5.0, clock=lambda: wire.now)
    transport = httpx.MockTransport(wire)
    async with LiteLLM("http://litellm.test", "sk-master", transport=transport, breaker=breaker) as client:
        yield client


async def fail(client: LiteLLM, times: int) -> None:
    for _ in range(times):
        with pytest.raises(LiteLLMUnavailable):
            await client.update_key(TOKEN, KeyChanges(blocked=True))


async def test_it_opens_after_failures_in_a_row_and_then_sends_nothing(client: LiteLLM, wire: Wire) -> None:
    await fail(client, 2)
    assert client.circuit is Circuit.CLOSED
    client.check()
    await fail(client, 1)
    assert (client.circuit, wire.sent) == (Circuit.OPEN, 3)
    with pytest.raises(LiteLLMPaused) as paused:
        await client.key_info(TOKEN)
    assert paused.value.maybe_done is False
    assert paused.value.code == "UPSTREAM_UNAVAILABLE"
    with pytest.raises(LiteLLMPaused):
        client.check()
    assert wire.sent == 3


async def test_an_answer_between_failures_begins_the_count_anew_a_refusal_too(client: LiteLLM, wire: Wire) -> None:
    for answer in (httpx.Response(200, json={}), REFUSAL):
        await fail(client, 2)
        wire.answer = answer
        if answer is REFUSAL:
            with pytest.raises(LiteLLMRefused):
                await client.block_key(TOKEN)
        else:
            await client.block_key(TOKEN)
        wire.answer = None
    await fail(client, 2)
    assert client.circuit is Circuit.CLOSED


async def test_after_the_pause_one_request_decides(client: LiteLLM, wire: Wire) -> None:
    await fail(client, 3)
    wire.now = 4.9
    assert client.circuit is Circuit.OPEN
    wire.now = 5.0
    assert client.circuit is Circuit.HALF_OPEN
    await fail(client, 1)
    assert (client.circuit, wire.sent) == (Circuit.OPEN, 4)
    wire.now = 10.0
    wire.answer = httpx.Response(200, json={})
    assert await client.block_key(TOKEN)
    assert client.circuit is Circuit.CLOSED


async def test_only_one_tries_and_who_gives_up_lets_the_next_one_try(client: LiteLLM, wire: Wire) -> None:
    await fail(client, 3)
    wire.now, wire.hold, wire.answer = 5.0, asyncio.Event(), httpx.Response(200, json={})
    trying = asyncio.create_task(client.block_key(TOKEN))
    while wire.sent < 4:  # noqa: ASYNC110 - until it is on its way
        await asyncio.sleep(0)
    with pytest.raises(LiteLLMPaused):
        await client.block_key(TOKEN)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    assert client.circuit is Circuit.HALF_OPEN
    wire.hold.set()
    assert await client.block_key(TOKEN)
    assert client.circuit is Circuit.CLOSED


async def test_a_ping_is_always_sent_counts_as_a_failure_and_never_ends_a_pause(client: LiteLLM, wire: Wire) -> None:
    """LiteLLM answers pings without its database, so an answer does not say that it can work."""
    for _ in range(3):
        with pytest.raises(LiteLLMUnavailable):
            await client.ping()
    assert client.circuit is Circuit.OPEN
    wire.answer = httpx.Response(200, json="I'm alive!")
    await client.ping()
    assert (client.circuit, wire.sent) == (Circuit.OPEN, 4)
