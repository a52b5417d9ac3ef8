"""Who may use which model, for how much, and until when.

A person asks for a model; an open one is theirs at once, a restricted one waits for an admin's decision, a hidden or retired one cannot
be asked for. One person has at most one open subscription (pending, active or suspended) to a model, which the database enforces.
Status changes follow the one table in `policy`, which a trigger in the database has too, and each is a line of history with who, when
and why, written in the same transaction. Nobody decides on what is his own, and of two decisions at once one wins.

A subscription may carry limits: requests, tokens and budget for each window (see `windows`), requests and tokens a minute. Its owner asks
for others, an admin decides; an admin's `rules` give those that nobody asked for. Whether a quota is used up is for the ledger to say:
`usage` writes `exhausted_until`.

Keys take their rights from here by reading: a model belongs on its owner's keys while `usable()` holds for the subscription.

Topics on the bus: `subscriptions` for every change, `subscriptions:user:<id>` for those of one person, `approvals` when the number of
requests that wait for a decision may have changed.
"""

from gateway.subscriptions import windows
from gateway.subscriptions.changes import ANY as ANY_CHANGE
from gateway.subscriptions.erasure import forget_ended_texts, forget_texts_of
from gateway.subscriptions.model_changes import ExistingSubscriptions, ModelChangeImpact
from gateway.subscriptions.policy import LIMITS, InvalidTransition, highest_monthly_cost, limits_of
from gateway.subscriptions.queries import FOREVER, SubscriptionFilter, SubscriptionOrder, usable, usable_models
from gateway.subscriptions.quotas import (
    LimitUse,
    Quota,
    QuotaKind,
    Used,
    has_quota,
    mark_exhausted,
    quota_of,
    window_of,
)
from gateway.subscriptions.requests import AlreadySubscribed, ModelUnavailable
from gateway.subscriptions.reviews import Decision, cancel_all_of
from gateway.subscriptions.service import SubscriptionService
from gateway.subscriptions.tables import (
    ModelSubscription,
    QuotaChange,
    QuotaChangeStatus,
    SubscriptionAction,
    SubscriptionChange,
    SubscriptionRules,
    SubscriptionStatus,
)

__all__ = [
    "ANY_CHANGE",
    "FOREVER",
    "LIMITS",
    "AlreadySubscribed",
    "Decision",
    "ExistingSubscriptions",
    "InvalidTransition",
    "LimitUse",
    "ModelChangeImpact",
    "ModelSubscription",
    "ModelUnavailable",
    "Quota",
    "QuotaChange",
    "QuotaChangeStatus",
    "QuotaKind",
    "SubscriptionAction",
    "SubscriptionChange",
    "SubscriptionFilter",
    "SubscriptionOrder",
    "SubscriptionRules",
    "SubscriptionService",
    "SubscriptionStatus",
    "Used",
    "cancel_all_of",
    "forget_ended_texts",
    "forget_texts_of",
    "has_quota",
    "highest_monthly_cost",
    "limits_of",
    "mark_exhausted",
    "quota_of",
    "usable",
    "usable_models",
    "window_of",
    "windows",
]
