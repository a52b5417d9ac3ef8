"""What admins do with the subscriptions of others, and with who may have a model."""

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from gateway import errors, subscriptions
from schema.catalog import Model, ModelAccess, ModelLifecycle
from schema.context import Info
from schema.errors import Error, InvalidInput, InvalidTransition, ModelUnavailable, declares, result
from schema.relay import decode_id
from schema.subscription_mutations import INPUT, SUBSCRIPTION, LimitsInput
from schema.subscriptions import ExistingSubscriptions, ModelSubscription

REASON = "For the owner to read; at most 1,000 characters."
WHY = "Why, for the owner to read; at most 1,000 characters."
QUOTA_CHANGE = "The request for other limits that is meant; left out, the request for the subscription itself is."
EXPIRY = "When it ends by itself; null: never."


@strawberry.enum(description="Yes or no.")
class Verdict(Enum):
    APPROVE = "APPROVE"
    DENY = "DENY"


@strawberry.input(description="Say yes to a pending request. Limits that are left out are as they were asked for.")
class ApproveModelSubscriptionInput(LimitsInput):
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    quota_change_id: strawberry.ID | None = strawberry.field(default=None, description=QUOTA_CHANGE)
    reason: str | None = strawberry.field(
        default=None, description="For the requester to read; at most 1,000 characters."
    )
    expires_at: datetime | None = strawberry.field(default=strawberry.UNSET, description=EXPIRY)

    def to_domain(self) -> subscriptions.Decision:
        return subscriptions.Decision(
            subscription_id=decode_id("ModelSubscription", self.subscription_id, "subscriptionId"),
            approve=True,
            reason=self.reason,
            changes=self.changes("expires_at"),
            quota_change_id=_quota_change(self.quota_change_id),
        )


@strawberry.input(description="Say no to a pending request.")
class DenyModelSubscriptionInput:
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    quota_change_id: strawberry.ID | None = strawberry.field(default=None, description=QUOTA_CHANGE)
    reason: str = strawberry.field(description="Why, for the requester to read; at most 1,000 characters.")


@strawberry.input(description="One of many decisions; as in `approveModelSubscription` and `denyModelSubscription`.")
class SubscriptionDecisionInput(ApproveModelSubscriptionInput):
    verdict: Verdict = strawberry.field(
        description="Yes, or no: then a reason is needed, and limits are not looked at."
    )

    def to_domain(self) -> subscriptions.Decision:
        approve = self.verdict is Verdict.APPROVE
        return subscriptions.Decision(
            subscription_id=decode_id("ModelSubscription", self.subscription_id, "decisions.subscriptionId"),
            approve=approve,
            reason=self.reason,
            changes=self.changes("expires_at") if approve else {},
            quota_change_id=_quota_change(self.quota_change_id),
        )


@strawberry.input(description="Decide on many requests, each for itself.")
class DecideModelSubscriptionsInput:
    decisions: list[SubscriptionDecisionInput] = strawberry.field(
        description="1 to 100 decisions, each on another subscription."
    )


@strawberry.input(description="Other limits, or another expiry. What is left out stays.")
class UpdateModelSubscriptionInput(LimitsInput):
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    reason: str | None = strawberry.field(default=None, description=REASON)
    expires_at: datetime | None = strawberry.field(default=strawberry.UNSET, description=EXPIRY)


@strawberry.input(description="Put an active subscription on hold.")
class SuspendModelSubscriptionInput:
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    reason: str = strawberry.field(description=WHY)


