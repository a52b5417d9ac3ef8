"""API keys: made exactly once, never stored, gone when they are revoked.

What a key promises. Its secret is made here, shown once in the answer to the request that made it, and kept nowhere: we store its SHA-256,
which is also LiteLLM's name for the key. A key holds only models to which its owner has an active subscription. Our row says what should
be true, and LiteLLM is brought to it: a row is written first, LiteLLM is told after the commit, and only when it has confirmed does the
secret leave this process. Whatever a crash or a time-out interrupts is settled by `KeyService.settle`, which runs every few seconds: a key
that nobody can have seen is deleted in LiteLLM and marked FAILED, a revocation is repeated until LiteLLM confirms it. Until then the key
says that it is not in sync; it never claims more than is known.
"""

from gateway.keys.access import NotSubscribed
from gateway.keys.creation import AlreadyDone, CreatedKey
from gateway.keys.policy import NewKey
from gateway.keys.queries import NEWEST_FIRST, listed
from gateway.keys.rotation import ReportedKey, RotationFailed
from gateway.keys.service import KeyService
from gateway.keys.tables import ApiKey, ApiKeyGeneration, ApiKeyModel, ApiKeyStatus, KeyRules

__all__ = [
    "NEWEST_FIRST",
    "AlreadyDone",
    "ApiKey",
    "ApiKeyGeneration",
    "ApiKeyModel",
    "ApiKeyStatus",
    "CreatedKey",
    "KeyRules",
    "KeyService",
    "NewKey",
    "NotSubscribed",
    "ReportedKey",
    "RotationFailed",
    "listed",
]
