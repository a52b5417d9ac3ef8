"""How a call to LiteLLM can fail.

LiteLLM answers errors in four shapes, and its statuses can't be trusted alone: what needs a licence is 500, 403 or 400,
a malformed duration is 500. `from_response` sorts them into "refused" (asking again is pointless) and "unavailable".
"""

import re
from dataclasses import dataclass

import httpx
import msgspec

from gateway.errors import DomainError, UpstreamUnavailable
from gateway.scrubbing import scrub

_LENGTH = 500  # no longer than a person reads
# 500s that are judgements on the request and not accidents.
_REFUSALS = re.compile(r"enterprise|unsupported duration", re.IGNORECASE)
# `error.message` may hold the repr of a dict: {'error': '...'}
_DICT_REPR = re.compile(r"""^\{'error': (['"])(?P<text>.*)\1\}$""", re.DOTALL)


class LiteLLMError(DomainError):
    """Either of the two."""


@dataclass(eq=False)
class LiteLLMUnavailable(LiteLLMError, UpstreamUnavailable):
    """LiteLLM did not answer, or not like LiteLLM. `maybe_done`: the call may have had its effect nevertheless."""

    reason: str
    maybe_done: bool

    code = UpstreamUnavailable.code
    sentence = UpstreamUnavailable.sentence


class LiteLLMPaused(LiteLLMUnavailable):
    """Nothing was sent: LiteLLM has not answered for a while, and is left in peace for some seconds."""

    def __init__(self) -> None:
        super().__init__(reason="it has not answered for a while", maybe_done=False)


@dataclass(eq=False)
class LiteLLMRefused(LiteLLMError):
    """LiteLLM understood and said no. `type` is its error type ("" when it gave none), `reason` its scrubbed words."""

    status: int
    type: str
    reason: str
    param: str | None = None

    code = "UPSTREAM_REFUSED"
    sentence = "LiteLLM refused this: {reason}"

    @property
    def missing(self) -> bool:
        """The thing named in the request does not exist. (A route that does not exist is something else.)"""
        return self.status == 404 and self.reason not in ("Not Found", "")


def from_transport(error: httpx.HTTPError) -> LiteLLMUnavailable:
    """No response: surely nothing done only when no connection was there to send on."""
    not_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return LiteLLMUnavailable(reason=type(error).__name__, maybe_done=not not_sent)


def from_response(response: httpx.Response) -> LiteLLMRefused | LiteLLMUnavailable:
    """The error that a response of status 400 or more stands for."""
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        # A proxy's or a router's error page: nothing that LiteLLM itself says.
        return LiteLLMUnavailable(reason=f"HTTP {response.status_code} that is not LiteLLM's", maybe_done=True)
    kind, reason, param = _read(body)
    reason = scrub(reason)[:_LENGTH]
    if response.status_code >= 500 and not _REFUSALS.search(reason):
        return LiteLLMUnavailable(reason=f"HTTP {response.status_code}: {reason}", maybe_done=True)
    return LiteLLMRefused(status=response.status_code, type=kind, reason=reason, param=param)


def _read(body: dict[str, object]) -> tuple[str, str, str | None]:
    """Type, message and parameter from any of LiteLLM's four error shapes."""
    error = body.get("error")
    detail = body.get("detail")
    if isinstance(error, dict):
        message = str(error.get("message", ""))
        if match := _DICT_REPR.match(message):
            message = match["text"]
        param = error.get("param")
        return str(error.get("type") or ""), message, param if isinstance(param, str) and param != "None" else None
    if isinstance(detail, dict):
        return "", str(detail.get("error", detail)), None
    if isinstance(detail, list):
        problems = [item for item in detail if isinstance(item, dict)]
        where = [".".join(str(part) for part in item.get("loc", ())) for item in problems]
        text = "; ".join(f"{place}: {item.get('msg')}" for place, item in zip(where, problems, strict=True))
        return "validation_error", text, where[0] if where else None
    return "", str(detail if detail is not None else error or ""), None
