"""Somebody leaves: what is theirs is ended or put away in one transaction, after an admin has seen what that will be.

The person is disabled, so that nobody signs in and every key is refused; sessions end and access tokens are revoked. Keys are revoked
for good, or stay on hold with their owner, and subscriptions are given up or kept. History keeps its names.
"""

from gateway.offboarding.service import KeysFate, OffboardingImpact, OffboardingService, SubscriptionsFate

__all__ = ["KeysFate", "OffboardingImpact", "OffboardingService", "SubscriptionsFate"]
