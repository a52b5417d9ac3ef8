from dataclasses import dataclass
from typing import Any

from gateway.errors import DomainError


@dataclass(eq=False)
class RateLimited(DomainError):
    """`limit` is which one: points, writes or concurrency. `retry_after` is in whole seconds."""

    limit: str
    retry_after: int
    code = "RATE_LIMITED"
    sentence = "This caller has asked for too much at a time ({limit}). Try again in {retry_after} s."

    @property
    def extensions(self) -> dict[str, Any]:
        return super().extensions | {"limit": self.limit, "retryAfter": self.retry_after}
