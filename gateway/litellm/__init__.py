"""LiteLLM over HTTP: the few management calls that LiteMaaS makes, typed.

Promises: secrets are never logged, and stand in no error and no repr; money is exact Decimal; every failure is one of
two errors. `LiteLLMUnavailable` says by `maybe_done` whether the call may have had its effect all the same;
`LiteLLMRefused` carries LiteLLM's own words, scrubbed. Model calls never come through here.
"""

from msgspec import UNSET

from gateway.litellm.client import LiteLLM
from gateway.litellm.errors import LiteLLMError, LiteLLMRefused, LiteLLMUnavailable, scrub
from gateway.litellm.models import ModelInfo
from gateway.litellm.wire import (
    GeneratedKey,
    GenerateKey,
    KeyChanges,
    KeyInfo,
    KeyPage,
    SpendPage,
    SpendRow,
    exact_money,
    hash_secret,
)

__all__ = [
    "UNSET",
    "GenerateKey",
    "GeneratedKey",
    "KeyChanges",
    "KeyInfo",
    "KeyPage",
    "LiteLLM",
    "LiteLLMError",
    "LiteLLMRefused",
    "LiteLLMUnavailable",
    "ModelInfo",
    "SpendPage",
    "SpendRow",
    "exact_money",
    "hash_secret",
    "scrub",
]
