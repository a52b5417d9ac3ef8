"""What may follow what, what a request must bring, and which limits there can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway.catalog import ModelAccess
from gateway.errors import DomainError, InvalidInput
from gateway.subscriptions import windows
from gateway.subscriptions.tables import SubscriptionStatus as S

MAX_TEXT = 1000
MAX_BUDGET = Decimal(1_000_000_000)
MAX_RATE = 2**31 - 1
MAX_COUNT = 2**53
MAX_LIFE = timedelta(days=3653)

# The database has the same table, in a trigger.
TRANSITIONS: dict[S, frozenset[S]] = {
    S.PENDING: frozenset({S.ACTIVE, S.DENIED, S.CANCELLED}),
    S.ACTIVE: frozenset({S.SUSPENDED, S.EXPIRED, S.CANCELLED}),
    S.SUSPENDED: frozenset({S.ACTIVE, S.EXPIRED, S.CANCELLED}),
    S.DENIED: frozenset(),
    S.EXPIRED: frozenset(),
    S.CANCELLED: frozenset(),
}
OPEN = (S.PENDING, S.ACTIVE, S.SUSPENDED)

# The columns of tables.Limits, and what an input calls them.
LIMITS = {
    "max_budget": "maxBudget",
    "max_requests": "maxRequests",
    "max_tokens": "maxTokens",
    "budget_duration": "budgetDuration",
    "rpm_limit": "rpmLimit",
    "tpm_limit": "tpmLimit",
}
PER_WINDOW = ("max_budget", "max_requests", "max_tokens")

Changes = Mapping[str, Any]
"""Columns of LIMITS, and `expires_at`, that are to have other values; None takes a limit away. What is not there stays."""


@dataclass(eq=False)
class InvalidTransition(DomainError):
    """What was asked for does not fit the present status. `thing` is the noun, `status` what it is now."""

    thing: str
    status: str
    code = "INVALID_TRANSITION"
    sentence = "This {thing} is {status}: that is not possible now."


def check_transition(now: S, wanted: S) -> None:
    if wanted not in TRANSITIONS[now]:
        raise InvalidTransition("subscription", now)


def first_status(access: ModelAccess, justification: str | None, *, reviewed: bool = False) -> S:
    """The status of a new request; `reviewed` when an admin has to decide although the model is open.

    Raises InvalidInput when an admin decides and the request does not say why.
    """
    if access is ModelAccess.OPEN and not reviewed:
        return S.ACTIVE
    if not justification:
        raise InvalidInput("justification", "is needed, since an admin decides on this request")
    return S.PENDING


def limits_of(row: Any) -> dict[str, Any]:
    return {column: getattr(row, column) for column in LIMITS}


def differences(before: Changes, after: Changes) -> dict[str, list[str | None]]:
    """`{column: [before, after]}` of what is not the same, as text: how history keeps it."""
    return {
        column: [_text(before.get(column)), _text(value)]
        for column, value in after.items()
        if before.get(column) != value
    }


def exceeds(asked: Changes, granted: Changes) -> bool:
    """Whether limits allow anything that the others do not."""
    for column, name in granted.items():
        if column not in asked or name is None or column == "budget_duration":
            continue
        if asked[column] is None or asked[column] > name:
            return True
    counted = any(granted.get(column) is not None for column in PER_WINDOW)
    return counted and asked.get("budget_duration") != granted.get("budget_duration")


def check_changes(changes: Changes, now: datetime) -> None:
    """Raises InvalidInput naming the field as the caller wrote it."""
    for column, value in changes.items():
        if value is None:
            continue
        if column == "max_budget" and not (value.is_finite() and 0 < value <= MAX_BUDGET):
            raise InvalidInput("maxBudget", f"must be more than 0 and at most {MAX_BUDGET}")
        if column in ("max_requests", "max_tokens") and not 1 <= value <= MAX_COUNT:
            raise InvalidInput(LIMITS[column], f"must be from 1 to {MAX_COUNT}")
        if column in ("rpm_limit", "tpm_limit") and not 1 <= value <= MAX_RATE:
            raise InvalidInput(LIMITS[column], f"must be from 1 to {MAX_RATE}")
        if column == "budget_duration" and not windows.is_window(value):
            raise InvalidInput("budgetDuration", 'must be a number and a unit, such as "24h", "30d" or "1mo"')
        if column == "expires_at":
            if value.tzinfo is None:
                raise InvalidInput("expiresAt", "must have a time zone")
            if not now < value <= now + MAX_LIFE:
                raise InvalidInput("expiresAt", "must be in the future, and at most ten years away")


def check_text(field: str, text: str | None) -> str | None:
    """Trimmed, None when empty. Raises InvalidInput for more than MAX_TEXT characters."""
    trimmed = (text or "").strip()
    if len(trimmed) > MAX_TEXT:
        raise InvalidInput(field, f"may have at most {MAX_TEXT} characters")
    if "\x00" in trimmed:
        raise InvalidInput(field, "may not contain NUL characters")
    return trimmed or None


def check_reason(field: str, text: str | None) -> str:
    """As `check_text`, but there has to be one."""
    why = check_text(field, text)
    if why is None:
        raise InvalidInput(field, "must say why, for others to read")
    return why


_MONTH_MINUTES = 30 * 24 * 60


def highest_monthly_cost(limits: Changes, input_price: Decimal | None, output_price: Decimal | None) -> Decimal | None:
    """US dollars that the limits allow in 30 days at most, the dearer of both prices for each token; None: no bound.

    Prices are per million tokens. Of several bounds the lowest holds.
    """
    duration = limits["budget_duration"]
    windows_a_month = Decimal(1) if duration is None else windows.per_month(duration)
    prices = [price for price in (input_price, output_price) if price is not None]
    bounds = []
    if limits["max_budget"] is not None:
        bounds.append(limits["max_budget"] * windows_a_month)
    if prices and limits["max_tokens"] is not None:
        bounds.append(limits["max_tokens"] * windows_a_month * max(prices) / 1_000_000)
    if prices and limits["tpm_limit"] is not None:
        bounds.append(Decimal(limits["tpm_limit"]) * _MONTH_MINUTES * max(prices) / 1_000_000)
    return min(bounds).quantize(Decimal("0.01")) if bounds else None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime) else str(value)
