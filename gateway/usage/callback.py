"""What LiteLLM's `generic_api` callback sends, read into call records.

The structs name the fields that the ledger keeps and no others, so prompts, answers, tracebacks and error messages are
skipped by the parser and never become values of ours.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from gateway.litellm import exact_money
from gateway.usage.policy import CallRecord

HEALTH_CHECK = "litellm-internal-health-check"
TOKEN_HASH = re.compile(r"[0-9a-f]{64}")


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _UsageObject(msgspec.Struct):
    prompt_tokens_details: _PromptDetails | None = None


class _Metadata(msgspec.Struct):
    usage_object: _UsageObject | None = None
    user_api_key_hash: str | None = None
    user_api_key_alias: str | None = None
    user_api_key_user_id: str | None = None
    user_api_key_team_id: str | None = None


class _ErrorInformation(msgspec.Struct):
    error_code: str | int | None = None
    error_class: str | None = None


class _MapValue(msgspec.Struct):
    key: str | None = None
    input_cost_per_token: float | None = None
    output_cost_per_token: float | None = None


class ModelMap(msgspec.Struct):
    """LiteLLM's `model_map_information`, which callback and spend log have: where it looked for the price and what it found."""

    model_map_key: str | None = None
    model_map_value: _MapValue | None = None

    @property
    def has_price(self) -> bool:
        """Whether a call that cost nothing was meant to.

        LiteLLM writes zeros for a model that it has no price of. What tells a price of zero from them is that it stands in the
        configuration file: such an entry has a key of its own. Models that were added over its API have not, and one of those
        that is free by intention can't be told from one without a price.
        """
        value = self.model_map_value
        if value is None:
            return False
        return bool(value.input_cost_per_token or value.output_cost_per_token) or value.key != self.model_map_key


def is_priced(spend: Decimal, tokens: int, *, answered: bool, cache_hit: bool, model_map: ModelMap | None) -> bool:
    """Whether `spend` is what the call cost, rather than a zero for want of a price."""
    if spend or not tokens or not answered or cache_hit:
        return True
    return model_map is not None and model_map.has_price


class _Payload(msgspec.Struct):
    """The part of LiteLLM's StandardLoggingPayload that we keep. Times are Unix seconds."""

    litellm_call_id: str
    status: str
    startTime: float
    endTime: float | None = None
    completionStartTime: float | None = None
    id: str | None = None
    call_type: str | None = None
    model_group: str | None = None
    model: str | None = None
    custom_llm_provider: str | None = None
    stream: bool | None = None
    cache_hit: bool | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    response_cost: Decimal | None = None
    metadata: _Metadata | None = None
    error_information: _ErrorInformation | None = None
    model_map_information: ModelMap | None = None


class _CallId(msgspec.Struct):
    litellm_call_id: str


class Callback(msgspec.Struct):
    """One request of LiteLLM: what can be booked, and how much can't.

    `ignored` counts LiteLLM's own health checks; `rejected` counts events of a wrong shape, `rejected_ids` has the call
    ids of those that had one.
    """

    records: list[CallRecord]
    ignored: int
    rejected: int
    rejected_ids: list[str]


_batch = msgspec.json.Decoder(list[_Payload])
_raw_batch = msgspec.json.Decoder(list[msgspec.Raw])
_raw = msgspec.json.Decoder(msgspec.Raw)
_payload = msgspec.json.Decoder(_Payload)
_call_id = msgspec.json.Decoder(_CallId)


