"""Errors of layers that know no `DomainError`, as what a caller is told: asked wherever an error becomes an answer."""

from gateway.db import PoolFull
from gateway.errors import DatabaseBusy, DomainError


def as_domain_error(error: BaseException | None) -> DomainError | None:
    """What the caller is told; None for what nobody expected."""
    if isinstance(error, PoolFull):
        return DatabaseBusy()
    return error if isinstance(error, DomainError) else None
