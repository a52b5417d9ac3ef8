"""The ids that callers know things by: opaque, and the same in GraphQL and in the addresses of exports."""

import base64
import binascii
from uuid import UUID

from gateway.errors import InvalidInput


def encode(kind: str, key: UUID | str) -> str:
    """base64 of `kind:key`."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def split(given: str, field: str = "id") -> tuple[str, UUID]:
    """(kind, key) of an id made by `encode`. Raises InvalidInput naming `field`."""
    try:
        kind, _, key = base64.b64decode(given, validate=True).decode().partition(":")
        return kind, UUID(key)
    except (ValueError, binascii.Error) as error:
        raise InvalidInput(field, "is not an id of ours") from error
