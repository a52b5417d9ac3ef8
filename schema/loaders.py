"""Rows by id, in batches: whatever one level of a query asks for becomes one SELECT.

Each loader answers with the rights of the caller, so that it can't show a row that a list would have hidden. A key that is not found
resolves to None (or to what `missing` says).
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import Any

from aiodataloader import DataLoader

from gateway.actor import Actor
from gateway.errors import NotSignedIn
from gateway.services import Services
from gateway.subscriptions import Used
from gateway.usage import Totals
from schema import measures

Read = Callable[[list[Any]], Awaitable[Any]]


class _Loader:
    """Made for a request when it is first asked for, and then in its place. `reading` says who reads a batch."""

    def __init__(self, reading: Callable[[Services, Actor], Read], missing: Any = None) -> None:
        self._reading, self._missing = reading, missing

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, loaders: "Loaders", _: type) -> DataLoader[Any, Any]:
        if loaders.actor is None:
            raise NotSignedIn
        read, name, missing = self._reading(loaders.services, loaders.actor), self._name, self._missing

        async def load(keys: list[Any]) -> list[Any]:
            with measures.batch(name, len(keys)):
                found = await read(keys)
            return [found.get(key, missing) for key in keys]

        made: DataLoader[Any, Any] = DataLoader(load, cache=loaders.cache)
        vars(loaders)[name] = made
        return made


class Loaders:
    """`subscription_of_model` finds the caller's own; money is in US dollars. Raises NotSignedIn for nobody."""

    def __init__(self, services: Services, actor: Actor | None, *, cache: bool) -> None:
        self.services, self.actor, self.cache = services, actor, cache

    user = _Loader(lambda services, actor: partial(services.users.by_ids, actor))
    audit_entry = _Loader(lambda services, actor: partial(services.audit.by_ids, actor))
    # A key finds none in the catalogue, where every model is, but those that it holds.
    model = _Loader(
        lambda services, actor: partial(
            services.catalog.by_ids if actor.api_key_id is None else services.keys.held_models, actor
        )
    )
    model_of_subscription = _Loader(lambda services, _: services.catalog.known)
    subscription = _Loader(lambda services, actor: partial(services.subscriptions.by_ids, actor))
    subscription_of_model = _Loader(lambda services, actor: partial(services.subscriptions.latest_by_model, actor))
    rules_of_model = _Loader(lambda services, _: services.subscriptions.rules_by_model)
    history_of_subscription = _Loader(
        lambda services, actor: partial(services.subscriptions.history_by_subscription, actor), missing=()
    )
    quota_change_of_subscription = _Loader(
        lambda services, actor: partial(services.subscriptions.open_quota_change_by_subscription, actor)
    )
    quota_change = _Loader(lambda services, actor: partial(services.subscriptions.quota_changes_by_ids, actor))
    api_key = _Loader(lambda services, actor: partial(services.keys.by_ids, actor))
    models_of_key = _Loader(lambda services, _: services.keys.models_by_key, missing=())
    generations_of_key = _Loader(lambda services, _: services.keys.generations_by_key, missing=())
    use_of_secret = _Loader(lambda services, _: services.usage.use_by_secret)
    calls_of_key = _Loader(lambda services, actor: partial(services.usage.calls_by_key, actor))
    spend_of_key = _Loader(lambda services, _: services.usage.spend_by_key, missing=Decimal(0))
    last_use_of_key = _Loader(lambda services, _: services.usage.last_used_by_key)
    spend_of_subscription = _Loader(lambda services, _: services.usage.spend_by_subscription, missing=Decimal(0))
    used_of_subscription = _Loader(lambda services, _: services.usage.used_by_subscription, missing=Used())
    subscription_count_of_user = _Loader(lambda services, _: services.subscriptions.open_by_user, missing=0)
    key_count_of_user = _Loader(lambda services, _: services.keys.living_by_user, missing=0)
    usage = _Loader(lambda services, actor: partial(services.usage.answer, actor))
    recent_usage_of_user = _Loader(lambda services, _: services.usage.recent_by_user, missing=Totals())
