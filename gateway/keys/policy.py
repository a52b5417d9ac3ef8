"""What a new key may look like, what its secret looks like, and what may follow what."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from gateway.errors import InvalidInput
from gateway.keys.tables import ApiKeyStatus as S

MAX_NAME = 100
MAX_MODELS = 100
MAX_BUDGET = Decimal(1_000_000_000)
MAX_LIMIT = 2**31 - 1
MAX_LIFE = timedelta(days=3653)
# LiteLLM's words for a window: seconds, minutes, hours, days, weeks, and one month at a time.
_DURATION = re.compile(r"[1-9][0-9]{0,3}(s|m|h|d|w)|1mo")

# LiteLLM must not know a key in these states; in the others it must.
GONE = (S.EXPIRED, S.REVOKED, S.FAILED)
REVOCABLE = (S.ACTIVE, S.ROTATING, S.BLOCKED)


@dataclass(frozen=True)
class NewKey:
    """What its owner asks for. Money is in US dollars, `budget_duration` in LiteLLM's words ("30d"). See `check`."""

    name: str
    model_ids: Sequence[UUID]
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    expires_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raises InvalidInput naming the field."""
        check_name(self.name)
        if not self.model_ids:
            raise InvalidInput("modelIds", "must name at least one model")
        if len(self.model_ids) > MAX_MODELS:
            raise InvalidInput("modelIds", f"may name at most {MAX_MODELS} models")
        if self.max_budget is not None and not (self.max_budget.is_finite() and 0 < self.max_budget <= MAX_BUDGET):
            raise InvalidInput("maxBudget", f"must be more than 0 and at most {MAX_BUDGET}")
        if self.budget_duration is not None and not _DURATION.fullmatch(self.budget_duration):
            raise InvalidInput("budgetDuration", 'must be a number and a unit, such as "24h", "30d" or "1mo"')
        for name, limit in (("rpmLimit", self.rpm_limit), ("tpmLimit", self.tpm_limit)):
            if limit is not None and not 1 <= limit <= MAX_LIMIT:
                raise InvalidInput(name, f"must be from 1 to {MAX_LIMIT}")
        if self.expires_at is not None:
            if self.expires_at.tzinfo is None:
                raise InvalidInput("expiresAt", "must have a time zone")
            if not now < self.expires_at <= now + MAX_LIFE:
                raise InvalidInput("expiresAt", "must be in the future, and at most ten years away")


def check_name(name: str) -> None:
    if not name.strip():
        raise InvalidInput("name", "must not be empty")
    if len(name) > MAX_NAME:
        raise InvalidInput("name", f"may have at most {MAX_NAME} characters")
    if not name.isprintable():
        raise InvalidInput("name", "may not contain control characters")


@dataclass(frozen=True)
class Secret:
    """A key's secret in clear: exists in memory only, between its making and the one answer that shows it."""

    clear: str = field(repr=False)

    @classmethod
    def new(cls) -> "Secret":
        """256 random bits. The prefix is ours, for secret scanners to find; LiteLLM insists on `sk-`."""
        return cls("sk-lm-" + secrets.token_urlsafe(32))

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.clear.encode()).hexdigest()

    @property
    def prefix(self) -> str:
        return self.clear[:10]

    @property
    def last_four(self) -> str:
        return self.clear[-4:]


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many attempts that failed: 2 s, 4 s, … up to 5 minutes."""
    return timedelta(seconds=min(2.0 ** min(attempts, 20), 300.0))
