"""The proxies that the contract suite runs against.

Always the sandbox's LiteLLM. With LITELLM_BASE_URL and LITELLM_MASTER_KEY also the real one there, which has to be a proxy
to play with: keys, users and spend are left behind. Its models are found in /model/info; LITELLM_CHAT_MODEL,
LITELLM_EMBEDDING_MODEL and LITELLM_BROKEN_MODEL (one that answers 500) name others. Its callbacks can be tested when its
`generic_api` callback posts to this machine: LITELLM_CALLBACK_PORT is the port.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.litellm import GenerateKey, LiteLLM, ModelInfo, hash_secret
from gateway.sandbox import litellm as sandbox
from gateway.sandbox.postgres import Postgres
from tests.litellm.serving import Receiver, receive, serve

MASTER_KEY = "sk-contract-suite-master"
CALLBACK_SECRET = "contract-suite-callback"


@dataclass(frozen=True)
class Proxy:
    """A running LiteLLM. `chat` and `other_chat` are its two cheapest chat models; `broken` always answers 500."""

    name: str
    base_url: str
    master_key: str
    receiver: Receiver | None
    chat: str
    other_chat: str
    embedding: str
    broken: str | None
    prices: dict[str, tuple[Decimal, Decimal]]


def _cheapest(models: list[ModelInfo], mode: str, without: str | None) -> list[str]:
    fitting = [model for model in models if model.mode == mode and model.name != without and model.input_cost_per_token]
    fitting.sort(key=lambda model: (model.input_cost_per_token or 0, model.output_cost_per_token or 0, model.name))
    return [model.name for model in fitting]


def _describe(name: str, base_url: str, master_key: str, receiver: Receiver | None) -> Proxy:
    async def ask() -> list[ModelInfo]:
        async with LiteLLM(base_url, master_key) as client:
            return await client.models()

    models = asyncio.run(ask())
    names = {model.name for model in models}
    real = os.environ if name == "real" else {}
    broken = real.get("LITELLM_BROKEN_MODEL") or next(
        (n for n in ("unreliable-preview", "mock-broken") if n in names), None
    )
    chat = _cheapest(models, "chat", broken)
    prices = {m.name: (m.input_cost_per_token or Decimal(0), m.output_cost_per_token or Decimal(0)) for m in models}
    return Proxy(
        name=name,
        base_url=base_url,
        master_key=master_key,
        receiver=receiver,
        chat=real.get("LITELLM_CHAT_MODEL") or chat[0],
        other_chat=next(n for n in chat if n != (real.get("LITELLM_CHAT_MODEL") or chat[0])),
        embedding=real.get("LITELLM_EMBEDDING_MODEL") or _cheapest(models, "embedding", broken)[0],
        broken=broken,
        prices=prices,
    )


def _proxies() -> list[str]:
    given = os.environ.get("LITELLM_BASE_URL") and os.environ.get("LITELLM_MASTER_KEY")
    return ["sandbox", "real"] if given else ["sandbox"]


@pytest.fixture(scope="session", params=_proxies())
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with ExitStack() as stack:
        if request.param == "real":
            port = os.environ.get("LITELLM_CALLBACK_PORT")
            receiver = stack.enter_context(receive(int(port))) if port else None
            base_url, master_key = os.environ["LITELLM_BASE_URL"].rstrip("/"), os.environ["LITELLM_MASTER_KEY"]
        else:
            postgres = stack.enter_context(Postgres(tmp_path_factory.mktemp("litellm") / "data", durable=False))
            postgres.create_database("litellm")
            receiver = stack.enter_context(receive())
            master_key = MASTER_KEY
            options = sandbox.Options(
                database_url=postgres.url("litellm"),
                master_key=master_key,
                callback_url=f"http://127.0.0.1:{receiver.port}/callback",
                callback_headers={"Authorization": f"Bearer {CALLBACK_SECRET}"},
                callback_interval=0.5,
                spend_interval=1.0,
                latency=0.02,
                failure_rate=1.0,
            )
            base_url = stack.enter_context(serve(sandbox.create_app(options)))
        yield _describe(request.param, base_url, master_key, receiver)


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[LiteLLM]:
    """The gateway's own client."""
    async with LiteLLM(proxy.base_url, proxy.master_key) as client:
        yield client


@pytest.fixture
async def http(proxy: Proxy) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP without any key."""
    async with httpx.AsyncClient(base_url=proxy.base_url, timeout=30) as http:
        yield http


@dataclass(frozen=True)
class MadeKey:
    secret: str
    token: str
    alias: str
    user_id: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


def new_secret() -> str:
    return "sk-" + secrets.token_urlsafe(32)


async def make_key(client: LiteLLM, *, models: list[str], **options: Any) -> MadeKey:
    """A key of a new user, made as the gateway makes them."""
    secret, alias, user_id = new_secret(), f"contract-{uuid4()}", str(uuid4())
    await client.ensure_user(user_id)
    await client.generate_key(GenerateKey(key=secret, key_alias=alias, user_id=user_id, models=models, **options))
    return MadeKey(secret, hash_secret(secret), alias, user_id)


async def chat(
    http: httpx.AsyncClient, key: MadeKey | None, model: str, text: str = "Hello there.", **options: Any
) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": text}], **options}
    return await http.post("/v1/chat/completions", json=body, headers=key.headers if key else {})
