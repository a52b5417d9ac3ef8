"""What was refused goes into the record: which change, to what, and why. Of the input only ids are kept: the rest may hold a secret."""

from collections.abc import Mapping
from typing import Any

from gateway import errors, keys
from schema.relay import split_id

# Not refusals: nobody said no.
_OTHER = (errors.UpstreamUnavailable, keys.AlreadyDone)
# Types whose names are longer than what the record calls them.
_SHORT = {"model_subscription": "subscription", "login_session": "session"}


async def put_down(info: Any, input: Any, error: errors.DomainError) -> None:
    """Record the refusal of the field that is being resolved. `input` is an object of Strawberry's, or a mapping as GraphQL gives it."""
    if isinstance(error, _OTHER):
        return
    ids = _ids(input)
    detail = {"code": error.code, "why": error.message, **ids}
    if field := getattr(error, "field", None):
        detail["field"] = field
    await info.context.services.audit.refused(
        info.context.signed_in, info.field_name, next(iter(ids.values()), None), detail
    )


def _ids(input: Any) -> dict[str, str]:
    """`{"api_key_id": "api_key:<uuid>"}`, of those ids that are some."""
    found = {}
    given = input if isinstance(input, Mapping) else vars(input) if input is not None else {}
    for name, value in given.items():
        if name.endswith(("_id", "Id")) and isinstance(value, str):
            try:
                kind, key = split_id(value)
            except errors.InvalidInput:
                continue
            found[_snake(name)] = f"{_snake(kind)}:{key}"
    return found


def _snake(kind: str) -> str:
    name = "".join("_" + letter.lower() if letter.isupper() else letter for letter in kind).lstrip("_")
    return _SHORT.get(name, name)
