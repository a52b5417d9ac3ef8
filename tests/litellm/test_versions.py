"""Releases of LiteLLM that must not be run."""

import pytest

from gateway.litellm import Verdict, judge

GOOD, BAD, UNKNOWN = Verdict.GOOD, Verdict.BAD, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("1.82.7", BAD),
        ("1.82.8", BAD),
        ("1.82.7.post1", BAD),
        ("v1.82.8", BAD),
        ("1.107.0", BAD),
        ("1.107.0+local", BAD),
        ("1.107.0rc1", GOOD),
        ("1.107.0.dev2", GOOD),
        ("1.107.1", GOOD),
        ("0.9.0", BAD),
        ("1.83.9", BAD),
        ("1.83.3-stable.patch.2", BAD),
        ("1.83.10rc1", BAD),
        ("1.83.10.dev3", BAD),
        ("1.83.10-nightly", BAD),
        ("1.83.10", GOOD),
        ("1.83.10-stable", GOOD),
        ("1.84.0rc1", GOOD),
        ("1.108.0rc1", GOOD),
        ("1.108.5", GOOD),
        (" v1.108.5 ", GOOD),
        ("2.0.0", GOOD),
        (None, UNKNOWN),
        ("", UNKNOWN),
        ("main", UNKNOWN),
        ("1.108", UNKNOWN),
    ],
)
def test_a_release_is_judged(version: str | None, verdict: Verdict) -> None:
    judgement = judge(version)
    assert judgement.verdict is verdict
    assert (judgement.reason is None) == (verdict is GOOD)


def test_the_reason_says_what_is_wrong() -> None:
    assert "credentials" in (judge("1.82.7").reason or "")
    assert "withdrawn" in (judge("1.107.0").reason or "")
    assert "1.83.10" in (judge("1.83.9").reason or "")
    assert "'main'" in (judge("main").reason or "")
    assert "does not tell" in (judge(None).reason or "")
