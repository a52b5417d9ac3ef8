"""Logs: what is in a line, and what never is."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.logs import configure_logging
from gateway.scrubbing import hide, scrub
from tests.portal import restored_logging


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    with restored_logging():
        yield


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("key sk-Ab3_dEf-9xyzzy is wrong", "key sk-… is wrong"),
        ("token lmt_0aZ9bY8cX is wrong", "token lmt_… is wrong"),
        ("Authorization: Bearer eyJhbGciOi.abc-def", "Authorization: Bearer …"),
        ("Basic bGl0ZW1hYXM6c2VjcmV0", "Basic …"),
        ("token sha256~PdZx0mJ1_abcdefgh", "token sha256~…"),
        ("(sk-...CQec)", "(sk-...CQec)"),
        ("postgresql://litemaas:hunter2@db/x", "postgresql://litemaas:…@db/x"),
        ("host=db password=hunter2 user=x", "host=db password=… user=x"),
        ("Cookie: litemaas_session=abc; theme=dark", "Cookie: …"),
        (
            "[(b'cookie', b'litemaas_session=abc'), (b'x-callback-secret', b'abc')]",
            "[(b'cookie', '…'), (b'x-callback-secret', '…')]",
        ),
        ('{"client_secret": "hunter2", "grant_type": "x"}', '{"client_secret": "…", "grant_type": "x"}'),
        ("client_secret=hunter2&code_verifier=abc&grant_type=x", "client_secret=…&code_verifier=…&grant_type=x"),
        ("/auth/callback?code=abc&state=def", "/auth/callback?code=…&state=…"),
        ("id_token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", "id_token eyJ…"),
        ("session q3Zf8mK1_vT0bYxE5RjH2sLwPdNcGuAi7oQe9tXkJ4M of alice", "session … of alice"),
        ("trace 0af7651916cd43dd8448eb211c80319c, key 5b2a0c1e-8f1d-4b0e-9c55-0d7c2f6f1a3b", None),
        ("the code is FORBIDDEN; state: PENDING; a password, a token and a secret", None),
        ("redis://:hunter2@cache:6379", "redis://:…@cache:6379"),
        ("taskforce, task-forces at http://127.0.0.1:4000/x", "taskforce, task-forces at http://127.0.0.1:4000/x"),
        ("a bearer of good news", "a bearer of good news"),
    ],
)
def test_secrets_are_cut_out_of_text(text: str, scrubbed: str | None) -> None:
    scrubbed = scrubbed or text
    assert scrub(text) == scrubbed
    assert scrub({"a": [text, 1, None, True]}) == {"a": [scrubbed, 1, None, True]}


def test_known_secrets_are_cut_out_whatever_they_look_like() -> None:
    hide("plain/planted@word", "short", "planted", None)
    assert scrub("plain/planted@word, plain%2Fplanted, short, planted") == "…, plain%2Fplanted, short, planted"
    hide("plain%2Fplanted")
    assert scrub("(plain%2Fplanted)(plain/planted)") == "(…)(…)"


def test_the_name_of_a_value_says_that_it_is_secret() -> None:
    given = {
        "x-callback-secret": "abc",
        "password": b"abc",
        "token": 3,
        "headers": [("cookie", "abc"), (b"x-id", b"abc")],
    }
    assert scrub(given) == {
        "x-callback-secret": "…",
        "password": "…",
        "token": 3,
        "headers": [["cookie", "…"], ["b'x-id'", "b'abc'"]],
    }


def test_no_line_holds_a_secret_wherever_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(pretty=False)
    secret = "sk-Ab3dEf9xyzzy"
    log = structlog.get_logger("ours")
    log.info(f"made {secret}", key=secret, nested={"headers": [("authorization", f"Bearer {secret}")]})
    logging.getLogger("library").warning("refused %s", secret)
    try:
        raise ValueError(f"no such key {secret}")
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 3
    assert "xyzzy" not in written
    assert "ValueError: no such key sk-…" in written


def test_a_line_is_json_with_the_request_it_belongs_to(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(pretty=False)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("ours").warning("odd", count=3)
        logging.getLogger("library").warning("odd too")
    first, second = lines(capsys)
    assert {name: first[name] for name in ("event", "count", "level", "request_id", "logger")} == {
        "event": "odd",
        "count": 3,
        "level": "warning",
        "request_id": "r-1",
        "logger": "ours",
    }
    assert (second["event"], second["request_id"], second["level"]) == ("odd too", "r-1", "warning")


def test_people_get_lines_they_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(pretty=True)
    structlog.get_logger("ours").info("ready", port=8080)
    written = capsys.readouterr().err
    assert "ready" in written
    assert "8080" in written
    assert not written.startswith("{")


def test_a_line_that_cannot_be_written_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    class Stubborn:
        def __str__(self) -> str:
            raise TypeError("sk-Ab3dEf9xyzzy")

    configure_logging(pretty=False)
    logging.getLogger("library").warning("sk-Ab3dEf9xyzzy %s", Stubborn())
    assert lines(capsys) == [{"event": "line_not_written", "logger": "library", "error": "TypeError"}]
