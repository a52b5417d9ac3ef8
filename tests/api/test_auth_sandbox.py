"""The sandbox's sign-in by name, over HTTP."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import text

from gateway.services import Services
from tests.portal import SESSION, browser, portal, sandbox_settings


@pytest.fixture
async def services_and_client(database_url: str) -> AsyncIterator[tuple[Services, httpx2.AsyncClient]]:
    app, services = portal(sandbox_settings(database_url))
    async with browser(app) as client:
        yield services, client
    await services.db.close()


@pytest.fixture
def services(services_and_client: tuple[Services, httpx2.AsyncClient]) -> Services:
    return services_and_client[0]


@pytest.fixture
def client(services_and_client: tuple[Services, httpx2.AsyncClient]) -> httpx2.AsyncClient:
    return services_and_client[1]


@pytest.mark.parametrize(
    ("username", "role"), [("alice", "USER"), ("bob", "USER"), ("ada", "ADMIN"), ("audrey", "AUDITOR")]
)
async def test_everybody_signs_in_by_name(client: httpx2.AsyncClient, username: str, role: str) -> None:
    response = await client.post("/auth/sandbox", data={"username": username, "next": "/models"})
    assert (response.status_code, response.headers["location"]) == (303, "/models")
    who = (await client.get("/whoami")).json()
    assert (who["username"], who["role"]) == (username, role)


async def test_a_program_gets_json(client: httpx2.AsyncClient) -> None:
    response = await client.post("/auth/sandbox", data={"username": "bob"}, headers={"Accept": "application/json"})
    assert (response.status_code, response.json()) == (200, {"username": "bob"})
    assert (await client.get("/whoami")).json()["username"] == "bob"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"username": "eve"}, "username must be one of alice, bob, ada, audrey."),
        ({"username": "Alice"}, "username must be one of alice, bob, ada, audrey."),
        ({"username": "a" * 10_000}, "username must be one of alice, bob, ada, audrey."),
        ({"username": ""}, "username is missing."),
        ({"name": "alice"}, "username is missing."),
    ],
)
async def test_a_name_that_nobody_has_is_refused(
    client: httpx2.AsyncClient, services: Services, form: dict[str, str], message: str
) -> None:
    response = await client.post("/auth/sandbox", data=form)
    assert response.status_code == 422
    assert response.json() == {"error": {"code": "INVALID_INPUT", "message": message, "field": "username"}}
    assert SESSION not in client.cookies
    async with services.db.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM app_user"))).scalar_one() == 0


async def test_what_is_no_form_names_nobody(client: httpx2.AsyncClient) -> None:
    response = await client.post("/auth/sandbox", json={"username": "alice"})
    assert (response.status_code, response.json()["error"]["field"]) == (422, "username")
    response = await client.post("/auth/sandbox", files={"username": ("alice.txt", b"alice")})
    assert response.status_code in (400, 422)
    assert SESSION not in client.cookies


async def test_the_way_back_stays_on_this_site(client: httpx2.AsyncClient) -> None:
    response = await client.post("/auth/sandbox", data={"username": "alice", "next": "//evil.test"})
    assert response.headers["location"] == "/"


async def test_the_sign_in_page_is_where_login_leads(client: httpx2.AsyncClient) -> None:
    response = await client.get("/auth/login", params={"next": "/keys"})
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?next=%2Fkeys")


async def test_there_is_no_answer_to_come_back_with(client: httpx2.AsyncClient) -> None:
    response = await client.get("/auth/callback?code=1&state=2")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_AVAILABLE")


async def test_who_signs_in_as_somebody_else_is_nobody_before(client: httpx2.AsyncClient, services: Services) -> None:
    await client.post("/auth/sandbox", data={"username": "alice"})
    headers = {"X-LiteMaaS-Request": "1"}
    assert (await client.post("/auth/sandbox", data={"username": "ada"}, headers=headers)).status_code == 303
    assert (await client.get("/whoami")).json()["username"] == "ada"
    async with services.db.read() as session:
        query = "SELECT username FROM login_session JOIN app_user ON app_user.id = user_id"
        assert list((await session.execute(text(query))).scalars()) == ["ada"]
