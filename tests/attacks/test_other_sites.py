"""Requests that another site makes a signed-in browser send: none of them changes anything, opens a socket or is answered."""

import json

import httpx
import pytest
import websockets

from tests.api.conftest import World
from tests.api.test_first_call import model_id
from tests.attacks.sending import everything
from tests.documents import SUBSCRIBE

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "OWN.evil.example"}, 403),
        ({"Origin": "OWN/"}, 403),
        ({"Referer": "OWN/graphiql"}, 403),
        ({"X-LiteMaaS-Request": "0"}, 403),
        ({"User-Agent": "Mozilla/5.0", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "OWN", "Content-Type": "text/plain"}, 415),
        ({"Origin": "OWN", "Content-Type": FORM}, 415),
        ({"Origin": "OWN", "Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Origin": "OWN", "Content-Type": "application/graphql"}, 415),
        ({"Origin": "OWN", "Content-Type": ""}, 415),
    ],
)
async def test_another_site_makes_a_browser_change_nothing(
    shared_world: World, headers: dict[str, str], status: int
) -> None:
    before = await everything(shared_world)
    variables = {"m": await model_id(shared_world.bob, "claude-opus-4-1"), "why": "x"}
    own = shared_world.portal.url
    sent = {"Content-Type": "application/json"} | {name: value.replace("OWN", own) for name, value in headers.items()}
    body = json.dumps({"query": SUBSCRIBE, "variables": variables})
    async with httpx.AsyncClient(base_url=own, cookies=dict(shared_world.bob.http.cookies)) as browser:
        assert (await browser.post("/graphql", content=body, headers=sent)).status_code == status
        for method in ("GET", "HEAD"):
            address = "/graphql?" + str(httpx.QueryParams(query=SUBSCRIBE, variables=json.dumps(variables)))
            assert (await browser.request(method, address, headers=sent)).status_code == 405
    assert await everything(shared_world) == before


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1", ""])
async def test_another_site_opens_no_socket(shared_world: World, origin: str) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in shared_world.bob.http.cookies.items())
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with websockets.connect(
            shared_world.portal.url.replace("http", "ws", 1) + "/graphql",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
            additional_headers={"Cookie": cookie, "Origin": origin},
        ):
            pass
    assert refused.value.response.status_code == 403
