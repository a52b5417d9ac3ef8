"""A circuit breaker: after several failures in a row nobody waits for LiteLLM any more, until one request has found it well again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

import structlog
from prometheus_client import Gauge

from gateway.litellm.errors import LiteLLMPaused, LiteLLMRefused, LiteLLMUnavailable

log = structlog.get_logger()

_open = Gauge("litemaas_litellm_circuit_open", "Whether requests to LiteLLM are held back after several that failed.")


class Circuit(StrEnum):
    """CLOSED: all is well. OPEN: nothing is sent. HALF_OPEN: the next request is tried, and decides."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Breaker:
    """Opens after `failures` in a row; `pause` seconds later one request may try. Any answer of LiteLLM's own closes it, a refusal too."""

    def __init__(self, failures: int = 5, pause: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._pause, self._clock = failures, pause, clock
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    @property
    def state(self) -> Circuit:
        if self._opened_at is None:
            return Circuit.CLOSED
        waiting = self._trying or self._clock() < self._opened_at + self._pause
        return Circuit.OPEN if waiting else Circuit.HALF_OPEN

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one request. Raises LiteLLMPaused, with nothing sent, while the circuit is open."""
        state = self.state
        if state is Circuit.OPEN:
            raise LiteLLMPaused
        self._trying = trying = state is Circuit.HALF_OPEN
        try:
            yield
        except LiteLLMUnavailable:
            self.failed()
            raise
        except LiteLLMRefused:
            self.succeeded()
            raise
        else:
            self.succeeded()
        finally:
            # Whoever is cancelled has found out nothing: the next one tries.
            if trying:
                self._trying = False

    def failed(self) -> None:
        self._failures += 1
        if self._trying or (self._opened_at is None and self._failures >= self._limit):
            if self._opened_at is None:
                log.warning("litellm_circuit_opened", failures=self._failures)
            self._opened_at = self._clock()
            _open.set(1)

    def succeeded(self) -> None:
        self._failures = 0
        if self._opened_at is not None:
            log.warning("litellm_circuit_closed")
            self._opened_at = None
            _open.set(0)
