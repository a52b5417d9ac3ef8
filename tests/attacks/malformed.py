"""Requests that are wrong in one way or another, made up from a seed."""

import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """To be posted, or sent over a WebSocket if `method` is WS."""

    content: bytes
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


NAUGHTY = [
    *(
        "",
        " ",
        "\x00",
        "\ufeff",
        "\u202e",
        "\ud7ff",
        "\uffff",
        "🙂" * 50,
        "é" * 300,
        "‮abc",
        "a\x00b",
        "\r\nSet-Cookie: x=1",
    ),
    *(
        "'; DROP TABLE model; --",
        "%",
        "_",
        "\\",
        "../../etc/passwd",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "<script>",
        "sha256:",
    ),
    *("NaN", "Infinity", "-0", "1e400", "9" * 400, "0x10", "TW9kZWw6", "null", "undefined", "__proto__", "constructor"),
]
NUMBERS: list[Any] = [0, -1, 101, 2**31, 2**53 + 1, -(2**63), 2**64, 10**300, 1.5, -0.0, 1e308]
ODD: list[Any] = [None, True, False, [], {}, [[]], [None], {"": ""}, {"__typename": 1}, *NUMBERS, *NAUGHTY]
FIELDS = [
    "viewer",
    "user",
    "models",
    "portal",
    "admin",
    "node",
    "rateLimit",
    "apiKeys",
    "usage",
    "id",
    "name",
    "edges",
    "series",
    "first",
    "after",
    "filter",
]
PIECES = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "@",
    "...",
    '"',
    '"""',
    "#",
    "=",
    "|",
    "&",
    ",",
    "\n",
    "-",
    ".5",
    "on",
]


def malformed(seed: int) -> Request:
    """The request of this number: always the same."""
    rng = random.Random(seed)
    return rng.choice(_KINDS)(rng)


def _json(query: Any, variables: Any = None, **more: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables, **more}).encode("utf-8", "surrogatepass")


def _bytes(rng: random.Random) -> Request:
    return Request(rng.randbytes(rng.choice((0, 1, 3, 40, 2_000))))


