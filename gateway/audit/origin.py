"""Where a request came from, for whoever writes an entry further down."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """`address` is the client's; both are None for what our own jobs do."""

    request_id: str | None = None
    address: str | None = None


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("audit_origin", default=_NOWHERE)


def set_origin(request_id: str | None, address: str | None) -> None:
    """For all that this task does from now on, and the tasks that it starts."""
    _current.set(Origin(request_id, address))


def origin() -> Origin:
    return _current.get()
