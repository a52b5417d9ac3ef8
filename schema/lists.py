"""The lists that people have of their own and auditors of everybody: their arguments, and how they are looked up."""

from typing import Annotated
from uuid import UUID

import strawberry

from gateway.keys import KeyFilter
from gateway.subscriptions import SubscriptionFilter
from gateway.usage import Scope
from schema.context import Info
from schema.keys import ApiKey, ApiKeyOrder, ApiKeyStatus
from schema.relay import Connection, connection, decode_id
from schema.subscriptions import ModelSubscription, SubscriptionOrder, SubscriptionStatus

SubscriptionStatuses = Annotated[
    list[SubscriptionStatus] | None,
    strawberry.argument(description="Only with one of these statuses; all, if left out."),
]
SubscriptionSearch = Annotated[
    str | None,
    strawberry.argument(
        description="Words that must all occur in the model's name or, among everybody's, the owner's; at most 200 characters."
    ),
]
SubscriptionSort = Annotated[
    SubscriptionOrder | None, strawberry.argument(description="In which order; newest first, if left out.")
]
OfModel = Annotated[strawberry.ID | None, strawberry.argument(description="Only to this model.")]
OfUser = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this person.")]
UnusedDays = Annotated[
    int | None,
    strawberry.argument(description="Only keys that work and were not used for so many days, whatever `status` says."),
]
KeyStatuses = Annotated[
    list[ApiKeyStatus] | None, strawberry.argument(description="Only with one of these statuses; all, if left out.")
]
KeySearch = Annotated[
    str | None,
    strawberry.argument(
        description="Words each of which must occur in the key's name, be the `prefix` or `lastFour` of one of its secrets or, among "
        "everybody's, occur in its owner's name; at most 200 characters."
    ),
]
KeysOfModel = Annotated[strawberry.ID | None, strawberry.argument(description="Only those that hold this model.")]
Drifted = Annotated[
    bool | None,
    strawberry.argument(
        description="Whether somebody has changed the key in LiteLLM itself (`ApiKey.drift`); all, if left out."
    ),
]
KeySort = Annotated[ApiKeyOrder | None, strawberry.argument(description="In which order; newest first, if left out.")]


async def subscriptions(
    info: Info,
    scope: Scope,
    first: int,
    after: str | None,
    status: list[SubscriptionStatus] | None,
    search: str | None,
    model_id: strawberry.ID | None,
    order_by: SubscriptionOrder | None,
    *,
    user_id: strawberry.ID | None = None,
    awaiting: bool | None = None,
) -> Connection[ModelSubscription]:
    wanted = SubscriptionFilter(
        status,
        search,
        awaiting=awaiting,
        model_id=decoded("Model", model_id, "modelId"),
        user_id=decoded("User", user_id, "userId"),
    )
    service = info.context.services.subscriptions
    page = service.page if scope is Scope.OWN else service.page_of_all
    return connection(await page(info.context.actor, first, after, wanted, order_by), ModelSubscription.of)


async def keys(
    info: Info,
    scope: Scope,
    first: int,
    after: str | None,
    status: list[ApiKeyStatus] | None,
    unused_days: int | None,
    search: str | None,
    model_id: strawberry.ID | None,
    drifted: bool | None,
    order_by: ApiKeyOrder | None,
    *,
    user_id: strawberry.ID | None = None,
) -> Connection[ApiKey]:
    wanted = KeyFilter(
        status,
        search,
        user_id=decoded("User", user_id, "userId"),
        model_id=decoded("Model", model_id, "modelId"),
        drifted=drifted,
    )
    page = await info.context.services.usage.page_of_keys(
        info.context.actor, first, after, wanted, order_by, unused_days=unused_days, own=scope is Scope.OWN
    )
    return connection(page, ApiKey.of)


def decoded(kind: str, node_id: strawberry.ID | None, field: str) -> UUID | None:
    return None if node_id is None else decode_id(kind, node_id, field)