@strawberry.input(description="Let a suspended subscription go on.")
class ResumeModelSubscriptionInput:
    subscription_id: strawberry.ID = strawberry.field(description=SUBSCRIPTION)
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.input(
    description="Who may have a model, whether it is here to stay, and what becomes of those who have it."
)
class SetModelAccessInput:
    model_id: strawberry.ID = strawberry.field(description="The model.")
    access: ModelAccess = strawberry.field(description="Who may use it from now on.")
    lifecycle: ModelLifecycle | None = strawberry.field(
        default=None, description="AVAILABLE or DEPRECATED; as it is, if left out. RETIRED follows from LiteLLM's list."
    )
    successor_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What to use instead; null: nothing; as it is, if left out."
    )
    existing: ExistingSubscriptions = strawberry.field(
        default=ExistingSubscriptions.KEEP, description="What becomes of active subscriptions."
    )
    reason: str | None = strawberry.field(
        default=None,
        description="For owners of suspended subscriptions to read, required then; at most 1,000 characters.",
    )


@strawberry.type(description="The subscription is active, or has the other limits.")
class ApproveModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The request was denied.")
class DenyModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="Why one of many decisions was refused. Nothing of that one was written.")
class DecisionRefused(Error):
    code: str = strawberry.field(
        description="For programs: NOT_FOUND, FORBIDDEN (one's own request), INVALID_TRANSITION (decided already), INVALID_INPUT."
    )


@strawberry.type(description="What became of one of many decisions: a subscription or a refusal.")
class SubscriptionDecision:
    subscription_id: strawberry.ID = strawberry.field(
        description="The subscription that was decided on, as it was given."
    )
    subscription: ModelSubscription | None = strawberry.field(description="It, as it is now; null when refused.")
    error: DecisionRefused | None = strawberry.field(description="Why it was refused; null when it was done.")


@strawberry.type(description="Each decision was taken or refused, for itself.")
class DecideModelSubscriptionsSuccess:
    results: list[SubscriptionDecision] = strawberry.field(description="One for each decision, in the same order.")


@strawberry.type(description="The subscription was changed.")
class UpdateModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The subscription is on hold.")
class SuspendModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The subscription is active again.")
class ResumeModelSubscriptionSuccess:
    subscription: ModelSubscription = strawberry.field(description=SUBSCRIPTION)


@strawberry.type(description="The model was changed, and with it what was said of its subscriptions.")
class SetModelAccessSuccess:
    model: Model = strawberry.field(description="The model.")


ApproveModelSubscriptionResult = Annotated[
    ApproveModelSubscriptionSuccess | InvalidTransition | ModelUnavailable | InvalidInput,
    result("ApproveModelSubscriptionResult"),
]
DenyModelSubscriptionResult = Annotated[
    DenyModelSubscriptionSuccess | InvalidTransition | InvalidInput, result("DenyModelSubscriptionResult")
]
DecideModelSubscriptionsResult = Annotated[
    DecideModelSubscriptionsSuccess | InvalidInput, result("DecideModelSubscriptionsResult")
]
UpdateModelSubscriptionResult = Annotated[
    UpdateModelSubscriptionSuccess | InvalidTransition | InvalidInput, result("UpdateModelSubscriptionResult")
]
SuspendModelSubscriptionResult = Annotated[
    SuspendModelSubscriptionSuccess | InvalidTransition | InvalidInput, result("SuspendModelSubscriptionResult")
]
ResumeModelSubscriptionResult = Annotated[
    ResumeModelSubscriptionSuccess | InvalidTransition | InvalidInput, result("ResumeModelSubscriptionResult")
]
SetModelAccessResult = Annotated[SetModelAccessSuccess | InvalidInput, result("SetModelAccessResult")]