def _broken_json(rng: random.Random) -> Request:
    whole = bytearray(_json("{ viewer { user { id } } }", {"a": 1}))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(whole))
        whole[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    return Request(bytes(whole[: rng.randint(0, len(whole))]))


def _deep_json(rng: random.Random) -> Request:
    depth = rng.choice((10, 200, 1_000, 20_000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
    nested = opening * depth + "1" + closing * depth
    return Request(f'{{"query": "query($a: ID) {{ node(id: $a) {{ id }} }}", "variables": {{"a": {nested}}}}}'.encode())


def _wrong_shape(rng: random.Random) -> Request:
    whole: Any = {"query": "{ portal { version } }"}
    for name in rng.sample(("query", "variables", "operationName", "extensions", "x"), rng.randint(1, 3)):
        whole[name] = rng.choice(ODD)
    return Request(json.dumps(rng.choice((whole, [whole], rng.choice(ODD)))).encode("utf-8", "surrogatepass"))


def _broken_graphql(rng: random.Random) -> Request:
    words = [rng.choice(rng.choice((FIELDS, PIECES, PIECES, NAUGHTY))) for _ in range(rng.randint(1, 60))]
    return Request(_json(rng.choice(("{", "query", "mutation {", "subscription {", "")) + " ".join(words)))


def _mutated_graphql(rng: random.Random) -> Request:
    text = list(
        "query Q($n: Int!, $f: ModelFilter) { models(first: $n, filter: $f) { edges { node { id ... on Model { name } } } } "
        'viewer @include(if: true) { usage(range: {start: "2026-01-01T00:00:00Z", end: "x"}) { totals { spend } } } }'
    )
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text))
        text[at : at + rng.randint(0, 2)] = rng.choice((*PIECES, *string.printable))
    return Request(_json("".join(text), {"n": rng.choice(ODD), "f": rng.choice(ODD)}))


_TYPED = [
    ("query($x: Int!) { models(first: $x) { totalCount } }", None),
    ("query($x: String) { models(first: 1, after: $x) { totalCount } }", None),
    ("query($x: ModelFilter) { models(first: 1, filter: $x) { totalCount } }", ("search", "provider", "mode", "access")),
    ("query($x: ModelOrder) { models(first: 1, orderBy: $x) { totalCount } }", None),
    ("query($x: ID!) { node(id: $x) { id } }", None),
    ("query($x: TimeRange!) { viewer { usage(range: $x) { series(interval: HOUR) { start } } } }", ("start", "end")),
    ("query($x: [ApiKeyStatus!]) { viewer { apiKeys(first: 1, status: $x) { totalCount } } }", None),
    ("mutation($x: CreateApiKeyInput!) { createApiKey(input: $x) { __typename } }", ("name", "modelIds", "maxBudget", "expiresAt")),
    ("mutation($x: RequestModelSubscriptionInput!) { requestModelSubscription(input: $x) { __typename } }", ("modelId",)),
    ("mutation($x: RevokeApiKeyInput!) { revokeApiKey(input: $x) { __typename } }", ("apiKeyId",)),
]  # fmt: skip


def _wrong_types(rng: random.Random) -> Request:
    query, names = rng.choice(_TYPED)
    value = {name: rng.choice(ODD) for name in names if rng.random() < 0.8} if names else rng.choice(ODD)
    return Request(_json(query, {"x": value}))


def _literals(rng: random.Random) -> Request:
    literal = rng.choice(
        (json.dumps(rng.choice(NAUGHTY)), str(rng.choice(NUMBERS)), "9" * 500, "RED", "[1]", "{a: 1}", "$x")
    )
    query = rng.choice(
        (
            "{ models(first: %s) { totalCount } }",
            "{ node(id: %s) { id } }",
            "{ models(first: 1, after: %s) { totalCount } }",
            "{ models(first: 1, filter: {search: %s}) { totalCount } }",
            "{ viewer { usage(range: {start: %s, end: %s}) { totals { spend } } } }",
        )
    )
    return Request(_json(query.replace("%s", literal)))


def _deep_graphql(rng: random.Random) -> Request:
    depth = rng.choice((5, 50, 500, 3_000))
    opening = rng.choice(("{ viewer ", "{ ... ", "{ a: node(id: [", "{ ...F } fragment F on Query "))
    return Request(_json(opening * depth + "{ portal { version } }" + " }" * depth))


def _content_type(rng: random.Random) -> Request:
    kind = rng.choice(
        (
            *(
                "text/plain",
                "application/graphql",
                "multipart/form-data; boundary=x",
                "application/x-www-form-urlencoded",
                "",
            ),
            *(
                "application/json; charset=utf-16",
                "APPLICATION/JSON;;;",
                "application/json, text/plain",
                "image/png",
                "a" * 500,
            ),
        )
    )
    headers = {
        "Content-Type": kind,
        "Accept": rng.choice(("*/*", "", "text/event-stream", "application/graphql-response+json", "a;q=x")),
    }
    return Request(
        _json("{ portal { version } }"),
        rng.choice(("POST", "POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS")),
        headers,
    )


def _socket(rng: random.Random) -> Request:
    return Request(rng.choice(_KINDS[:-1])(rng).content, "WS")


def _socket_message(rng: random.Random) -> Request:
    message = {
        "id": rng.choice(("1", *ODD)),
        "type": rng.choice(
            ("subscribe", "subscribe", "subscribe", "complete", "ping", "pong", "connection_init", *ODD)
        ),
        "payload": rng.choice((json.loads(_wrong_types(rng).content), *ODD)),
    }
    return Request(json.dumps(message).encode("utf-8", "surrogatepass"), "WS")


_KINDS: list[Callable[[random.Random], Request]] = [
    _bytes,
    _broken_json,
    _deep_json,
    _wrong_shape,
    _broken_graphql,
    _mutated_graphql,
    _wrong_types,
    _wrong_types,
    _literals,
    _deep_graphql,
    _content_type,
    _socket_message,
    _socket,
]
