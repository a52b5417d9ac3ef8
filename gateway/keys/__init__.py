"""API keys: made exactly once, never stored, gone when they are revoked, and never more than their owner's right.

What a key promises. A secret is made here, shown once in the answer to the request that made it, and kept nowhere: we store its SHA-256,
which is also LiteLLM's name for it. Our rows say what should be true, and LiteLLM is brought to them: `desired` computes it, a model
counting only while its owner's subscription gives it, and `settlement` makes it so, at once after a change and by the clock whatever a
crash, a time-out or a pause of LiteLLM's interrupted. Until LiteLLM has confirmed, the key says that it is not in sync; it never claims
more than is known.

A new secret (rotation, or after a leak) is confirmed before the old one ends, so that a failure leaves the old one working. Limits have
maxima that an admin sets (`rules`). What somebody changes in LiteLLM itself is found by a sweep (`drift`), shown, and undone or adopted
only when a person says so.
"""

from gateway.keys.access import NotSubscribed
from gateway.keys.changes import revoke_all_of
from gateway.keys.creation import AlreadyDone, CreatedKey
from gateway.keys.erasure import forget_ended_names, forget_names_of
from gateway.keys.policy import NewKey
from gateway.keys.queries import EVERY_KEY, KeyFilter, KeyOrder, listed, order_of
from gateway.keys.rotation import ReportedKey, RotationFailed
from gateway.keys.service import Backlog, KeyService
from gateway.keys.tables import ApiKey, ApiKeyGeneration, ApiKeyModel, ApiKeyStatus, KeyRules

__all__ = [
    "EVERY_KEY",
    "AlreadyDone",
    "ApiKey",
    "ApiKeyGeneration",
    "ApiKeyModel",
    "ApiKeyStatus",
    "Backlog",
    "CreatedKey",
    "KeyFilter",
    "KeyOrder",
    "KeyRules",
    "KeyService",
    "NewKey",
    "NotSubscribed",
    "ReportedKey",
    "RotationFailed",
    "forget_ended_names",
    "forget_names_of",
    "listed",
    "order_of",
    "revoke_all_of",
]
