"""`litemaas doctor`: each part good, and each part broken, with what to do about it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner

import gateway.doctor
from gateway.cli import main
from gateway.db import Database, utc_now
from gateway.doctor import Finding, State, callback, examine
from gateway.sandbox.litellm import Options
from gateway.settings import load_settings
from tests.api.conftest import World, a_world
from tests.collectors import collecting
from tests.conftest import a_database
from tests.graphql import on_port
from tests.issuers import OidcIssuer, certificate, serving
from tests.portal import environment, restored_logging
from tests.proxies import MASTER_KEY, proxy_on_port


@dataclass
class SetUp:
    """Everything that `litemaas serve` needs, running."""

    env: dict[str, str]
    litellm_url: str
    database_url: str

    async def findings(self, **changes: str | None) -> dict[str, list[Finding]]:
        env = {name: value for name, value in {**self.env, **changes}.items() if value is not None}
        found: dict[str, list[Finding]] = {}
        for finding in await examine(load_settings(env)):
            found.setdefault(finding.part, []).append(finding)
        return found


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


@pytest.fixture
async def set_up(server_url: str, database_url: str) -> AsyncIterator[SetUp]:
    issuer = OidcIssuer()
    front = Starlette(routes=[Route("/healthz", _healthz)])
    async with a_database(server_url) as litellm_database:
        options = Options(database_url=litellm_database, master_key=MASTER_KEY, latency=0, spend_interval=0.1)
        with serving(issuer.app()) as issuer.url:
            async with proxy_on_port(options) as litellm_url, on_port(front) as public_url:
                env = environment(
                    DATABASE_URL=database_url,
                    LITELLM_BASE_URL=litellm_url,
                    LITELLM_MASTER_KEY=MASTER_KEY,
                    OIDC_ISSUER=issuer.url,
                    PUBLIC_URL=public_url,
                )
                yield SetUp(env, litellm_url, database_url)


def bad(found: dict[str, list[Finding]]) -> list[Finding]:
    return [finding for findings in found.values() for finding in findings if finding.state is State.BAD]


async def test_all_is_well(set_up: SetUp) -> None:
    found = await set_up.findings()
    assert bad(found) == []
    assert {part: [finding.state for finding in findings] for part, findings in found.items()} == {
        "database": [State.GOOD] * 3,
        "clock of the database": [State.GOOD],
        "LiteLLM": [State.GOOD] * 2,
        "clock of LiteLLM": [State.GOOD],
        "callback": [State.UNKNOWN],
        "sign-in": [State.GOOD] * 2,
        "clock of the issuer": [State.GOOD],
        "Valkey": [State.UNKNOWN],
        "PUBLIC_URL": [State.UNKNOWN, State.GOOD],
    }
    for findings in found.values():
        for finding in findings:
            assert (finding.state is State.GOOD) is (finding.mend is None)


NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("changes", "part", "says", "mend"),
    [
        (
            {"DATABASE_URL": "postgresql://x:hunter2@127.0.0.1:1/x"},
            "database",
            "It does not let us in: ",
            "Check DATABASE_URL",
        ),
        ({"LITELLM_BASE_URL": NOWHERE}, "LiteLLM", "It does not answer at http://127.0.0.1:1: ", "LITELLM_BASE_URL"),
        ({"LITELLM_MASTER_KEY": "sk-of-another-proxy"}, "LiteLLM", "It refuses our master key", "LITELLM_MASTER_KEY"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE},
            "traces",
            "http://127.0.0.1:1/v1/traces does not answer",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
        ({"OIDC_ISSUER": NOWHERE}, "sign-in", "does not answer: ConnectError", "the address and the network"),
        ({"REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}, "Valkey", "It does not answer", "REDIS_URL"),
    ],
)
async def test_a_part_that_is_missing(set_up: SetUp, changes: dict[str, str], part: str, says: str, mend: str) -> None:
    (found,) = bad(await set_up.findings(**changes))
    assert found.part == part
    assert says in found.sentence
    assert mend in (found.mend or "")
    assert "hunter2" not in repr(found)


async def test_another_issuer_and_another_front_door(set_up: SetUp) -> None:
    found = bad(await set_up.findings(OIDC_ISSUER=set_up.litellm_url, PUBLIC_URL=set_up.litellm_url))
    assert [(each.part, each.sentence) for each in found] == [
        (
            "sign-in",
            f"{set_up.litellm_url}/.well-known/openid-configuration answers 404, without an address to sign in at.",
        ),
        ("PUBLIC_URL", f"{set_up.litellm_url} leads to something else."),
    ]


async def test_a_certificate_that_nobody_trusts(set_up: SetUp, tmp_path: Path) -> None:
    import ssl

    file, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file, key)
    issuer = OidcIssuer()
    with serving(issuer.app(), tls) as issuer.url:
        (found,) = bad(await set_up.findings(OIDC_ISSUER=issuer.url))
        assert found.sentence.startswith("A certificate is not trusted: ")
        assert "OPENSHIFT_CA_FILE" in (found.mend or "")
        assert bad(await set_up.findings(OIDC_ISSUER=issuer.url, OPENSHIFT_CA_FILE=str(file))) == []


async def test_a_certificate_of_litellms_that_nobody_trusts(
    set_up: SetUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    file, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file, key)
    alive = Starlette(routes=[Route("/health/liveliness", _healthz)])
    with serving(alive, tls) as url:
        (found,) = bad(await set_up.findings(LITELLM_BASE_URL=url))
        assert (found.part, found.sentence[:30]) == ("LiteLLM", "A certificate is not trusted: ")
        assert "SSL_CERT_FILE" in (found.mend or "")
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        trusted = (await set_up.findings(LITELLM_BASE_URL=url))["LiteLLM"]
        assert not any("certificate" in each.sentence for each in trusted)


async def test_a_collector_of_traces(set_up: SetUp) -> None:
    with collecting() as collector:
        found = await set_up.findings(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert [each.state for each in found["traces"]] == [State.GOOD]
    (found_bad,) = bad(await set_up.findings(OTEL_EXPORTER_OTLP_ENDPOINT=set_up.env["PUBLIC_URL"]))
    assert (found_bad.part, found_bad.sentence[-12:]) == ("traces", "answers 404.")


async def test_a_database_of_another_release(set_up: SetUp) -> None:
    db = Database(set_up.database_url)
    async with db.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    await db.close()
    (found,) = bad(await set_up.findings())
    assert found.sentence.startswith("It is at revision 0001, and needs ")
    assert found.mend == "Run `litemaas migrate`."


async def test_a_database_of_a_later_release(set_up: SetUp) -> None:
    db = Database(set_up.database_url)
    async with db.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    found = await set_up.findings()
    assert bad(found) == []
    assert "It is at revision later of a later release, which this one can work with." in [
        finding.sentence for finding in found["database"]
    ]
    async with db.write() as session:
        await session.execute(text("UPDATE alembic_version SET works_from = 'later'"))
    await db.close()
    (one,) = bad(await set_up.findings())
    assert one.sentence == "It is at revision later of a later release, which this one can't work with."
    assert one.mend == "Deploy that release again, or restore a backup from before it."


async def test_a_role_without_rights(set_up: SetUp) -> None:
    db = Database(set_up.database_url)
    async with db.write() as session:
        await session.execute(text("DROP ROLE IF EXISTS doctor_test"))
        await session.execute(text("CREATE ROLE doctor_test LOGIN PASSWORD 'x'"))
        await session.execute(text("GRANT SELECT ON alembic_version, app_user, usage_event TO doctor_test"))
    try:
        url = db.engine.url.set(drivername="postgresql", username="doctor_test", password="x")
        (found,) = bad(await set_up.findings(DATABASE_URL=url.render_as_string(hide_password=False)))
    finally:
        async with db.write() as session:
            await session.execute(text("DROP OWNED BY doctor_test"))
            await session.execute(text("DROP ROLE doctor_test"))
        await db.close()
    assert found.sentence == (
        "The role may not read and write app_user, api_key, model_subscription, usage_event, audit_entry."
    )
    assert "--runtime-role" in (found.mend or "")


async def test_a_clock_that_is_wrong(set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gateway.doctor.parts, gateway.doctor.findings):
        monkeypatch.setattr(module, "utc_now", lambda: utc_now() + timedelta(minutes=5))
    found = bad(await set_up.findings())
    assert [each.part for each in found] == [
        *("clock of the database", "clock of LiteLLM", "clock of the issuer"),
    ]
    assert all("NTP" in (each.mend or "") for each in found)


async def test_a_callback_that_does_not_arrive(set_up: SetUp) -> None:
    async with httpx.AsyncClient(
        base_url=set_up.litellm_url, headers={"Authorization": f"Bearer {MASTER_KEY}"}
    ) as client:
        messages = [{"role": "user", "content": "Hello"}]
        called = await client.post("/v1/chat/completions", json={"model": "gpt-5-mini", "messages": messages})
        assert called.status_code == 200
    while True:
        found = await set_up.findings(LITELLM_SETTLE_SECONDS="1")
        if found["callback"][0].state is not State.UNKNOWN:
            break
    (silent,) = bad(found)
    assert silent.sentence == "LiteLLM has calls, and its callback told of none in the last day."
    assert f"{set_up.env['PUBLIC_URL']}/webhooks/litellm" in (silent.mend or "")

    # What the ledger found in the log by itself is no callback; what came at once is one.
    insert = """INSERT INTO usage_event (call_id, success, occurred_at, received_at, latency_ms, model_name, call_type, status,
        stream, cache_hit, priced, prompt_tokens, cached_tokens, completion_tokens, total_tokens, spend)
      VALUES (:id, true, now(), now() + :after * interval '1 second', 5, 'm', 'c', 'success',
        false, false, true, 0, 0, 0, 0, 0)"""
    db = Database(set_up.database_url)
    for id, seconds, state in (("log", 61, State.BAD), ("callback", 1, State.GOOD)):
        async with db.write() as session:
            await session.execute(text(insert), {"id": id, "after": seconds})
        assert (await set_up.findings(LITELLM_SETTLE_SECONDS="1"))["callback"][0].state is state
    await db.close()


@pytest.fixture
async def world(server_url: str, template: str) -> AsyncIterator[World]:
    async with a_world(server_url, template) as made:
        yield made


async def test_a_call_that_is_made_for_its_callback(
    world: World, server_url: str, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = world.portal.services.settings
    found = [each async for each in callback.by_calling(settings)]
    assert [(each.state, each.sentence) for each in found] == [
        (State.GOOD, "It told of a call that LiteLLM has just refused.")
    ]
    async with world.portal.services.db.read() as session:
        booked = (await session.execute(text("SELECT model_name, success, spend FROM usage_event"))).all()
    assert [tuple(each) for each in booked] == [("unknown", False, 0)]

    monkeypatch.setattr(callback, "PROMPT", timedelta(seconds=1))
    async with a_database(server_url, template) as other:
        database = settings.database.model_copy(update={"url": other})
        (missing,) = [each async for each in callback.by_calling(settings.model_copy(update={"database": database}))]
    assert (missing.state, missing.sentence) == (
        State.BAD,
        "It told nothing for 1 s of a call that LiteLLM has refused.",
    )
    assert f"{world.portal.url}/webhooks/litellm" in (missing.mend or "")


def test_the_command_refuses_settings_that_are_wrong() -> None:
    with restored_logging():
        result = CliRunner().invoke(main, ["doctor"], env=dict.fromkeys(environment(), None))
    assert result.exit_code == 1
    assert "  DATABASE_URL is missing" in result.stderr.splitlines()


async def test_the_command_tells_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Finding("database", State.GOOD, "It answers.")
    found = [good, Finding("Valkey", State.UNKNOWN, "There is none.", "Set [REDIS_URL].")]

    async def examined(_: object, *, call: bool) -> list[Finding]:
        assert call is False
        return found

    monkeypatch.setattr(gateway.doctor, "examine", examined)

    def run() -> tuple[int, str]:
        import concurrent.futures

        with restored_logging(), concurrent.futures.ThreadPoolExecutor() as thread:
            result = thread.submit(CliRunner().invoke, main, ["doctor"], env=environment()).result()
        return result.exit_code, result.stdout

    lines = ("✓ database: It answers.", "? Valkey: There is none.", "    Set [REDIS_URL].")
    assert run() == (0, "\n".join((*lines, "Nothing is wrong.\n")))
    found.append(replace(good, state=State.BAD))
    assert run() == (1, "\n".join((*lines, "✗ database: It answers.", "1 of 3 findings are bad.\n")))
