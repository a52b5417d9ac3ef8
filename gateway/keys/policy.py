"""What a new key may look like, what its secret looks like, and what may follow what."""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
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

# What our keys are called in LiteLLM, followed by the id of the key and the number of the generation.
ALIAS_PREFIX = "litemaas-"
MAX_OVERLAP = timedelta(days=7)

# LiteLLM must not know a key in these states; in the others it must.
GONE = (S.EXPIRED, S.REVOKED, S.FAILED)
LIVING = (S.ACTIVE, S.ROTATING, S.BLOCKED)


@dataclass(frozen=True)
class NewKey:
    """What its owner asks for. Money is in US dollars, `budget_duration` in LiteLLM's words ("30d"). See `check`."""

    name: str
    model_ids: Sequence[UUID]
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    max_parallel_requests: int | None = None
    expires_at: datetime | None = None

    @property
    def limits(self) -> dict[str, Any]:
        return {column: getattr(self, column) for column in LIMITS}

    def check(self, now: datetime) -> None:
        """Raises InvalidInput naming the field."""
        check_name(self.name)
        check_models(self.model_ids)
        check_limits(self.limits, now)


# The columns that limit a key, and what an input calls them.
LIMITS = {
    "max_budget": "maxBudget",
    "budget_duration": "budgetDuration",
    "rpm_limit": "rpmLimit",
    "tpm_limit": "tpmLimit",
    "max_parallel_requests": "maxParallelRequests",
    "expires_at": "expiresAt",
}


def check_models(model_ids: Sequence[UUID]) -> None:
    if not model_ids:
        raise InvalidInput("modelIds", "must name at least one model")
    if len(model_ids) > MAX_MODELS:
        raise InvalidInput("modelIds", f"may name at most {MAX_MODELS} models")


def check_limits(limits: Mapping[str, Any], now: datetime) -> None:
    """Those of LIMITS that are given; None is no limit. Raises InvalidInput naming the field."""
    for column, value in limits.items():
        if value is None:
            continue
        field = LIMITS[column]
        if column == "max_budget":
            if not (value.is_finite() and 0 < value <= MAX_BUDGET):
                raise InvalidInput(field, f"must be more than 0 and at most {MAX_BUDGET}")
        elif column == "budget_duration":
            if not _DURATION.fullmatch(value):
                raise InvalidInput(field, 'must be a number and a unit, such as "24h", "30d" or "1mo"')
        elif column == "expires_at":
            if value.tzinfo is None:
                raise InvalidInput(field, "must have a time zone")
            if not now < value <= now + MAX_LIFE:
                raise InvalidInput(field, "must be in the future, and at most ten years away")
        elif not 1 <= value <= MAX_LIMIT:
            raise InvalidInput(field, f"must be from 1 to {MAX_LIMIT}")


def check_name(name: str) -> None:
    if not name.strip():
        raise InvalidInput("name", "must not be empty")
    if len(name) > MAX_NAME:
        raise InvalidInput("name", f"may have at most {MAX_NAME} characters")
    if not name.isprintable():
        raise InvalidInput("name", "may not contain control characters")


def check_request_id(request_id: str | None) -> str | None:
    """What a client calls its own request. Raises InvalidInput."""
    if request_id is not None and not (0 < len(request_id) <= MAX_NAME and request_id.isprintable()):
        raise InvalidInput("clientMutationId", f"must have 1 to {MAX_NAME} printable characters")
    return request_id


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