def decode(body: bytes) -> Callback:
    """A JSON array of events, one event, or one event a line. Raises ValueError when it is not JSON."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError):
        mended = mend(body)
        if mended == body:
            raise ValueError("the body is not JSON") from None
    try:
        return _decode(mended)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("the body is not JSON") from None


def _decode(body: bytes) -> Callback:
    try:
        return _records(_batch.decode(body), [])
    except msgspec.ValidationError:
        pass  # an event of a wrong shape, or not an array: one by one, then
    payloads: list[_Payload] = []
    bad: list[str | None] = []
    for raw in _events(body):
        try:
            payloads.append(_payload.decode(raw))
        except msgspec.ValidationError:
            try:
                bad.append(_call_id.decode(raw).litellm_call_id)
            except msgspec.ValidationError:
                bad.append(None)
    return _records(payloads, bad)


def _events(body: bytes) -> list[msgspec.Raw]:
    if body.lstrip()[:1] == b"[":
        return _raw_batch.decode(body)
    try:
        return [_raw.decode(body)]
    except msgspec.DecodeError:
        return [_raw.decode(line) for line in body.splitlines() if line.strip()]


def _records(payloads: list[_Payload], bad: list[str | None]) -> Callback:
    records: list[CallRecord] = []
    ignored = 0
    for payload in payloads:
        if _is_health_check(payload):
            ignored += 1
            continue
        try:
            records.append(_record(payload))
        except (ValueError, ArithmeticError, OSError):  # a time that no calendar has, a sum that nobody owns
            bad.append(payload.litellm_call_id)
    return Callback(records, ignored, len(bad), [call_id for call_id in bad if call_id is not None])


def _is_health_check(payload: _Payload) -> bool:
    metadata = payload.metadata
    return metadata is not None and HEALTH_CHECK in (
        metadata.user_api_key_alias,
        metadata.user_api_key_user_id,
        metadata.user_api_key_team_id,
        metadata.user_api_key_hash,
    )


def _record(payload: _Payload) -> CallRecord:
    token_hash = payload.metadata.user_api_key_hash if payload.metadata else None
    prompt, completion = payload.prompt_tokens or 0, payload.completion_tokens or 0
    answered, cache_hit = payload.status == "success", bool(payload.cache_hit)
    spend = exact_money(payload.response_cost) if payload.response_cost else Decimal(0)
    return CallRecord(
        call_id=payload.litellm_call_id,
        request_id=payload.id,
        # As LiteLLM's spend log has it.
        occurred_at=datetime.fromtimestamp(round(payload.startTime, 3), UTC),
        latency_ms=_since_start(payload, payload.endTime),
        # For a credential that is no key LiteLLM sends the credential itself, and that may be somebody's password.
        token_hash=token_hash if token_hash and TOKEN_HASH.fullmatch(token_hash) else None,
        model_name=payload.model_group or payload.model or "unknown",
        call_type=payload.call_type or "unknown",
        success=answered,
        error_code=_error_code(payload),
        stream=bool(payload.stream),
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion if payload.total_tokens is None else payload.total_tokens,
        spend=spend,
        provider=payload.custom_llm_provider or None,
        cached_tokens=_cached_tokens(payload),
        cache_hit=cache_hit,
        priced=is_priced(
            spend,
            prompt + completion,
            answered=answered,
            cache_hit=cache_hit,
            model_map=payload.model_map_information,
        ),
        # For an answer that was not streamed LiteLLM says when it ended.
        first_token_ms=_since_start(payload, payload.completionStartTime) if answered and payload.stream else None,
    )


def _since_start(payload: _Payload, moment: float | None) -> int | None:
    """Milliseconds; None when the clock went back."""
    taken = None if moment is None else round((moment - payload.startTime) * 1000)
    return taken if taken is not None and taken >= 0 else None


def _cached_tokens(payload: _Payload) -> int:
    usage = payload.metadata.usage_object if payload.metadata else None
    return (usage and usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens) or 0


def _error_code(payload: _Payload) -> str | None:
    if payload.status == "success" or payload.error_information is None:
        return None
    return str(payload.error_information.error_code or payload.error_information.error_class or "") or None


# Python's json module, which LiteLLM writes with, passes on half surrogates from a prompt and NaN from an answer. Neither
# is JSON, and one caller's prompt must not cost the events of all the others in the batch. Callers can bring this about,
# so it has to be cheap: each pattern begins with a literal, which the regex engine skips to.
_SURROGATE = re.compile(rb"\\u[dD](?:(?P<high>[89abAB])|[c-fC-F])[0-9a-fA-F]{2}")
_HIGH, _LOW = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}"), re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_ESCAPE_LENGTH = 6
_NOT_NUMBERS = [
    re.compile(rb"%b(?<=[\[:,\s]%b)(?=\s*[,\]}])" % (word, word)) for word in (b"NaN", b"Infinity", b"-Infinity")
]


def mend(body: bytes) -> bytes:
    """The body with half surrogates replaced by U+FFFD and NaN and infinities by null; for what was not JSON only."""
    body = _SURROGATE.sub(_mend_surrogate, body)
    for pattern in _NOT_NUMBERS:
        body = pattern.sub(b"null", body)
    return body


def _mend_surrogate(found: re.Match[bytes]) -> bytes:
    body, start = found.string, found.start()
    if not _begins_escape(body, start):
        return found[0]
    if found["high"]:
        paired = _LOW.match(body, found.end()) is not None
    else:
        before = start - _ESCAPE_LENGTH
        paired = before >= 0 and _HIGH.match(body, before) is not None and _begins_escape(body, before)
    return found[0] if paired else rb"\ufffd"


def _begins_escape(body: bytes, backslash: int) -> bool:
    """Whether this backslash begins an escape, rather than ending one: an even number of others stands before it."""
    first = backslash
    while first > 0 and body[first - 1] == ord("\\"):
        first -= 1
    return (backslash - first) % 2 == 0
