"""Cutting secrets out of what is written down: lines of the log, errors, spans.

Two ways, since each misses what the other finds: the installation's own secrets are known by their values (`hide`), and what callers and
others bring is known by its look. Rather too much is cut than too little.
"""

import re
from typing import Any
from urllib.parse import unquote

_NAMES = (
    r"(?:[\w-]*(?:password|passwd|secret|api[_-]?key|master[_-]?key)|(?:access|refresh|id|session|csrf|auth)[_-]?token(?:_hint)?"
    r"|token|authorization|proxy-authorization|code_verifier|(?:__Host-)?litemaas_(?:session|sign_in))"
)
# Where a word begins, in text that was quoted as well: there it may follow a line's end that is written as a backslash and a letter.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"
_QUOTE = r"""\\*['"]"""
_SECRETS = (
    # LiteLLM's keys, access tokens, bearer tokens, OpenShift's tokens, what a JWT is made of, and the password in an address.
    (re.compile(rf"{_START}sk-[A-Za-z0-9_-]{{4,}}"), "sk-…"),
    (re.compile(rf"{_START}lmt_[A-Za-z0-9]{{6,}}"), "lmt_…"),
    (re.compile(rf"(?i){_START}(bearer|basic)\s+[A-Za-z0-9._~+/=-]{{8,}}"), r"\1 …"),
    (re.compile(r"sha256~[A-Za-z0-9_-]{8,}"), "sha256~…"),
    (re.compile(rf"{_START}eyJ[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)*"), "eyJ…"),
    (re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@"), r"\1:…@"),
    # A whole header of cookies; a name with its value, as forms, queries, JSON, headers and Python write them.
    (re.compile(rf"(?i)({_START}(?:set-)?cookie(?:{_QUOTE})?\s*[:=,]\s*)b?((?:{_QUOTE})?)[^'\"\r\n\\]+"), r"\1\2…"),
    (
        re.compile(
            rf"(?i)({_START}{_NAMES}(?:{_QUOTE})?\s*[:=]\s*)(?!bearer\b|basic\b)b?((?:{_QUOTE})?)[^\s'\"\\&;,}})\]]+"
        ),
        r"\1\2…",
    ),
    (re.compile(rf"(?i)({_QUOTE}{_NAMES}{_QUOTE}\s*,\s*)b?({_QUOTE})[^'\"\\]*"), r"\1\2…"),
    # In an address only: elsewhere `code` is what errors have.
    (re.compile(r"([?&](?:code|state|nonce)=)[^\s&#'\"\\]+"), r"\1…"),
    # What PostgreSQL and its driver quote of a row or a parameter may be what people wrote.
    (re.compile(r"(Failing row contains |Key \([^)]*\)=)\(.*\)"), r"\1(…)"),
    (re.compile(r"(invalid input for query argument \$\d+: |invalid input syntax for type [\w ]+: ).+"), r"\1…"),
    # Forty letters and more in which upper case, lower case and digits are mixed are nobody's words.
    (re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40,}"), "…"),
)
_SECRET_NAME = re.compile(rf"(?i){_NAMES}|(?:set-)?cookie")

_known: set[str] = set()
_known_pattern: re.Pattern[str] | None = None


def hide(*secrets: str | None) -> None:
    """Cut these out wherever they stand, from now on and in the whole process. What is short or a plain word could be any word."""
    global _known_pattern
    values = {value for secret in secrets if secret for value in (secret, unquote(secret))}
    _known.update(value for value in values if len(value) >= 8 and not re.fullmatch("[a-z]+", value))
    if _known:
        _known_pattern = re.compile("|".join(re.escape(value) for value in sorted(_known, key=len, reverse=True)))


def scrub(value: Any) -> Any:
    """`value` without secrets; containers are copied, objects that are no text become it."""
    if isinstance(value, str):
        if _known_pattern is not None:
            value = _known_pattern.sub("…", value)
        for pattern, replacement in _SECRETS:
            value = pattern.sub(replacement, value)
        return value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {scrub(name): "…" if _is_secret(name, inner) else scrub(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple) and len(value) == 2 and _is_secret(*value):
        return [scrub(value[0]), "…"]
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub(inner) for inner in value]
    return scrub(str(value))


def _is_secret(name: Any, value: Any) -> bool:
    """Whether `name` says that a value is one: a header's, a form's, a variable's."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    return isinstance(name, str) and isinstance(value, str | bytes) and _SECRET_NAME.fullmatch(name) is not None
