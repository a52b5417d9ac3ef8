"""Requests and tokens per minute, per key and per model of a key, and requests at once. In memory: a restart begins anew, as in LiteLLM."""

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
class _Scope:
    """What limits apply to, in LiteLLM's words: `api_key` or `model_per_key`. `reserved`: tokens that this call is charged in advance."""

    kind: str
    name: str
    rpm: int | None
    tpm: int | None
    window: _Window
    reserved: int = 0

    def check(self, prompt_tokens: int, max_tokens: int | None) -> None:
        """Raises the Refusal that LiteLLM would answer.

        Tokens are charged in advance with an estimate: the prompt, and for the answer what the caller allows it, else
        1024 or a quarter of the limit, whichever is less.
        """
        if self.rpm is not None and self.window.requests + 1 > self.rpm:
            raise refusals.throttled(self.kind, self.name, "requests", self.rpm, self.window.ends)
        if self.tpm is not None:
            answer = max_tokens if max_tokens is not None else min(_EXPECTED_ANSWER, self.tpm // 4)
            self.reserved = prompt_tokens + answer
            if self.window.tokens + self.reserved > self.tpm:
                raise refusals.throttled(self.kind, self.name, "tokens", self.tpm, self.window.ends)

    def enter(self) -> None:
        self.window.requests += 1
        self.window.tokens += self.reserved
        self.window.running += 1

    @property
    def headers(self) -> dict[str, str]:
        limited = (("requests", self.rpm, self.window.requests), ("tokens", self.tpm, self.window.tokens))
        headers: dict[str, str] = {}
        for what, limit, used in limited:
            if limit is not None:
                headers[f"x-ratelimit-{self.kind}-remaining-{what}"] = str(limit - used)
                headers[f"x-ratelimit-{self.kind}-limit-{what}"] = str(limit)
        return headers


@dataclass
class Admission:
    """A call that was let in; `headers` tell what is left. To be settled with what it really used."""

    scopes: list[_Scope]
    headers: dict[str, str] = field(default_factory=dict)

    def settle(self, tokens: int) -> None:
        for scope in self.scopes:
            scope.window.running -= 1
            scope.window.tokens += tokens - scope.reserved


class Limits:
    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def admit(self, key: Key, model: str, prompt_tokens: int, max_tokens: int | None) -> Admission:
        """Count the call in, or raise the Refusal that LiteLLM would answer."""
        of_key = _Scope("api_key", key.token, key.rpm_limit, key.tpm_limit, self._window(key.token))
        name = f"{key.token}:{model}"
        rpm, tpm = key.limit_of(model, "model_rpm_limit"), key.limit_of(model, "model_tpm_limit")
        scopes = [of_key, _Scope("model_per_key", name, rpm, tpm, self._window(name))]
        for scope in scopes:
            scope.check(prompt_tokens, max_tokens)
        parallel = key.max_parallel_requests
        if parallel is not None and of_key.window.running + 1 > parallel:
            raise refusals.throttled("api_key", key.token, "max_parallel_requests", parallel, of_key.window.ends)
        for scope in scopes:
            scope.enter()
        return Admission(scopes, of_key.headers | scopes[1].headers)

    def _window(self, name: str) -> _Window:
        now = time.time()
        window = self._windows.setdefault(name, _Window())
        if window.ends <= now:
            window.ends, window.requests, window.tokens = now + _WINDOW, 0, 0
        return window
