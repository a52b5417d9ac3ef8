"""What LiteLLM sends, as LiteLLM sends it: the recorded batch is of a real proxy."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.usage import CallRecord, decode
from gateway.usage.callback import mend

RECORDED = (Path(__file__).parent / "callback_1.108.5.json").read_bytes()
KEY = "f0cd8d79972fb3fdc995b7ea13189989dc77802556007ea55e789bf92d773bda"


def an_event(**facts: Any) -> dict[str, Any]:
    return {"litellm_call_id": "c1", "status": "success", "startTime": 1735456805.25, "model_group": "small"} | facts


def decode_one(**facts: Any) -> CallRecord:
    callback = decode(json.dumps([an_event(**facts)]).encode())
    assert (callback.ignored, callback.rejected) == (0, 0)
    return callback.records[0]


def test_a_recorded_batch() -> None:
    callback = decode(RECORDED)
    assert (len(callback.records), callback.ignored, callback.rejected) == (7, 0, 0)
    assert callback.records[0] == CallRecord(
        call_id="6e0bb317-c47f-4317-99de-d18fb8ec2c9d",
        request_id="chatcmpl-e8c879fd-633c-4977-90be-639b5839fa1c",
        occurred_at=datetime(2024, 12, 29, 7, 20, 5, 1000, tzinfo=UTC),
        latency_ms=11,
        token_hash=KEY,
        model_name="mock-small",
        call_type="acompletion",
        success=True,
        prompt_tokens=10,
        completion_tokens=20,
        total_tokens=30,
        spend=Decimal("0.00005"),
        provider="openai",
    )
    failed = callback.records[1]
    assert (failed.success, failed.error_code, failed.model_name, failed.spend) == (False, "500", "mock-broken", 0)
    refused = callback.records[4]
    assert (refused.success, refused.error_code, refused.model_name) == (False, "400", "no-such-model")
    streamed = callback.records[5]
    assert (streamed.stream, streamed.latency_ms, streamed.first_token_ms) == (True, 46, 13)
    embedding = callback.records[6]
    assert (embedding.call_type, embedding.total_tokens) == ("aembedding", 0)  # as LiteLLM counted, not as we would


def test_a_fallback_is_a_failure_and_a_success_of_the_same_call() -> None:
    """What LiteLLM sends when a model fails and another one answers in its place."""
    failure, success = decode(RECORDED).records[2:4]
    assert failure.call_id == success.call_id
    assert (failure.success, failure.model_name, failure.spend) == (False, "mock-broken-fb", 0)
    assert (success.success, success.model_name, success.spend) == (
        True,
        "mock-small",
        Decimal("0.00005"),
    )


def test_no_content_gets_into_a_record() -> None:
    assert b"PLANTED" in RECORDED
    assert b"Traceback" in RECORDED
    kept = msgspec.json.encode(decode(RECORDED).records)
    assert b"PLANTED" not in kept
    assert b"Traceback" not in kept
    assert b"mock internal server error" not in kept
    assert b"A small answer" not in kept


@pytest.mark.parametrize(
    ("number", "booked"),
    [
        *(("4.9999999999999996e-05", "0.00005"), ("5e-05", "0.00005"), ("0.1", "0.1"), ("1", "1"), ("120.0", "120")),
        *(("0.30000000000000004", "0.3"), ("12345.678901234567", "12345.6789012346"), ("0", "0"), ("null", "0")),
    ],
)
def test_money_is_without_the_noise_of_binary_floats(number: str, booked: str) -> None:
    """Callback and spend log differ in it: 4.9999999999999996e-05 in one is 5e-05 in the other."""
    body = json.dumps([an_event(response_cost=0.5)]).replace("0.5}", number + "}").encode()
    assert str(decode(body).records[0].spend) == booked


def test_an_amount_that_nobody_owns_is_no_harm_to_its_neighbours() -> None:
    body = json.dumps([an_event(response_cost=0.5), an_event()]).replace("0.5}", "1e300}").encode()
    callback = decode(body)
    assert (len(callback.records), callback.rejected) == (1, 1)


MADE_UP = {"key": "openai/own", "input_cost_per_token": 0, "output_cost_per_token": 0}


@pytest.mark.parametrize(
    ("priced", "value", "facts"),
    [
        (False, MADE_UP, {}),  # a model that LiteLLM has no price of
        (False, None, {}),
        (True, MADE_UP | {"key": "0b50ac44"}, {}),  # a price of zero, by the configuration file
        (True, MADE_UP | {"input_cost_per_token": 1e-6}, {}),
        (True, MADE_UP, {"response_cost": 0.01}),
        (True, MADE_UP, {"cache_hit": True}),
        (True, MADE_UP, {"status": "failure"}),
        (True, MADE_UP, {"prompt_tokens": 0}),
    ],
)
def test_a_zero_for_want_of_a_price_is_marked(priced: bool, value: Any, facts: dict[str, Any]) -> None:
    known = {"model_map_key": "openai/own", "model_map_value": value}
    record = decode_one(**{"response_cost": 0.0, "prompt_tokens": 10, "model_map_information": known} | facts)
    assert (record.priced, record.cache_hit) == (priced, bool(facts.get("cache_hit")))


def test_tokens_from_the_providers_cache() -> None:
    for details, cached in ({"cached_tokens": 7}, 7), ({"cached_tokens": None}, 0), (None, 0):
        metadata = {"usage_object": {"prompt_tokens": 10, "prompt_tokens_details": details}}
        assert decode_one(metadata=metadata).cached_tokens == cached
    assert decode_one(metadata={"usage_object": {}}).cached_tokens == 0


def test_only_a_streamed_answer_has_a_first_token() -> None:
    times = {"endTime": 1735456806.25, "completionStartTime": 1735456805.375}
    assert decode_one(stream=True, **times).first_token_ms == 125
    assert decode_one(**times).first_token_ms is None
    assert decode_one(stream=True, status="failure", **times).first_token_ms is None
    assert decode_one(stream=True, completionStartTime=1735456805.0).first_token_ms is None


@pytest.mark.parametrize("hash_", ["notakey", "my password", "sk-1234567890abcdef", "A" * 64, "a" * 63, ""])
def test_a_credential_in_the_place_of_a_hash_is_dropped(hash_: str) -> None:
    """LiteLLM sends whatever the caller wrote in Authorization when it is not shaped like a key."""
    assert decode_one(metadata={"user_api_key_hash": hash_}).token_hash is None


def test_what_is_missing_has_a_value() -> None:
    record = decode_one(model_group="", model=None)
    assert (record.model_name, record.call_type, record.spend) == ("unknown", "unknown", 0)
    assert (record.latency_ms, record.token_hash, record.request_id, record.stream) == (None, None, None, False)
    assert decode_one(prompt_tokens=3, completion_tokens=4).total_tokens == 7
    assert decode_one(model_group=None, model="gpt").model_name == "gpt"
    assert decode_one(endTime=1735456805.0).latency_ms is None  # ended before it began
    assert (
        decode_one(status="failure", error_information={"error_class": "Timeout", "error_code": ""}).error_code
        == "Timeout"
    )
    assert decode_one(status="failure", error_information={"error_code": 429}).error_code == "429"
    assert decode_one(error_information={"error_code": "429"}).error_code is None


@pytest.mark.parametrize("field", ["user_api_key_alias", "user_api_key_user_id", "user_api_key_team_id"])
def test_health_checks_are_ignored(field: str) -> None:
    callback = decode(json.dumps([an_event(metadata={field: "litellm-internal-health-check"}), an_event()]).encode())
    assert (len(callback.records), callback.ignored) == (1, 1)


def test_one_event_and_one_a_line() -> None:
    first, second = an_event(), an_event(litellm_call_id="c2")
    assert [r.call_id for r in decode(json.dumps(first, indent=2).encode()).records] == ["c1"]
    lines = "\n".join([json.dumps(first), "", json.dumps(second), ""])
    assert [r.call_id for r in decode(lines.encode()).records] == ["c1", "c2"]
    assert decode(b"[]").records == []


@pytest.mark.parametrize(
    "bad",
    [
        *({}, [], 7, "text", None),
        *(
            {"litellm_call_id": 7},
            {"status": None},
            {"startTime": "yesterday"},
            {"startTime": 1e300},
            {"startTime": None},
        ),
        *({"prompt_tokens": "many"}, {"prompt_tokens": 1.5}, {"response_cost": True}, {"metadata": "none"}),
    ],
)
def test_a_bad_event_does_not_harm_its_neighbours(bad: Any) -> None:
    event = an_event(litellm_call_id="bad") | bad if isinstance(bad, dict) and bad else bad
    for good in ([an_event()], []):
        callback = decode(json.dumps([event, *good]).encode())
        assert (len(callback.records), callback.rejected) == (len(good), 1)
        assert callback.rejected_ids in (["bad"], [])


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"[", b'[{"litellm_call_id": "c1"', b"not json", b"\xff\xfe", b"[1,]", b"{}{}", b"[" * 100_000],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        decode(body)


HALF = "\ud83d"  # half of an emoji, as it comes from a program that cuts text by length


def test_half_surrogates_and_nan_do_not_lose_the_batch() -> None:
    """Python's json writes both, and LiteLLM writes with it: one caller's prompt must not hide everybody's calls."""
    events = [
        an_event(messages=[{"content": f'cut {HALF} "quoted" \\ud83d kept 😀'}]),
        an_event(litellm_call_id="c2", response={"logprobs": [float("-inf"), float("nan"), float("inf")]}),
        an_event(litellm_call_id="c3", id=f"x{HALF}y \\ud83d NaN 😀"),
    ]
    for body in (json.dumps(events), "\n".join(map(json.dumps, events))):
        records = decode(body.encode()).records
        assert [record.call_id for record in records] == ["c1", "c2", "c3"]
        assert records[2].request_id == "x\ufffdy \\ud83d NaN 😀"


@given(
    st.recursive(
        st.none()
        | st.floats()
        | st.text(st.characters(codec=None, categories=None))
        | st.sampled_from(["NaN", "-Infinity", "\\", '"']),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    )
)
def test_mending_makes_json_of_whatever_python_writes(value: Any) -> None:
    mended = mend(json.dumps([value]).encode())
    msgspec.json.decode(mended)
    assert mend(mended) == mended


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_mending_leaves_json_as_it_is(value: Any) -> None:
    body = json.dumps(value).encode()
    assert mend(body) == body
