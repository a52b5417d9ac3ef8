"""What admins set for all subscriptions to come."""

from typing import Annotated

import strawberry

from gateway import errors
from schema.context import Info
from schema.errors import InvalidInput, declares, result
from schema.relay import decode_id
from schema.subscription_mutations import INPUT, LimitsInput
from schema.subscriptions import SubscriptionPolicy

MODEL = "The model."


@strawberry.input(
    description="What a subscription gets when nobody says anything. What is left out stays; null takes it away."
)
class SetSubscriptionPolicyInput(LimitsInput):
    model_id: strawberry.ID | None = strawberry.field(
        default=None, description="For this model alone, in place of what holds for all; left out: for all models."
    )
    life_days: int | None = strawberry.field(
        default=strawberry.UNSET, description="Days from its beginning to its end by itself; null: it does not end."
    )


@strawberry.input(description="Let what holds for all models hold for this one too.")
class RemoveSubscriptionPolicyInput:
    model_id: strawberry.ID = strawberry.field(description=MODEL)


@strawberry.type(description="This holds for every subscription that begins from now on.")
class SetSubscriptionPolicySuccess:
    subscription_policy: SubscriptionPolicy = strawberry.field(description="What they get.")


@strawberry.type(description="The model has no policy of its own.")
class RemoveSubscriptionPolicySuccess:
    subscription_policy: SubscriptionPolicy = strawberry.field(description="What holds for it instead.")


SetSubscriptionPolicyResult = Annotated[
    SetSubscriptionPolicySuccess | InvalidInput, result("SetSubscriptionPolicyResult")
]
RemoveSubscriptionPolicyResult = Annotated[
    RemoveSubscriptionPolicySuccess | InvalidInput, result("RemoveSubscriptionPolicyResult")
]


@strawberry.type
class PolicyMutations:
    @strawberry.mutation(
        description="Set what subscriptions get when nobody says anything. Those that are there keep what they have. Admins only."
    )
    @declares(errors.InvalidInput)
    async def set_subscription_policy(
        self, info: Info, input: Annotated[SetSubscriptionPolicyInput, INPUT]
    ) -> SetSubscriptionPolicyResult:
        model_id = None if input.model_id is None else decode_id("Model", input.model_id, "modelId")
        rules = await info.context.services.subscriptions.set_rules(
            info.context.actor, model_id, input.changes("life_days")
        )
        return SetSubscriptionPolicySuccess(subscription_policy=SubscriptionPolicy.of(rules))

    @strawberry.mutation(description="Take a model's own policy away. Admins only.")
    @declares(errors.InvalidInput)
    async def remove_subscription_policy(
        self, info: Info, input: Annotated[RemoveSubscriptionPolicyInput, INPUT]
    ) -> RemoveSubscriptionPolicyResult:
        service = info.context.services.subscriptions
        await service.remove_rules(info.context.actor, decode_id("Model", input.model_id, "modelId"))
        return RemoveSubscriptionPolicySuccess(subscription_policy=SubscriptionPolicy.of(await service.rules()))
