"""How values look on the wire: money and other exact numbers as strings, times in UTC with a Z, counts as JSON numbers up to 2^53."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)


def _decimal_out(value: Decimal) -> str:
    # Never 1E-7: a client that does not know exponents would read 1.
    return format(value, "f")


def _decimal_in(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError('Decimal must be a string such as "12.50"')
    if len(str(value)) > 64:
        raise ValueError("Decimal may have at most 64 characters")
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        raise ValueError('Decimal must be a string such as "12.50"') from None
    if not parsed.is_finite() or abs(parsed.adjusted()) > 30:
        raise ValueError("Decimal is out of range")
    return parsed


def _time_out(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time_in(value: Any) -> datetime:
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError('DateTime must be ISO 8601, such as "2026-11-23T10:00:00Z"') from None
    if parsed.tzinfo is None:
        raise ValueError('DateTime must have a time zone, such as the Z in "2026-11-23T10:00:00Z"')
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("DateTime is out of range") from None


def _big_int_in(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
        raise ValueError("BigInt must be a whole number up to 2^53")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact number, as a string: "0.000015". Money is in US dollars.',
        serialize=_decimal_out,
        parse_value=_decimal_in,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description='A moment, in ISO 8601: "2026-11-23T10:00:00Z". Answers are in UTC; what is sent must name its time zone.',
        serialize=_time_out,
        parse_value=_time_in,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number that may exceed 2,147,483,647; a JSON number, exact up to 2^53.",
        serialize=int,
        parse_value=_big_int_in,
    ),
}
