"""People, models and keys of a gateway whose LiteLLM is the proxy of the contract suite."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from gateway import usage
from gateway.actor import Actor
from gateway.catalog import CatalogService, Model
from gateway.db import Database
from gateway.events import Bus
from gateway.keys import KeyService, NewKey
from gateway.litellm import LiteLLM, hash_secret
from gateway.subscriptions import ModelSubscription, SubscriptionService
from tests.litellm.serving import Receiver

WORKS: tuple[int, str] = (200, "")
ON_HOLD = (401, "auth_error")
UNKNOWN = (401, "token_not_found_in_db")
OVER = (401, "expired_key")
NO_MODEL = (403, "key_model_access_denied")


class Gateway:
    """The services, with a database of their own."""

    def __init__(self, db: Database, litellm: LiteLLM, http: httpx.AsyncClient) -> None:
        self.db, self.http = db, http
        self.keys = KeyService(db, litellm)
        self.subscriptions = SubscriptionService(db)
        self.usage = usage.UsageService(db, Bus(db.url))
        self.catalog = CatalogService(db, litellm)

    async def call(self, secret: str, model: Model) -> tuple[int, str]:
        """Status, and LiteLLM's type of the error."""
        body = {"model": model.name, "messages": [{"role": "user", "content": "Hello there."}]}
        headers = {"Authorization": f"Bearer {secret}"}
        response = await self.http.post("/v1/chat/completions", json=body, headers=headers)
        assert secret not in response.text
        return response.status_code, "" if response.status_code == 200 else response.json()["error"]["type"]

    async def book(self, receiver: Receiver, secret: str, calls: int) -> None:
        """Put into the ledger what LiteLLM reports of so many calls, as the webhook does."""
        token = hash_secret(secret)
        events = await asyncio.to_thread(
            receiver.wait_for, lambda event: event["metadata"]["user_api_key_hash"] == token, calls
        )
        await self.usage.ingest(usage.decode(json.dumps(events).encode()).records)


@dataclass(frozen=True)
class Holder:
    """Somebody with a key: `own` and `other` are on it, with an active subscription each."""

    gateway: Gateway
    actor: Actor
    own: Model
    other: Model
    subscription: ModelSubscription
    key_id: UUID
    secret: str

    async def calls(self, model: Model | None = None) -> tuple[int, str]:
        return await self.gateway.call(self.secret, model or self.own)


async def a_key(gateway: Gateway, actor: Actor, models: list[Model], **limits: Any) -> tuple[UUID, str]:
    made = await gateway.keys.create(actor, NewKey("laptop", [model.id for model in models], **limits))
    return made.row.id, made.secret


async def wait_until(moment: datetime) -> None:
    await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
