"""Sample traffic: programs of the sample people that call models now and then, so that live pages have something to show."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

log = logging.getLogger(__name__)

_QUESTIONS = (
    "Summarise the release notes of our payment service for the support team.",
    "Which index would help this query on orders by customer and date?",
    "Translate the welcome mail into French and keep the tone friendly.",
    "Explain the difference between a Deployment and a StatefulSet.",
    "Write a unit test for a function that parses ISO 8601 durations.",
    "What could cause a sudden rise of latency after midnight?",
    "Draft three headlines for the article about the new library building.",
    "Turn these meeting notes into a list of decisions and open questions.",
    "How do I rotate a TLS certificate without an interruption?",
    "Suggest names for a command line tool that compares two configurations.",
)


@dataclass(frozen=True)
class Caller:
    """A program with a key: it calls the chat and embedding models in `models`, some seconds apart on average."""

    secret: str = field(repr=False)
    chat_models: Sequence[str]
    embedding_models: Sequence[str] = ()
    seconds_between: float = 3.0


async def run_traffic(base_url: str, callers: Sequence[Caller], stop: asyncio.Event) -> None:
    """Call models as `callers` do until `stop` is set. What goes wrong in a single call is no more than a failed call."""
    async with httpx.AsyncClient(base_url=base_url, timeout=60.0, trust_env=False) as client:
        programs = [asyncio.create_task(_program(client, caller)) for caller in callers]
        await stop.wait()
        for program in programs:
            program.cancel()
        await asyncio.gather(*programs, return_exceptions=True)


async def _program(client: httpx.AsyncClient, caller: Caller) -> None:
    while True:
        await asyncio.sleep(random.expovariate(1 / caller.seconds_between))
        with contextlib.suppress(httpx.HTTPError):
            await _call(client, caller)


async def _call(client: httpx.AsyncClient, caller: Caller) -> None:
    question = random.choice(_QUESTIONS)  # noqa: S311
    if caller.embedding_models and random.random() < 0.2:  # noqa: S311
        path = "/v1/embeddings"
        body: dict[str, object] = {"model": random.choice(caller.embedding_models), "input": [question]}  # noqa: S311
    else:
        path = "/v1/chat/completions"
        body = {
            "model": random.choice(caller.chat_models),  # noqa: S311
            "messages": [{"role": "user", "content": question}],
        }
        if random.random() < 0.4:  # noqa: S311
            body |= {"stream": True, "stream_options": {"include_usage": True}}
    response = await client.post(path, json=body, headers={"Authorization": f"Bearer {caller.secret}"})
    log.debug("sample traffic: %s -> %d", body["model"], response.status_code)
