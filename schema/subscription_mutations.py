"""What people do with their own subscriptions: one input, one result, every expected refusal a member of the result's union."""

from decimal import Decimal
from typing import Annotated, Any

import strawberry

from gateway import errors, subscriptions
from schema.context import Info
from schema.errors import AlreadySubscribed, InvalidInput, InvalidTransition, ModelUnavailable, declares, result
from schema.relay import decode_id
from schema.scalars import BigInt
from schema.subscriptions import ModelSubscription, QuotaChange

INPUT = strawberry.argument(description="Everything that the change needs.")
SUBSCRIPTION = "The subscription."


@strawberry.input
class LimitsInput:
    """What inputs with limits have in common. A field that is left out stays as it is; null takes the limit away."""

    max_budget: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="US dollars in each window; null: no limit."
    )
    max_requests: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description="Answered calls in each window; null: no limit."
    )
    max_tokens: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description="Tokens in each window; null: no limit."
    )
    budget_duration: str | None = strawberry.field(
        default=strawberry.UNSET,
        description='How long a window is: "24h", "7d", "30d", "1mo", aligned to the clock as LiteLLM\'s are; null: it never ends.',
    )
    rpm_limit: int | None = strawberry.field(default=strawberry.UNSET, description="Requests a minute; null: no limit.")
    tpm_limit: int | None = strawberry.field(default=strawberry.UNSET, description="Tokens a minute; null: no limit.")

    def changes(self, *others: str) -> dict[str, Any]:
        """What was given, by column; `others` are more fields that count."""
        given = {column: getattr(self, column) for column in (*subscriptions.LIMITS, *others)}
        return {column: value for column, value in given.items() if value is not strawberry.UNSET}


@strawberry.input(
    description="Ask for a model. Limits that are left out: none, or those that an earlier subscription had."
)
class RequestModelSubscriptionInput(LimitsInput):
    model_id: strawberry.ID = strawberry.field(description="The model.")
    justification: str | None = strawberry.field(
        default=None, description="Why it is needed, at most 1,000 characters; required when an admin decides."
    )


@strawberry.input(description="Give a subscription up, or withdraw a request.")
class CancelModelSubscriptionInput:
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)


@strawberry.input(description="Ask for other limits on an active subscription. Limits that are left out stay.")
class RequestQuotaChangeInput(LimitsInput):
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    justification: str = strawberry.field(description="Why they are needed, at most 1,000 characters.")


@strawberry.input(description="Withdraw a request for other limits.")
class CancelQuotaChangeInput:
    quota_change_id: strawberry.ID = strawberry.field(description="The request.")


@strawberry.type(description="The subscription is there: ACTIVE at once, or PENDING until an admin decides.")
class RequestModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The subscription is over.")
class CancelModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="An admin will decide on it.")
class RequestQuotaChangeSuccess:
    quota_change: QuotaChange = strawberry.field(description="The request.")


@strawberry.type(description="The request was withdrawn.")
class CancelQuotaChangeSuccess:
    quota_change: QuotaChange = strawberry.field(description="The request.")


RequestModelSubscriptionResult = Annotated[
    RequestModelSubscriptionSuccess | AlreadySubscribed | ModelUnavailable | InvalidInput,
    result("RequestModelSubscriptionResult"),
]
CancelModelSubscriptionResult = Annotated[
    CancelModelSubscriptionSuccess | InvalidTransition | InvalidInput, result("CancelModelSubscriptionResult")
]
RequestQuotaChangeResult = Annotated[
    RequestQuotaChangeSuccess | InvalidTransition | InvalidInput, result("RequestQuotaChangeResult")
]
CancelQuotaChangeResult = Annotated[
    CancelQuotaChangeSuccess | InvalidTransition | InvalidInput, result("CancelQuotaChangeResult")
]


@strawberry.type
class SubscriptionMutations:
    @strawberry.mutation(description="Ask for a model: an open one is yours at once, a restricted one after approval.")
    @declares(errors.InvalidInput, subscriptions.AlreadySubscribed, subscriptions.ModelUnavailable)
    async def request_model_subscription(
        self, info: Info, input: Annotated[RequestModelSubscriptionInput, INPUT]
    ) -> RequestModelSubscriptionResult:
        actor, model_id = info.context.actor, decode_id("Model", input.model_id, "modelId")
        service = info.context.services.subscriptions
        row = await service.request(actor, model_id, input.justification, input.changes())
        return RequestModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(
        description="Give one's own subscription up, or withdraw the request; then ask again as you like."
    )
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def cancel_model_subscription(
        self, info: Info, input: Annotated[CancelModelSubscriptionInput, INPUT]
    ) -> CancelModelSubscriptionResult:
        actor = info.context.actor
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        row = await info.context.services.subscriptions.cancel(actor, subscription_id)
        return CancelModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(
        description="Ask for other limits on one's own subscription. One request may be open at a time."
    )
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def request_quota_change(
        self, info: Info, input: Annotated[RequestQuotaChangeInput, INPUT]
    ) -> RequestQuotaChangeResult:
        actor = info.context.actor
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        service = info.context.services.subscriptions
        row = await service.request_quota_change(actor, subscription_id, input.changes(), input.justification)
        return RequestQuotaChangeSuccess(quota_change=QuotaChange.of(row))

    @strawberry.mutation(description="Withdraw one's own request for other limits.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def cancel_quota_change(
        self, info: Info, input: Annotated[CancelQuotaChangeInput, INPUT]
    ) -> CancelQuotaChangeResult:
        quota_change_id = decode_id("QuotaChange", input.quota_change_id, "quotaChangeId")
        row = await info.context.services.subscriptions.cancel_quota_change(info.context.actor, quota_change_id)
        return CancelQuotaChangeSuccess(quota_change=QuotaChange.of(row))
