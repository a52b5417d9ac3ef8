"""Rows by id, in batches: whatever one level of a query asks for becomes one SELECT.

Each loader answers with the rights of the caller, so that it can't show a row that a list would have hidden. A key that is not found
resolves to None (or to what `missing` says).
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from aiodataloader import DataLoader

from gateway.actor import Actor
from gateway.services import Services
from gateway.subscriptions import Used
from gateway.usage import Totals
from schema import measures

Batch = Callable[[list[Any]], Awaitable[Any]]


def _loader(name: str, read: Batch, *, cache: bool, missing: Any = None) -> DataLoader[Any, Any]:
    async def load(keys: list[Any]) -> list[Any]:
        with measures.batch(name, len(keys)):
            found = await read(keys)
        return [found.get(key, missing) for key in keys]

    return DataLoader(load, cache=cache)


class Loaders:
    """`subscription_of_model` finds the caller's own; money is in US dollars."""

    def __init__(self, services: Services, actor: Actor | None, *, cache: bool) -> None:
        if actor is None:
            return

        def of(name: str, read: Callable[[Actor, list[Any]], Awaitable[Any]]) -> DataLoader[Any, Any]:
            return _loader(name, lambda keys: read(actor, keys), cache=cache)

        self.user = of("user", services.users.by_ids)
        self.audit_entry = of("audit_entry", services.audit.by_ids)
        # A key finds none in the catalogue, where every model is, but those that it holds.
        self.model = of("model", services.catalog.by_ids if actor.api_key_id is None else services.keys.held_models)
        self.model_of_subscription = _loader("model_of_subscription", services.catalog.known, cache=cache)
        self.subscription = of("subscription", services.subscriptions.by_ids)
        self.subscription_of_model = of("subscription_of_model", services.subscriptions.latest_by_model)
        self.rules_of_model = _loader("rules_of_model", services.subscriptions.rules_by_model, cache=cache)
        self.history_of_subscription = _loader(
            "history_of_subscription",
            lambda ids: services.subscriptions.history_by_subscription(actor, ids),
            cache=cache,
            missing=(),
        )
        self.quota_change_of_subscription = of(
            "quota_change_of_subscription", services.subscriptions.open_quota_change_by_subscription
        )
        self.quota_change = of("quota_change", services.subscriptions.quota_changes_by_ids)
        self.api_key = of("api_key", services.keys.by_ids)
        self.models_of_key = _loader("models_of_key", services.keys.models_by_key, cache=cache, missing=())
        self.generations_of_key = _loader(
            "generations_of_key", services.keys.generations_by_key, cache=cache, missing=()
        )
        self.use_of_secret = _loader("use_of_secret", services.usage.use_by_secret, cache=cache)
        self.calls_of_key = of("calls_of_key", services.usage.calls_by_key)
        self.spend_of_key = _loader("spend_of_key", services.usage.spend_by_key, cache=cache, missing=Decimal(0))
        self.last_use_of_key = _loader("last_use_of_key", services.usage.last_used_by_key, cache=cache)
        self.spend_of_subscription = _loader(
            "spend_of_subscription", services.usage.spend_by_subscription, cache=cache, missing=Decimal(0)
        )
        self.used_of_subscription = _loader(
            "used_of_subscription", services.usage.used_by_subscription, cache=cache, missing=Used()
        )
        self.subscription_count_of_user = _loader(
            "subscription_count_of_user", services.subscriptions.open_by_user, cache=cache, missing=0
        )
        self.key_count_of_user = _loader("key_count_of_user", services.keys.living_by_user, cache=cache, missing=0)
        self.usage = _loader("usage", lambda asks: services.usage.answer(actor, asks), cache=cache)
        self.recent_usage_of_user = _loader(
            "recent_usage_of_user", services.usage.recent_by_user, cache=cache, missing=Totals()
        )
