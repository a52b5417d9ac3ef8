"""A whole set-up, looked at from where the gateway runs: each part's state, and how to mend what is wrong.

Changes nothing, unless it is told to have a call made: then one that LiteLLM refuses is in its log, and in our ledger.
"""

from collections.abc import AsyncIterator, Callable

from gateway.doctor import callback, parts
from gateway.doctor.findings import Finding, State
from gateway.settings import Settings

__all__ = ["Finding", "State", "examine"]

Check = Callable[[Settings], AsyncIterator[Finding]]


async def examine(settings: Settings, *, call: bool = False) -> list[Finding]:
    """Everything that is found, good and bad, part by part. `call`: have LiteLLM report a call now, instead of looking for older ones."""
    checks: tuple[Check, ...] = (
        *(parts.database, parts.litellm, callback.by_calling if call else callback.lately),
        *(parts.issuer, parts.rate_limits, parts.addresses, parts.traces),
    )
    return [finding for check in checks async for finding in check(settings)]
