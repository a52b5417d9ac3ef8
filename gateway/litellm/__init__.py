"""LiteLLM over HTTP: the few management calls that LiteMaaS makes, typed.

Promises: secrets are never logged, and stand in no error and no repr; money is exact Decimal; every failure is one of
two errors. `LiteLLMUnavailable` says by `maybe_done` whether the call may have had its effect all the same;
`LiteLLMRefused` carries LiteLLM's own words, scrubbed. Model calls never come through here.

A circuit breaker keeps everybody from waiting for a LiteLLM that does not answer, and `judge` knows which releases must not be run.
"""

from msgspec import UNSET

from gateway.litellm.breaker import Breaker, Circuit
from gateway.litellm.client import LiteLLM
from gateway.litellm.errors import LiteLLMError, LiteLLMPaused, LiteLLMRefused, LiteLLMUnavailable
from gateway.litellm.models import ModelInfo
from gateway.litellm.versions import Judgement, Verdict, judge
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
    "Breaker",
    "Circuit",
    "GenerateKey",
    "GeneratedKey",
    "Judgement",
    "KeyChanges",
    "KeyInfo",
    "KeyPage",
    "LiteLLM",
    "LiteLLMError",
    "LiteLLMPaused",
    "LiteLLMRefused",
    "LiteLLMUnavailable",
    "ModelInfo",
    "SpendPage",
    "SpendRow",
    "Verdict",
    "exact_money",
    "hash_secret",
    "judge",
]
