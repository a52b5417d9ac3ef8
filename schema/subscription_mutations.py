"""Changes to subscriptions: one input, one result, and every expected refusal a member of the result's union."""

from typing import Annotated

import strawberry

from gateway import errors, subscriptions
from gateway.errors import NotAvailable
from schema.context import Info
from schema.errors import AlreadySubscribed, InvalidInput, InvalidTransition, ModelUnavailable, declares, result
from schema.relay import decode_id
from schema.subscriptions import ModelSubscription

INPUT = strawberry.argument(description="Everything that the change needs.")
SUBSCRIPTION = "The subscription."


@strawberry.input(description="Ask for a model.")
class RequestModelSubscriptionInput:
    model_id: strawberry.ID = strawberry.field(description="The model.")
    justification: str | None = strawberry.field(
        default=None, description="Why it is needed, at most 1,000 characters; required for a restricted model."
    )


@strawberry.input(description="Give a subscription up, or withdraw a request.")
class CancelModelSubscriptionInput:
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)


@strawberry.input(description="Say yes to a pending request.")
class ApproveModelSubscriptionInput:
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    reason: str | None = strawberry.field(
        default=None, description="For the requester to read; at most 1,000 characters."
    )


@strawberry.input(description="Say no to a pending request.")
class DenyModelSubscriptionInput:
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    reason: str = strawberry.field(description="Why, for the requester to read; at most 1,000 characters.")


@strawberry.type(description="The subscription is there: ACTIVE at once, or PENDING until an admin decides.")
class RequestModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The subscription is over.")
class CancelModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The subscription is active.")
class ApproveModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The request was denied.")
class DenyModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


RequestModelSubscriptionResult = Annotated[
    RequestModelSubscriptionSuccess | AlreadySubscribed | ModelUnavailable | InvalidInput,
    result("RequestModelSubscriptionResult"),
]
CancelModelSubscriptionResult = Annotated[
    CancelModelSubscriptionSuccess | InvalidTransition, result("CancelModelSubscriptionResult")
]
ApproveModelSubscriptionResult = Annotated[
    ApproveModelSubscriptionSuccess | InvalidTransition | InvalidInput, result("ApproveModelSubscriptionResult")
]
DenyModelSubscriptionResult = Annotated[
    DenyModelSubscriptionSuccess | InvalidTransition | InvalidInput, result("DenyModelSubscriptionResult")
]


@strawberry.type
class SubscriptionMutations:
    @strawberry.mutation(description="Ask for a model: an open one is yours at once, a restricted one after approval.")
    @declares(errors.InvalidInput, subscriptions.AlreadySubscribed, subscriptions.ModelUnavailable)
    async def request_model_subscription(
        self, info: Info, input: Annotated[RequestModelSubscriptionInput, INPUT]
    ) -> RequestModelSubscriptionResult:
        actor, model_id = info.context.actor, decode_id("Model", input.model_id, "modelId")
        row = await info.context.services.subscriptions.request(actor, model_id, input.justification)
        return RequestModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(description="Give a subscription up. Not available in this version.")
    async def cancel_model_subscription(
        self, info: Info, input: Annotated[CancelModelSubscriptionInput, INPUT]
    ) -> CancelModelSubscriptionResult:
        raise NotAvailable("cancelModelSubscription")

    @strawberry.mutation(description="Say yes to a pending request. Admins only, and nobody on his own request.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def approve_model_subscription(
        self, info: Info, input: Annotated[ApproveModelSubscriptionInput, INPUT]
    ) -> ApproveModelSubscriptionResult:
        actor = info.context.actor
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        row = await info.context.services.subscriptions.approve(actor, subscription_id, input.reason)
        return ApproveModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(description="Say no to a pending request. Admins only, and nobody on his own request.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def deny_model_subscription(
        self, info: Info, input: Annotated[DenyModelSubscriptionInput, INPUT]
    ) -> DenyModelSubscriptionResult:
        actor = info.context.actor
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        row = await info.context.services.subscriptions.deny(actor, subscription_id, input.reason)
        return DenyModelSubscriptionSuccess(subscription=ModelSubscription.of(row))
