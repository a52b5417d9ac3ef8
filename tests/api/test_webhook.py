"""POST /webhooks/litellm, as LiteLLM calls it and as it must not be called."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from gateway.db import Database
from gateway.services import Services
from gateway.web.webhook import MAX_BODY
from tests.builders import a_person
from tests.domains.usage.ledger import a_key, ledger, rows, sums_differ
from tests.portal import browser, portal, sandbox_settings

SECRET = "callback-5519-4471-x"
SIGNED = {"Authorization": f"Bearer {SECRET}"}
URL = "/webhooks/litellm"
RECORDED = (Path(__file__).parents[1] / "domains" / "usage" / "callback_1.108.5.json").read_bytes()


@pytest.fixture
async def whole(database_url: str) -> AsyncIterator[tuple[Starlette, Services]]:
    app, services = portal(sandbox_settings(database_url))
    yield app, services
    await services.db.close()
    await services.litellm.aclose()


@pytest.fixture
async def client(whole: tuple[Starlette, Services]) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(whole[0]) as client:
        yield client


def an_event(call_id: str = "c1", **facts: Any) -> dict[str, Any]:
    return {
        "litellm_call_id": call_id,
        "status": "success",
        "startTime": 1735456805.25,
        "endTime": 1735456806.0,
        "model_group": "small",
        "call_type": "acompletion",
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "total_tokens": 30,
        "response_cost": 5.099999999999999e-05,
        "messages": [{"role": "user", "content": "PLANTED"}],
        "response": {"choices": [{"message": {"content": "PLANTED"}}]},
    } | facts


async def call_ids(db: Database) -> list[str]:
    return [row.call_id for row in (await ledger(db))[0]]


def code_of(answer: httpx2.Response) -> str:
    return str(answer.json()["error"]["code"])


async def test_a_call_is_booked_for_the_owner_of_its_key(db: Database, client: httpx2.AsyncClient) -> None:
    alice = await a_person(db, "alice")
    key = await a_key(db, alice, "notebook")
    event = an_event(metadata={"user_api_key_hash": key.token_hash})
    answer = await client.post(URL, json=[event], headers=SIGNED)
    assert (answer.status_code, answer.json()) == (200, {"stored": 1, "duplicates": 0, "ignored": 0, "rejected": 0})
    booked = (await ledger(db))[0][0]
    assert (booked.call_id, booked.user_id, booked.api_key_id) == ("c1", alice.user_id, key.id)
    assert booked.occurred_at == datetime(2024, 12, 29, 7, 20, 5, 250_000, tzinfo=UTC)
    assert (booked.latency_ms, booked.spend) == (750, Decimal("0.000051"))

    before = await ledger(db)
    answer = await client.post(URL, json=[event], headers=SIGNED)
    assert answer.json() == {"stored": 0, "duplicates": 1, "ignored": 0, "rejected": 0}
    assert await ledger(db) == before


UNSIGNED: list[dict[str, Any]] = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer "},
    {"Authorization": f"Bearer {SECRET}x"},
    {"Authorization": f"Bearer {SECRET[:-1]}"},
    {"Authorization": f"Basic {SECRET}"},
    {"Authorization": SECRET},
    {"Authorization": "Bearer schlüssel".encode()},
    {"X-Callback-Secret": "wrong"},
    {"X-Callback-Secret": f"Bearer {SECRET}"},
    {"Cookie": f"secret={SECRET}"},
]


async def test_unsigned_is_refused(db: Database, client: httpx2.AsyncClient) -> None:
    for headers in UNSIGNED:
        answer = await client.post(URL, json=[an_event()], headers=headers)
        assert (headers, answer.status_code, code_of(answer)) == (headers, 401, "UNAUTHENTICATED")
    assert await ledger(db) == ([], [])


async def test_signed_in_any_way(db: Database, client: httpx2.AsyncClient) -> None:
    for n, headers in enumerate([SIGNED, {"Authorization": f"bearer  {SECRET}"}, {"X-Callback-Secret": SECRET}]):
        assert (await client.post(URL, json=[an_event(f"c{n}")], headers=headers)).status_code == 200
    assert sorted(await call_ids(db)) == ["c0", "c1", "c2"]


async def status_without_reading(app: Starlette, headers: dict[str, str]) -> int:
    """The status that is answered to a request whose body must not be touched."""
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": URL,
        "raw_path": URL.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return int(sent[0]["status"])


async def test_the_body_of_a_stranger_is_not_read(whole: tuple[Starlette, Services]) -> None:
    assert await status_without_reading(whole[0], {"Authorization": "Bearer wrong"}) == 401


async def test_a_body_that_is_announced_as_too_large_is_not_read(whole: tuple[Starlette, Services]) -> None:
    assert await status_without_reading(whole[0], {**SIGNED, "Content-Length": str(MAX_BODY + 1)}) == 413


async def test_the_forms_that_litellm_can_send(db: Database, client: httpx2.AsyncClient) -> None:
    array = json.dumps([an_event("a1"), an_event("a2", status="failure")])
    single = json.dumps(an_event("s1"), indent=2)
    lines = json.dumps(an_event("n1")) + "\n" + json.dumps(an_event("n2")) + "\n"
    for body in (array, single, lines):
        assert (await client.post(URL, content=body, headers=SIGNED)).status_code == 200
    packed = gzip.compress(json.dumps([an_event("z1")]).encode())
    answer = await client.post(URL, content=packed, headers={**SIGNED, "Content-Encoding": "gzip"})
    assert answer.status_code == 200
    assert sorted(await call_ids(db)) == ["a1", "a2", "n1", "n2", "s1", "z1"]
    assert (await client.post(URL, content="[]", headers=SIGNED)).json()["stored"] == 0


async def test_nothing_that_was_said_is_kept(
    db: Database, client: httpx2.AsyncClient, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in any column of any table nor in the log; nor a password that somebody wrote where a key belongs."""
    bad = [
        an_event("bad", startTime="PLANTED"),
        an_event("worse", prompt_tokens=-1, messages="PLANTED"),
        an_event("sad", response_cost=-1, error_information={"error_message": "PLANTED", "traceback": "PLANTED"}),
    ]
    refused = an_event("refused", status="failure", metadata={"user_api_key_hash": "PLANTED-password"})
    assert b"PLANTED" in RECORDED
    answer = await client.post(URL, content=RECORDED, headers=SIGNED)
    assert answer.json()["stored"] == 7
    answer = await client.post(URL, json=[an_event(), refused, *bad], headers=SIGNED)
    assert answer.json() == {"stored": 2, "duplicates": 0, "ignored": 0, "rejected": 3}
    assert "PLANTED" not in answer.text

    found = await everything(db)
    assert any("6e0bb317-c47f-4317-99de-d18fb8ec2c9d" in row for row in found)  # the search does find what is there
    assert not [row for row in found if "PLANTED" in row or "mock internal server error" in row]
    assert await sums_differ(db) == []
    said = "".join([*capfd.readouterr(), caplog.text])
    assert "worse" in said
    assert "PLANTED" not in said