@strawberry.type
class ApprovalMutations:
    @strawberry.mutation(description="Say yes to a pending request. Admins only, and nobody on his own request.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition, subscriptions.ModelUnavailable)
    async def approve_model_subscription(
        self, info: Info, input: Annotated[ApproveModelSubscriptionInput, INPUT]
    ) -> ApproveModelSubscriptionResult:
        wanted, service = input.to_domain(), info.context.services.subscriptions
        row = await service.approve(
            info.context.actor, wanted.subscription_id, wanted.reason, wanted.changes, wanted.quota_change_id
        )
        return ApproveModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(description="Say no to a pending request. Admins only, and nobody on his own request.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def deny_model_subscription(
        self, info: Info, input: Annotated[DenyModelSubscriptionInput, INPUT]
    ) -> DenyModelSubscriptionResult:
        actor, service = info.context.actor, info.context.services.subscriptions
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        row = await service.deny(actor, subscription_id, input.reason, _quota_change(input.quota_change_id))
        return DenyModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(description="Decide on many requests: each is taken or refused for itself. Admins only.")
    @declares(errors.InvalidInput)
    async def decide_model_subscriptions(
        self, info: Info, input: Annotated[DecideModelSubscriptionsInput, INPUT]
    ) -> DecideModelSubscriptionsResult:
        decisions = [decision.to_domain() for decision in input.decisions]
        outcomes = await info.context.services.subscriptions.decide(info.context.actor, decisions)
        results = []
        for asked, outcome in zip(input.decisions, outcomes, strict=True):
            refused = isinstance(outcome, errors.DomainError)
            results.append(
                SubscriptionDecision(
                    subscription_id=asked.subscription_id,
                    subscription=None if refused else ModelSubscription.of(outcome),
                    error=DecisionRefused(message=outcome.message, code=outcome.code) if refused else None,
                )
            )
        return DecideModelSubscriptionsSuccess(results=results)

    @strawberry.mutation(
        description="Set other limits or another expiry. Admins only, and nobody on his own subscription."
    )
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def update_model_subscription(
        self, info: Info, input: Annotated[UpdateModelSubscriptionInput, INPUT]
    ) -> UpdateModelSubscriptionResult:
        actor, service = info.context.actor, info.context.services.subscriptions
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        row = await service.change(actor, subscription_id, input.changes("expires_at"), input.reason)
        return UpdateModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(description="Put a subscription on hold: the model leaves its owner's keys. Admins only.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def suspend_model_subscription(
        self, info: Info, input: Annotated[SuspendModelSubscriptionInput, INPUT]
    ) -> SuspendModelSubscriptionResult:
        actor, service = info.context.actor, info.context.services.subscriptions
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        row = await service.suspend(actor, subscription_id, input.reason)
        return SuspendModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(description="Let a suspended subscription go on. Admins only, and nobody his own.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def resume_model_subscription(
        self, info: Info, input: Annotated[ResumeModelSubscriptionInput, INPUT]
    ) -> ResumeModelSubscriptionResult:
        actor, service = info.context.actor, info.context.services.subscriptions
        subscription_id = decode_id("ModelSubscription", input.subscription_id, "subscriptionId")
        row = await service.resume(actor, subscription_id, input.reason)
        return ResumeModelSubscriptionSuccess(subscription=ModelSubscription.of(row))

    @strawberry.mutation(
        description="Say who may have a model and whether it is here to stay; `admin.modelChangeImpact` tells beforehand what that does. "
        "Admins only."
    )
    @declares(errors.InvalidInput)
    async def set_model_access(self, info: Info, input: Annotated[SetModelAccessInput, INPUT]) -> SetModelAccessResult:
        model_id = decode_id("Model", input.model_id, "modelId")
        changes: dict[str, object] = {} if input.lifecycle is None else {"lifecycle": input.lifecycle}
        if input.successor_id is not strawberry.UNSET:
            given = input.successor_id
            changes["successor_id"] = None if given is None else decode_id("Model", given, "successorId")
        row = await info.context.services.subscriptions.change_model(
            info.context.actor,
            model_id,
            {"access": input.access, **changes},
            existing=input.existing,
            reason=input.reason,
        )
        return SetModelAccessSuccess(model=Model.of(row))


def _quota_change(node_id: strawberry.ID | None) -> UUID | None:
    return None if node_id is None else decode_id("QuotaChange", node_id, "quotaChangeId")
