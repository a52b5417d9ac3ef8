"""Requests and tokens per minute, and requests at once, per key. In memory: a restart begins anew, as in LiteLLM."""

import time
from dataclasses import dataclass, field

from gateway.sandbox.litellm import refusals
from gateway.sandbox.litellm.store import Key

_WINDOW = 60.0
_EXPECTED_ANSWER = 1024  # tokens that LiteLLM sets aside for an answer of unknown length


@dataclass
class _Window:
    ends: float = 0.0
    requests: int = 0
    tokens: int = 0
    running: int = 0


@dataclass
class Admission:
    """A call that was let in; `headers` tell what is left. To be settled with what it really used."""

    window: _Window
    reserved: int
    headers: dict[str, str] = field(default_factory=dict)

    def settle(self, tokens: int) -> None:
        self.window.running -= 1
        self.window.tokens += tokens - self.reserved


class Limits:
    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def admit(self, key: Key, prompt_tokens: int, max_tokens: int | None) -> Admission:
        """Count the call in, or raise the Refusal that LiteLLM would answer.

        Tokens are charged in advance with an estimate: the prompt, and for the answer what the caller allows it, else
        1024 or a quarter of the limit, whichever is less.
        """
        now = time.time()
        window = self._windows.setdefault(key.token, _Window())
        if window.ends <= now:
            window.ends, window.requests, window.tokens = now + _WINDOW, 0, 0
        reserved = 0
        if key.rpm_limit is not None and window.requests + 1 > key.rpm_limit:
            raise refusals.throttled(key.token, "requests", key.rpm_limit, window.ends)
        if key.tpm_limit is not None:
            answer = max_tokens if max_tokens is not None else min(_EXPECTED_ANSWER, key.tpm_limit // 4)
            reserved = prompt_tokens + answer
            if window.tokens + reserved > key.tpm_limit:
                raise refusals.throttled(key.token, "tokens", key.tpm_limit, window.ends)
        if key.max_parallel_requests is not None and window.running + 1 > key.max_parallel_requests:
            raise refusals.throttled(key.token, "max_parallel_requests", key.max_parallel_requests, window.ends)
        window.requests += 1
        window.tokens += reserved
        window.running += 1
        admission = Admission(window, reserved)
        if key.rpm_limit is not None:
            admission.headers |= _headers("requests", key.rpm_limit, key.rpm_limit - window.requests)
        if key.tpm_limit is not None:
            admission.headers |= _headers("tokens", key.tpm_limit, key.tpm_limit - window.tokens)
        return admission


def _headers(what: str, limit: int, remaining: int) -> dict[str, str]:
    return {
        f"x-ratelimit-api_key-remaining-{what}": str(remaining),
        f"x-ratelimit-api_key-limit-{what}": str(limit),
    }
