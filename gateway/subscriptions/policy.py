"""What may follow what, and what a request must bring."""

from dataclasses import dataclass

from gateway.catalog import ModelAccess
from gateway.errors import DomainError, InvalidInput
from gateway.subscriptions.tables import SubscriptionStatus as S

MAX_TEXT = 1000

TRANSITIONS: dict[S, frozenset[S]] = {
    S.PENDING: frozenset({S.ACTIVE, S.DENIED, S.CANCELLED}),
    S.ACTIVE: frozenset({S.SUSPENDED, S.EXPIRED, S.CANCELLED}),
    S.SUSPENDED: frozenset({S.ACTIVE, S.EXPIRED, S.CANCELLED}),
    S.DENIED: frozenset(),
    S.EXPIRED: frozenset(),
    S.CANCELLED: frozenset(),
}
OPEN = (S.PENDING, S.ACTIVE, S.SUSPENDED)


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


def first_status(access: ModelAccess, justification: str | None) -> S:
    """The status of a new request. Raises InvalidInput when a restricted model is asked for without saying why."""
    if access is ModelAccess.OPEN:
        return S.ACTIVE
    if not justification:
        raise InvalidInput("justification", "is needed, since an admin decides on this model")
    return S.PENDING


def check_text(field: str, text: str | None) -> str | None:
    """Trimmed, None when empty. Raises InvalidInput for more than MAX_TEXT characters."""
    trimmed = (text or "").strip()
    if len(trimmed) > MAX_TEXT:
        raise InvalidInput(field, f"may have at most {MAX_TEXT} characters")
    if "\x00" in trimmed:
        raise InvalidInput(field, "may not contain NUL characters")
    return trimmed or None
