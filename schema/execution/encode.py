"""Results as JSON."""

from decimal import Decimal
from typing import Any

import orjson


def encode(value: Any) -> bytes:
    """JSON of a GraphQL result. Decimal becomes a string, a UUID its text, an aware datetime ISO 8601 with `Z` for UTC.

    Raises TypeError (orjson.JSONEncodeError) for anything else that JSON does not know.
    """
    return orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z)


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")
