"""Who may use which model.

A person asks for a model; an open one is theirs at once, a restricted one waits for an admin's decision, a hidden or retired one cannot
be asked for. One person has at most one open subscription (pending, active or suspended) to a model, which the database enforces.
Status changes follow the one table in `policy`, and nobody decides on their own request.
"""

from gateway.subscriptions.policy import InvalidTransition
from gateway.subscriptions.queries import usable, usable_models
from gateway.subscriptions.service import AlreadySubscribed, ModelUnavailable, SubscriptionService
from gateway.subscriptions.tables import ModelSubscription, SubscriptionStatus

__all__ = [
    "AlreadySubscribed",
    "InvalidTransition",
    "ModelSubscription",
    "ModelUnavailable",
    "SubscriptionService",
    "SubscriptionStatus",
    "usable",
    "usable_models",
]
