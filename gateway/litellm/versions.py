"""Which releases of LiteLLM must not be run, and why."""

import re
from dataclasses import dataclass
from enum import StrEnum

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:[-_.+]?(.*))?", re.IGNORECASE)
# What precedes a release: 1.108.0rc1, 1.83.10-nightly, 1.107.0.dev2. What follows one (post1, stable) is taken for the release itself.
_EARLIER = re.compile(
    r"(a|b|c|rc|alpha|beta|dev|pre|nightly)\b|(a|b|c|rc|alpha|beta|dev|pre|nightly)[-_.]?\d", re.IGNORECASE
)

_STOLEN = "This release was tampered with: it sends credentials to strangers. Replace it, and change every secret that it could read."
_BAD = {
    (1, 82, 7): _STOLEN,
    (1, 82, 8): _STOLEN,
    (1, 107, 0): "This release was withdrawn by its makers.",
}
_FIRST_GOOD = (1, 83, 10)
_HOLES = "Releases below 1.83.10 have known holes: strangers can read the database and change the configuration. Take a newer one."


class Verdict(StrEnum):
    GOOD = "GOOD"
    BAD = "BAD"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Judgement:
    """`reason` is for people; None when there is nothing to say."""

    verdict: Verdict
    reason: str | None = None


def judge(version: str | None) -> Judgement:
    """What is known against this release, as LiteLLM itself names it: "1.108.5", "v1.82.7.post1", None when it does not tell."""
    found = _VERSION.fullmatch((version or "").strip())
    if found is None:
        named = f"LiteLLM calls its version {version!r}" if version else "LiteLLM does not tell its version"
        return Judgement(Verdict.UNKNOWN, f"{named}, so nobody knows whether there is anything against it.")
    release = (int(found[1]), int(found[2]), int(found[3]))
    earlier = bool(_EARLIER.match(found[4] or ""))
    if not earlier and (why := _BAD.get(release)):
        return Judgement(Verdict.BAD, why)
    if release < _FIRST_GOOD or (earlier and release == _FIRST_GOOD):
        return Judgement(Verdict.BAD, _HOLES)
    return Judgement(Verdict.GOOD)