async def everything(db: Database) -> Sequence[str]:
    """Each row of each table as text, but of those that end with their connection."""
    tables = await rows(db, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 5
    return [row[0] for table in tables for row in await rows(db, f'SELECT t::text FROM "{table[0]}" t')]


async def test_bad_events_do_not_fail_the_batch(db: Database, client: httpx2.AsyncClient) -> None:
    check = an_event("health", metadata={"user_api_key_alias": "litellm-internal-health-check"})
    batch = [an_event("c1"), {}, an_event("c2", prompt_tokens=-5), check, 7, an_event("c1"), an_event("c3")]
    answer = await client.post(URL, json=batch, headers=SIGNED)
    assert (answer.status_code, answer.json()) == (200, {"stored": 2, "duplicates": 1, "ignored": 1, "rejected": 3})
    assert sorted(await call_ids(db)) == ["c1", "c3"]


async def test_nothing_usable_is_an_error(db: Database, client: httpx2.AsyncClient) -> None:
    for body in (
        '[{"litellm_call_id": "c1"}]',
        "{}",
        "7",
        '{"events": []}',
        '[{"litellm_call_id": ""}]',
        "[null, null]",
    ):
        answer = await client.post(URL, content=body, headers=SIGNED)
        assert (body, answer.status_code, code_of(answer)) == (body, 422, "INVALID_INPUT")
    assert await ledger(db) == ([], [])


async def test_broken_json_is_refused(db: Database, client: httpx2.AsyncClient) -> None:
    good = json.dumps(an_event()).encode()
    for bad in (b"{", b'[{"litellm_call_id":', b"x" * 10_000_000, b"\x1f\x8b\x08", b"null null", b"[" * 50_000):
        for body in (bad, good + b"\n" + bad):
            answer = await client.post(URL, content=body, headers=SIGNED)
            assert (body[:99], answer.status_code, code_of(answer)) == (body[:99], 400, "MALFORMED_JSON")
    assert (await client.post(URL, content=b"", headers=SIGNED)).status_code == 400
    assert await ledger(db) == ([], [])


async def test_a_large_batch_is_read_and_a_larger_one_is_not(db: Database, client: httpx2.AsyncClient) -> None:
    long = an_event(messages="x" * 10_000_000)
    assert (await client.post(URL, json=[long], headers=SIGNED)).status_code == 200
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'["'
        while sent < 4 * MAX_BODY:
            sent += 1_000_000
            yield b"x" * 1_000_000

    answer = await client.post(URL, content=endless(), headers=SIGNED)
    assert (answer.status_code, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")
    assert sent <= MAX_BODY + 2_000_000
    assert await call_ids(db) == ["c1"]


async def test_a_gzip_bomb_is_refused(db: Database, client: httpx2.AsyncClient) -> None:
    bomb = gzip.compress(b'["' + b"x" * (4 * MAX_BODY))
    assert len(bomb) < 200_000
    answer = await client.post(URL, content=bomb, headers={**SIGNED, "Content-Encoding": "gzip"})
    assert (answer.status_code, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")
    assert await ledger(db) == ([], [])


async def test_what_says_gzip_and_is_not(db: Database, client: httpx2.AsyncClient) -> None:
    body = json.dumps([an_event()]).encode()
    packed = gzip.compress(body)
    for broken in (
        body,
        packed[:-5],
        packed[:20],
        packed + b"more",
        packed + packed,
        b"",
        packed[:30] + b"\xff" + packed[31:],
    ):
        answer = await client.post(URL, content=broken, headers={**SIGNED, "Content-Encoding": "gzip"})
        assert (answer.status_code, code_of(answer)) == (400, "MALFORMED_BODY")
    assert await ledger(db) == ([], [])


async def test_the_answer_comes_after_the_commit(db: Database, client: httpx2.AsyncClient) -> None:
    async with db.write() as session:
        await session.execute(text("LOCK TABLE usage_hourly IN EXCLUSIVE MODE"))
        sending = asyncio.ensure_future(client.post(URL, json=[an_event()], headers=SIGNED))
        await asyncio.sleep(0.3)
        assert not sending.done()
    assert (await asyncio.wait_for(sending, 5)).status_code == 200
    assert await call_ids(db) == ["c1"]


async def test_without_a_database_litellm_is_told_to_try_again() -> None:
    app, services = portal(sandbox_settings("postgresql://nobody@127.0.0.1:1/none"))
    async with browser(app) as client:
        answer = await client.post(URL, json=[an_event()], headers=SIGNED)
        assert (answer.status_code, code_of(answer)) == (503, "LEDGER_UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0
        assert "PLANTED" not in answer.text
    await services.db.close()
    await services.litellm.aclose()


async def test_a_ledger_that_cannot_be_written_is_told_as_well(db: Database, client: httpx2.AsyncClient) -> None:
    """A database that answers and can't write: nothing is lost, nothing is half done."""
    async with db.write() as session:
        await session.execute(text("ALTER TABLE usage_hourly RENAME TO elsewhere"))
    answer = await client.post(URL, json=[an_event()], headers=SIGNED)
    assert (answer.status_code, code_of(answer)) == (503, "LEDGER_UNAVAILABLE")
    assert await rows(db, "SELECT * FROM usage_event") == []
    async with db.write() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO usage_hourly"))
    assert (await client.post(URL, json=[an_event()], headers=SIGNED)).json()["stored"] == 1


async def test_it_is_counted(client: httpx2.AsyncClient) -> None:
    async def counted(name: str) -> float:
        lines = (await client.get("/metrics")).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    names = ['litemaas_usage_events_total{outcome="stored"}', 'litemaas_webhook_deliveries_total{outcome="unsigned"}']
    before = [await counted(name) for name in names]
    await client.post(URL, json=[an_event("c1"), an_event("c2")], headers=SIGNED)
    await client.post(URL, json=[an_event("c3")])
    assert [await counted(name) for name in names] == [before[0] + 2, before[1] + 1]
