"""Cutting secrets out of what is written down: lines of the log, errors, spans.

Two ways, since each misses what the other finds: the installation's own secrets are known by their values (`hide`), and what callers and
others bring is known by its look. Rather too much is cut than too little.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

_NAMES = (
    r"(?:password|passwd|secret|api[_-]?key|master[_-]?key|token(?:_hint)?|authorization|code_verifier"
    r"|litemaas_session|litemaas_sign_in)"
)
# Where a word begins, in text that was quoted as well: there it may follow a line's end that is written as a backslash and a letter.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"
_QUOTE = r"""\\*['"]"""


def _random(found: re.Match[str]) -> str:
    """Forty letters and more in which upper case, lower case and digits are mixed are nobody's words."""
    word = found[0]
    return "…" if all(re.search(kind, word) for kind in ("[a-z]", "[A-Z]", "[0-9]")) else word


# (what must be in the text in small letters for it to be worth a search, what is searched for, what takes its place)
_SECRETS: tuple[tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # LiteLLM's keys, access tokens, bearer tokens, OpenShift's tokens, what a JWT is made of, and the password in an address.
    (("sk-",), re.compile(rf"{_START}sk-[A-Za-z0-9_-]{{4,}}"), "sk-…"),
    (("lmt_",), re.compile(rf"{_START}lmt_[A-Za-z0-9]{{6,}}"), "lmt_…"),
    (
        ("bearer", "basic"),
        re.compile(rf"(?i){_START}(bearer|basic)\s+[A-Za-z0-9._~+/=-]{{8,}}"),
        r"\1 …",
    ),
    (("sha256~",), re.compile(r"sha256~[A-Za-z0-9_-]{8,}"), "sha256~…"),
    (("eyj",), re.compile(rf"{_START}eyJ[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)*"), "eyJ…"),
    (("://",), re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@"), r"\1:…@"),
    # A whole header of cookies; a name with its value, as forms, queries, JSON, headers and Python write them.
    (("cookie",), re.compile(rf"(?i)(cookie(?:{_QUOTE})?\s*[:=,]\s*)b?((?:{_QUOTE})?)[^'\"\r\n\\]+"), r"\1\2…"),
    (
        ("=", ":"),
        re.compile(rf"(?i)({_NAMES}(?:{_QUOTE})?\s*[:=]\s*)(?!bearer\b|basic\b)b?((?:{_QUOTE})?)[^\s'\"\\&;,}})\]]+"),
        r"\1\2…",
    ),
    (("',", '",'), re.compile(rf"(?i)({_NAMES}{_QUOTE}\s*,\s*)b?({_QUOTE})[^'\"\\]*"), r"\1\2…"),
    # In an address only: elsewhere `code` is what errors have.
    (("code=", "state=", "nonce="), re.compile(r"([?&](?:code|state|nonce)=)[^\s&#'\"\\]+"), r"\1…"),
    # What PostgreSQL and its driver quote of a row or a parameter may be what people wrote.
    (("failing row", "key ("), re.compile(r"(Failing row contains |Key \([^)]*\)=)\(.*\)"), r"\1(…)"),
    (
        ("invalid input",),
        re.compile(r"(invalid input for query argument \$\d+: |invalid input syntax for type [\w ]+: ).+"),
        r"\1…",
    ),
    ((), re.compile(r"[\w-]{40,}"), _random),
)
_SECRET_NAME = re.compile(rf"(?i)[\w-]*{_NAMES}|(?:set-)?cookie")

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
        lowered = value.lower()
        for needles, pattern, replacement in _SECRETS:
            if not needles or any(needle in lowered for needle in needles):
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
