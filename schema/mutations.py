"""Changes: one input, one result, and every expected refusal a member of the result's union."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from gateway import errors, keys, subscriptions
from gateway.errors import NotAvailable
from schema.context import Info
from schema.errors import AlreadySubscribed, InvalidInput, InvalidTransition, ModelUnavailable, NotSubscribed, declares
from schema.keys import ApiKey
from schema.relay import decode_id
from schema.subscriptions import ModelSubscription

INPUT = strawberry.argument(description="Everything that the change needs.")
KEY = "The key."
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


@strawberry.input(description="A new key. A limit that is left out is no limit.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="What its owner calls it; 1 to 100 characters.")
    model_ids: list[strawberry.ID] = strawberry.field(
        description="The models it may call; each needs an active subscription."
    )
    max_budget: Decimal | None = strawberry.field(
        default=None, description="US dollars that it may spend in each window."
    )
    budget_duration: str | None = strawberry.field(
        default=None, description='How long a window is: "24h", "30d", "1mo".'
    )
    rpm_limit: int | None = strawberry.field(default=None, description="Requests a minute.")
    tpm_limit: int | None = strawberry.field(default=None, description="Tokens a minute.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it stops working.")

    def to_domain(self) -> keys.NewKey:
        return keys.NewKey(
            name=self.name,
            model_ids=[decode_id("Model", model_id, "modelIds") for model_id in self.model_ids],
            max_budget=self.max_budget,
            budget_duration=self.budget_duration,
            rpm_limit=self.rpm_limit,
            tpm_limit=self.tpm_limit,
            expires_at=self.expires_at,
        )


@strawberry.input(description="Changes to a key; what is left out stays.")
class UpdateApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)
    name: str | None = strawberry.field(default=None, description="What its owner calls it; 1 to 100 characters.")
    model_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="The models it may call.")
    max_budget: Decimal | None = strawberry.field(
        default=None, description="US dollars that it may spend in each window."
    )
    budget_duration: str | None = strawberry.field(
        default=None, description='How long a window is: "24h", "30d", "1mo".'
    )
    rpm_limit: int | None = strawberry.field(default=None, description="Requests a minute.")
    tpm_limit: int | None = strawberry.field(default=None, description="Tokens a minute.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it stops working.")


@strawberry.input(description="A new secret for a key.")
class RotateApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)
    overlap: int = strawberry.field(description="How long the old secret keeps working, in seconds; 0 ends it at once.")


@strawberry.input(description="Put a key on hold.")
class BlockApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="Let a key that is on hold work again.")
class UnblockApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="End a key for good.")
class RevokeApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


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


@strawberry.type(description="The key works.")
class CreateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)
    secret: str = strawberry.field(description="The secret is in this answer and nowhere else, ever.")


@strawberry.type(description="The key was changed.")
class UpdateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key has a new secret.")
class RotateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)
    secret: str = strawberry.field(description="The new secret is in this answer and nowhere else, ever.")


@strawberry.type(description="The key is on hold.")
class BlockApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key works again.")
class UnblockApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key is revoked; `inSync` tells whether LiteLLM has confirmed it.")
class RevokeApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


def _result(name: str) -> object:
    return strawberry.union(name, description="The change that was made, or why it was refused.")


RequestModelSubscriptionResult = Annotated[
    RequestModelSubscriptionSuccess | AlreadySubscribed | ModelUnavailable | InvalidInput,
    _result("RequestModelSubscriptionResult"),
]
CancelModelSubscriptionResult = Annotated[
    CancelModelSubscriptionSuccess | InvalidTransition, _result("CancelModelSubscriptionResult")
]
ApproveModelSubscriptionResult = Annotated[
    ApproveModelSubscriptionSuccess | InvalidTransition | InvalidInput, _result("ApproveModelSubscriptionResult")
]
DenyModelSubscriptionResult = Annotated[
    DenyModelSubscriptionSuccess | InvalidTransition | InvalidInput, _result("DenyModelSubscriptionResult")
]
CreateApiKeyResult = Annotated[CreateApiKeySuccess | NotSubscribed | InvalidInput, _result("CreateApiKeyResult")]
UpdateApiKeyResult = Annotated[
    UpdateApiKeySuccess | NotSubscribed | InvalidTransition | InvalidInput, _result("UpdateApiKeyResult")
]
RotateApiKeyResult = Annotated[RotateApiKeySuccess | InvalidTransition | InvalidInput, _result("RotateApiKeyResult")]
BlockApiKeyResult = Annotated[BlockApiKeySuccess | InvalidTransition, _result("BlockApiKeyResult")]
UnblockApiKeyResult = Annotated[UnblockApiKeySuccess | InvalidTransition, _result("UnblockApiKeyResult")]
RevokeApiKeyResult = Annotated[RevokeApiKeySuccess | InvalidTransition | InvalidInput, _result("RevokeApiKeyResult")]


@strawberry.type(description="Changes. Each is done wholly or not at all.")
class Mutation:
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

    @strawberry.mutation(description="Make a key. The answer is the only place where its secret is ever shown.")
    @declares(errors.InvalidInput, keys.NotSubscribed)
    async def create_api_key(self, info: Info, input: Annotated[CreateApiKeyInput, INPUT]) -> CreateApiKeyResult:
        created = await info.context.services.keys.create(info.context.actor, input.to_domain())
        return CreateApiKeySuccess(api_key=ApiKey.of(created.row), secret=created.secret)

    @strawberry.mutation(description="Change a key. Not available in this version.")
    async def update_api_key(self, info: Info, input: Annotated[UpdateApiKeyInput, INPUT]) -> UpdateApiKeyResult:
        raise NotAvailable("updateApiKey")

    @strawberry.mutation(description="Give a key a new secret. Not available in this version.")
    async def rotate_api_key(self, info: Info, input: Annotated[RotateApiKeyInput, INPUT]) -> RotateApiKeyResult:
        raise NotAvailable("rotateApiKey")

    @strawberry.mutation(description="Put a key on hold. Not available in this version.")
    async def block_api_key(self, info: Info, input: Annotated[BlockApiKeyInput, INPUT]) -> BlockApiKeyResult:
        raise NotAvailable("blockApiKey")

    @strawberry.mutation(description="Let a key work again. Not available in this version.")
    async def unblock_api_key(self, info: Info, input: Annotated[UnblockApiKeyInput, INPUT]) -> UnblockApiKeyResult:
        raise NotAvailable("unblockApiKey")

    @strawberry.mutation(description="End a key for good, at once.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def revoke_api_key(self, info: Info, input: Annotated[RevokeApiKeyInput, INPUT]) -> RevokeApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        return RevokeApiKeySuccess(api_key=ApiKey.of(await info.context.services.keys.revoke(actor, key_id)))
