"""Subscriptions: who may use which model, for how much, and how it came to that."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from gateway import subscriptions
from gateway.db import utc_now
from schema.catalog import Model
from schema.context import Info
from schema.cost import price
from schema.relay import Node, encode_id
from schema.scalars import BigInt
from schema.usage import UsageTotals
from schema.users import User

SubscriptionStatus = subscriptions.SubscriptionStatus
strawberry.enum(
    SubscriptionStatus,
    description="PENDING waits for a decision, ACTIVE may be used, SUSPENDED is on hold; DENIED, EXPIRED and CANCELLED are over.",
)
SubscriptionAction = subscriptions.SubscriptionAction
strawberry.enum(
    SubscriptionAction,
    description="What was done to a subscription. CHANGED: an admin set other limits or another expiry. QUOTA_…: other limits were "
    "asked for, granted, denied or no longer wanted.",
)
SubscriptionOrder = subscriptions.SubscriptionOrder
strawberry.enum(
    SubscriptionOrder,
    description="By when it was requested, by how long a decision has been awaited (those that await none last), by when it ends "
    "(those that do not last), or by the model's name.",
)
ExistingSubscriptions = subscriptions.ExistingSubscriptions
strawberry.enum(
    ExistingSubscriptions,
    description="What becomes of subscriptions to a model that changes or is gone. KEEP: they stay. SUSPEND: active ones are put on hold, "
    "and an admin lets people back one by one. CANCEL: active and suspended ones end, and requests that wait are denied.",
)
QuotaKind = subscriptions.QuotaKind
strawberry.enum(QuotaKind, description="What a limit per window counts: answered calls, their tokens, or US dollars.")
QuotaChangeStatus = subscriptions.QuotaChangeStatus
strawberry.enum(
    QuotaChangeStatus, description="PENDING waits for a decision; CANCELLED was withdrawn, or became pointless."
)


@strawberry.type(description="One limit that was changed; as text, null: no limit.")
class LimitChange:
    limit: str = strawberry.field(description="Its name: `maxBudget`, `rpmLimit`, `expiresAt`.")
    before: str | None = strawberry.field(description="What it was.")
    after: str | None = strawberry.field(description="What it was changed to.")


@strawberry.type(description="One line of a subscription's history.")
class SubscriptionChange:
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="By whom: a username, or the name of one of LiteMaaS's own jobs.")
    action: SubscriptionAction = strawberry.field(description="What was done.")
    from_status: SubscriptionStatus | None = strawberry.field(
        description="The status before; null for the request itself."
    )
    to_status: SubscriptionStatus = strawberry.field(description="The status after.")
    reason: str | None = strawberry.field(description="Why, in the words of who did it.")
    limits: list[LimitChange] = strawberry.field(
        description="Which limits were changed by it.", metadata=price(items=1)
    )

    @classmethod
    def of(cls, row: Any) -> "SubscriptionChange":
        limits = [
            LimitChange(limit=_NAMES.get(column, column), before=before, after=after)
            for column, (before, after) in row.limits.items()
        ]
        return cls(
            at=row.at,
            actor=row.actor,
            action=row.action,
            from_status=row.from_status,
            to_status=row.to_status,
            reason=row.reason,
            limits=limits,
        )


_NAMES = {**subscriptions.LIMITS, "expires_at": "expiresAt"}


@strawberry.interface(description="What may be used at most; null: no limit.")
class Limits:
    max_budget: Decimal | None = strawberry.field(
        description="US dollars that may be spent in each window; null: no limit."
    )
    max_requests: BigInt | None = strawberry.field(description="Answered calls in each window; null: no limit.")
    max_tokens: BigInt | None = strawberry.field(description="Tokens in each window; null: no limit.")
    budget_duration: str | None = strawberry.field(
        description='How long a window is, in LiteLLM\'s words: "30d"; null: one window that never ends.'
    )
    rpm_limit: int | None = strawberry.field(description="Requests a minute; null: no limit.")
    tpm_limit: int | None = strawberry.field(description="Tokens a minute; null: no limit.")


@strawberry.type(
    description="What a subscription gets when nobody says anything. On an open model it is active at once with these; to ask for more, an "
    "admin is asked."
)
class SubscriptionPolicy(Limits):
    life_days: int | None = strawberry.field(
        description="Days from its beginning to its end by itself; null: it does not end by itself."
    )
    row: strawberry.Private[Any]

    @strawberry.field(description="The model that it is for; null: all that have none of their own.")
    async def model(self, info: Info) -> Model | None:
        if self.row.model_id is None:
            return None
        info.context.actor  # noqa: B018 - a loader needs somebody who asks
        row = await info.context.loaders.model.load(self.row.model_id)
        return Model.of(row) if row else None

    @classmethod
    def of(cls, rules: subscriptions.SubscriptionRules) -> "SubscriptionPolicy":
        return cls(**subscriptions.limits_of(rules), life_days=rules.life_days, row=rules)


@strawberry.type(description="Other limits that the owner of a subscription asks for: all of them, as they would be.")
class QuotaChange(Node, Limits):
    status: QuotaChangeStatus = strawberry.field(description="Whether it was decided.")
    justification: str | None = strawberry.field(description="Why they are needed, in the requester's words.")
    reason: str | None = strawberry.field(description="Why it was decided so, in the words of who decided.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    decided_at: datetime | None = strawberry.field(description="When it was decided or withdrawn.")
    row: strawberry.Private[Any]

    @strawberry.field(description="The subscription that it is about.")
    async def subscription(self, info: Info) -> "ModelSubscription":
        return ModelSubscription.of(await info.context.loaders.subscription.load(self.row.subscription_id))

    @strawberry.field(
        description="US dollars that these limits allow in 30 days at most, at the model's present prices; null: no bound."
    )
    async def highest_monthly_cost(self, info: Info) -> Decimal | None:
        of = await info.context.loaders.subscription.load(self.row.subscription_id)
        return await _highest_monthly_cost(info, self.row, of.model_id)

    @classmethod
    def of(cls, row: Any) -> "QuotaChange":
        return cls(
            id=encode_id("QuotaChange", row.id),
            status=row.status,
            justification=row.justification,
            reason=row.reason,
            **subscriptions.limits_of(row),
            created_at=row.created_at,
            decided_at=row.decided_at,
            row=row,
        )


@strawberry.type(description="One limit per window, and what was used of it; in calls, tokens or US dollars.")
class QuotaLimit:
    kind: QuotaKind = strawberry.field(description="What it counts.")
    limit: Decimal = strawberry.field(description="How much there is in each window.")
    used: Decimal = strawberry.field(
        description="How much was used since the window began; calls under way may pass the limit."
    )
    remaining: Decimal = strawberry.field(description="What is left, at least 0.")
    exhausted: bool = strawberry.field(description="Whether nothing is left.")


@strawberry.type(description="The limits per window of a subscription, in the present window.")
class SubscriptionQuota:
    starts_at: datetime = strawberry.field(description="When the present window began.")
    resets_at: datetime | None = strawberry.field(description="When the next one begins; null: never.")
    exhausted: bool = strawberry.field(
        description="Whether any limit is used up: then the model leaves the owner's keys within seconds, until `resetsAt`."
    )
    limits: list[QuotaLimit] = strawberry.field(
        description="One for each limit that there is.", metadata=price(items=3)
    )

    @classmethod
    def of(cls, quota: subscriptions.Quota) -> "SubscriptionQuota":
        limits = [
            QuotaLimit(
                kind=limit.kind,
                limit=limit.limit,
                used=limit.used,
                remaining=limit.remaining,
                exhausted=limit.exhausted,
            )
            for limit in quota.limits
        ]
        return cls(starts_at=quota.starts_at, resets_at=quota.resets_at, exhausted=quota.exhausted, limits=limits)


@strawberry.type(description="One person's right to use one model.")
class ModelSubscription(Node, Limits):
    status: SubscriptionStatus = strawberry.field(description="Whether the model may be used.")
    justification: str | None = strawberry.field(
        description="Why the requester needs the model, in the requester's words."
    )
    reason: str | None = strawberry.field(
        description="Why it is so, in the words of who last decided on it, suspended it or let it go on."
    )
    created_at: datetime = strawberry.field(description="When it was requested.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself; null: never.")
    awaiting_since: datetime | None = strawberry.field(
        description="Since when an admin's decision is awaited, on the request or on other limits; null when none is."
    )
    row: strawberry.Private[Any]

    @strawberry.field(description="The model that this is about.")
    async def model(self, info: Info) -> Model:
        return Model.of(await info.context.loaders.model_of_subscription.load(self.row.model_id))

    @strawberry.field(description="Whose subscription this is.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.loaders.user.load(self.row.user_id)
        return User.of(row) if row else None

    @strawberry.field(description="US dollars spent on this model by its owner since the subscription began.")
    async def spend(self, info: Info) -> Decimal:
        of = (self.row.user_id, self.row.model_id, self.row.created_at)
        spent: Decimal = await info.context.loaders.spend_of_subscription.load(of)
        return spent

    @strawberry.field(description="What is left of its limits per window; null when it has none.")
    async def quota(self, info: Info) -> SubscriptionQuota | None:
        now = utc_now()
        since, _ = subscriptions.window_of(self.row, now)
        of = (self.row.user_id, self.row.model_id, since)
        quota = subscriptions.quota_of(self.row, await info.context.loaders.used_of_subscription.load(of), now)
        return SubscriptionQuota.of(quota) if quota else None

    @strawberry.field(description="What its owner used of all models in the last 30 days.")
    async def owners_usage(self, info: Info) -> UsageTotals:
        return UsageTotals.of(await info.context.loaders.recent_usage_of_user.load(self.row.user_id))

    @strawberry.field(description="Everything that was done to it, oldest first.")
    async def history(self, info: Info) -> list[SubscriptionChange]:
        return [
            SubscriptionChange.of(row) for row in await info.context.loaders.history_of_subscription.load(self.row.id)
        ]

    @strawberry.field(description="Other limits that its owner asks for and that nobody has decided on yet.")
    async def quota_change(self, info: Info) -> QuotaChange | None:
        row = await info.context.loaders.quota_change_of_subscription.load(self.row.id)
        return QuotaChange.of(row) if row else None

    @strawberry.field(
        description="US dollars that its limits allow in 30 days at most, at the model's present prices; null: no bound."
    )
    async def highest_monthly_cost(self, info: Info) -> Decimal | None:
        return await _highest_monthly_cost(info, self.row, self.row.model_id)

    @classmethod
    def of(cls, row: Any) -> "ModelSubscription":
        return cls(
            id=encode_id("ModelSubscription", row.id),
            status=row.status,
            justification=row.justification,
            reason=row.reason,
            **subscriptions.limits_of(row),
            created_at=row.created_at,
            expires_at=row.expires_at,
            awaiting_since=row.awaiting_since,
            row=row,
        )


async def _highest_monthly_cost(info: Info, row: Any, model_id: Any) -> Decimal | None:
    model = await info.context.loaders.model_of_subscription.load(model_id)
    limits = subscriptions.limits_of(row)
    return subscriptions.highest_monthly_cost(limits, model.input_cost_per_million, model.output_cost_per_million)
