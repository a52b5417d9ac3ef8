"""Whatever is sent, the answer is neither a fault of ours nor a secret: malformed requests, and schemathesis over the whole schema.

By default some hundreds, as many as a test run has time for; MALFORMED=10000 and SCHEMATHESIS=100 (examples for each operation) try
more. MALFORMED_FROM begins at another number.
"""

import json
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import hypothesis
import pytest
import pytest_asyncio
import schemathesis
import structlog
import websockets
from graphql import introspection_from_schema
from hypothesis import HealthCheck

from schema.root import schema as api
from tests.api.conftest import UNHURRIED, WEBHOOK_SECRET, World, a_world
from tests.attacks.malformed import Request, malformed
from tests.proxies import MASTER_KEY

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(3600)]

MALFORMED = int(os.environ.get("MALFORMED", "600"))
MALFORMED_FROM = int(os.environ.get("MALFORMED_FROM", "0"))
EXAMPLES = int(os.environ.get("SCHEMATHESIS", "3"))
TOO_LARGE = 1009  # of RFC 6455
TRACES = re.compile(
    r'Traceback|File ".*\.py"|\.py:\d|asyncpg|sqlalchemy|pydantic|postgresql://|0x[0-9a-f]{8}|Something went wrong'
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server_url: str, template: str) -> AsyncIterator[World]:
    async with a_world(server_url, template, UNHURRIED) as made:
        yield made


def assert_harmless(world: World, seed: Any, text: str) -> None:
    """No fault of ours, nothing of our inside, no secret."""
    settings = world.portal.services.settings
    secrets = (MASTER_KEY, WEBHOOK_SECRET, settings.web.session_secret.get_secret_value(), settings.database.url)
    assert not TRACES.search(text), (seed, text)
    assert "INTERNAL_SERVER_ERROR" not in text, (seed, text)
    assert not any(secret in text for secret in (*secrets, *world.ada.http.cookies.values())), seed


async def send(world: World, request: Request) -> tuple[int, str]:
    """(status, all that was answered); over a WebSocket the status is the closing code, or 200 when it stays open."""
    if request.method != "WS":
        response = await world.ada.http.request(
            request.method, "/graphql", content=request.content, headers=request.headers
        )
        return response.status_code, response.text + str(response.headers)
    async with world.ada.socket() as socket:
        await socket.send(request.content.decode("utf-8", "replace"))
        await socket.send(json.dumps({"type": "ping"}))
        said = ""
        try:
            while '"pong"' not in said:
                said += str(await socket.recv())
        except websockets.ConnectionClosed as closed:
            return (closed.rcvd.code, said + closed.rcvd.reason) if closed.rcvd else (1006, said)
        return 200, said


async def test_malformed_requests(world: World) -> None:
    statuses: dict[int, int] = {}
    with structlog.testing.capture_logs() as logs:
        for seed in range(MALFORMED_FROM, MALFORMED_FROM + MALFORMED):
            request = malformed(seed)
            status, text = await send(world, request)
            assert status < 500 or 4000 <= status < 4500 or status == TOO_LARGE, (seed, status, text)
            assert_harmless(world, seed, text)
            statuses[status] = statuses.get(status, 0) + 1
    assert [each for each in logs if each["log_level"] in ("error", "critical")] == []
    assert (await world.ada.execute("{ viewer { user { username } } }"))["viewer"]["user"]["username"] == "ada"
    print(dict(sorted(statuses.items())))


def examples() -> list[tuple[str, str]]:
    """(name, query) of so many operations for each field at the top, with arguments and selections that fit their types."""
    made: list[tuple[str, str]] = []
    explored = schemathesis.graphql.from_dict(dict(introspection_from_schema(api._schema)))
    for each in explored.get_all_operations():
        operation = each.ok()

        @hypothesis.settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(operation.as_strategy())
        def collect(case: Any) -> None:
            made.append((case.operation.label, case.body))

        collect()
    return made


async def test_schemathesis_over_the_whole_schema(world: World) -> None:
    """Each is answered, or refused with a code."""
    cases = examples()
    fields = {
        f"{root.name}.{field}" for root in (api._schema.query_type, api._schema.mutation_type) for field in root.fields
    }
    assert {name for name, _ in cases} == fields
    codes: Counter[str] = Counter()
    for name, query in cases:
        response = await world.ada.http.post("/graphql", json={"query": query})
        assert response.status_code == 200, (name, query, response.text)
        assert_harmless(world, (name, query), response.text)
        errors = response.json().get("errors", ())
        codes.update([error["extensions"]["code"] for error in errors] or ["answered"])
    print(len(cases), dict(codes))
