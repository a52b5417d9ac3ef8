"""Signing in at an OpenID Connect issuer, over HTTP, in every way that works and in those that must not."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import text
from starlette.applications import Starlette

from gateway.services import Services
from tests.issuers import OidcIssuer, serving, signing_key
from tests.portal import ORIGIN, SESSION, browser, portal, settings_of

GRACE = {"sub": "g-1", "preferred_username": "grace", "name": "Grace Hopper", "email": "grace@example.com"}


@dataclass
class World:
    """A portal, the issuer it trusts, and a browser that visits both."""

    issuer: OidcIssuer
    app: Starlette
    services: Services
    browser: httpx2.AsyncClient

    async def leave(self, next_path: str | None = None) -> str:
        """The portal's way to the issuer: where the browser is sent."""
        response = await self.browser.get("/auth/login", params={"next": next_path} if next_path else None)
        assert response.status_code == 303, response.text
        return response.headers["location"]

    async def answer(self, departure: str) -> str:
        """The issuer's way back: the callback's address, path and query."""
        async with httpx2.AsyncClient() as elsewhere:
            response = await elsewhere.get(departure)
        assert response.status_code == 302, response.text
        assert response.headers["location"].startswith(f"{ORIGIN}/auth/callback?")
        return response.headers["location"].removeprefix(ORIGIN)

    async def sign_in(self, next_path: str | None = None) -> httpx2.Response:
        return await self.browser.get(await self.answer(await self.leave(next_path)))

    async def who(self) -> dict[str, Any] | None:
        return (await self.browser.get("/whoami")).json()

    async def counts(self) -> tuple[int, int]:
        async with self.services.db.read() as session:
            query = "SELECT (SELECT count(*) FROM app_user), (SELECT count(*) FROM login_session)"
            return tuple((await session.execute(text(query))).one())

    async def refused(self, response: httpx2.Response, code: str) -> None:
        """The browser is back at the sign-in page with the reason, nobody is signed in, nothing was written."""
        assert (response.status_code, response.headers["location"]) == (303, f"/sign-in?error={code}")
        assert SESSION not in self.browser.cookies
        assert await self.who() is None
        assert await self.counts() == (0, 0)


@pytest.fixture(scope="module")
def one_issuer() -> Iterator[OidcIssuer]:
    issuer = OidcIssuer()
    with serving(issuer.app()) as issuer.url:
        yield issuer


@pytest.fixture
def issuer(one_issuer: OidcIssuer) -> OidcIssuer:
    """As good as new for each test, at the same address."""
    vars(one_issuer).update(vars(OidcIssuer(url=one_issuer.url, person=dict(GRACE))))
    return one_issuer


@pytest.fixture
async def world(issuer: OidcIssuer, database_url: str) -> AsyncIterator[World]:
    app, services = portal(settings_of(database_url, OIDC_ISSUER=issuer.url, ADMIN_GROUPS="sre"))
    async with browser(app) as client:
        yield World(issuer, app, services, client)
    await services.db.close()


async def test_a_person_signs_in_and_comes_back_to_where_they_were(world: World) -> None:
    response = await world.sign_in("/models?q=llama")
    assert (response.status_code, response.headers["location"]) == (303, "/models?q=llama")
    who = await world.who()
    assert who is not None
    assert (who["username"], who["role"]) == ("grace", "USER")
    async with world.services.db.read() as session:
        row = (await session.execute(text("SELECT issuer, subject, display_name, email FROM app_user"))).one()
    assert tuple(row) == (world.issuer.url, "g-1", "Grace Hopper", "grace@example.com")


async def test_the_way_to_the_issuer_is_guarded(world: World) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(await world.leave()).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{ORIGIN}/auth/callback"
    assert asked["scope"] == "openid profile email groups"
    again = {name: values[0] for name, values in parse_qs(urlsplit(await world.leave()).query).items()}
    for secret in ("state", "nonce", "code_challenge"):
        assert len(asked[secret]) >= 43
        assert asked[secret] != again[secret]


async def test_both_cookies_are_out_of_reach_of_scripts(world: World) -> None:
    departure = await world.browser.get("/auth/login")
    sign_in = departure.headers["set-cookie"]
    assert "litemaas_sign_in=" in sign_in
    assert "Max-Age=600" in sign_in
    arrival = await world.browser.get(await world.answer(departure.headers["location"]))
    session, dropped = arrival.headers.get_list("set-cookie")
    assert session.startswith(f"{SESSION}=")
    assert "Max-Age=86400" in session
    assert dropped.startswith('litemaas_sign_in=""')
    for cookie in (sign_in, session, dropped):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie
    assert {response.headers["cache-control"] for response in (departure, arrival)} == {"no-store"}


async def test_over_tls_the_cookies_are_bound_to_this_host(issuer: OidcIssuer, database_url: str) -> None:
    issuer.redirect_uri = "https://portal.test/auth/callback"
    app, services = portal(settings_of(database_url, OIDC_ISSUER=issuer.url, PUBLIC_URL="https://portal.test"))
    async with browser(app, "https://portal.test") as client, httpx2.AsyncClient() as elsewhere:
        departure = await client.get("/auth/login")
        answer = await elsewhere.get(departure.headers["location"])
        arrival = await client.get(answer.headers["location"])
        cookies = departure.headers.get_list("set-cookie") + arrival.headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == [
            "__Host-litemaas_sign_in",
            "__Host-litemaas_session",
            "__Host-litemaas_sign_in",
        ]
        for cookie in cookies:
            assert "; Secure" in cookie
            assert "; Path=/" in cookie
            assert "Domain" not in cookie
        assert arrival.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert (await client.get("/whoami")).json()["username"] == "grace"
    await services.db.close()


async def test_groups_of_the_id_token_make_an_admin(world: World) -> None:
    world.issuer.claims = {"groups": ["developers", "sre"]}
    await world.sign_in()
    who = await world.who()
    assert who is not None
    assert who["role"] == "ADMIN"


async def test_who_leaves_the_group_is_no_admin_after_the_next_sign_in(world: World) -> None:
    world.issuer.claims = {"groups": ["sre"]}
    await world.sign_in()
    world.issuer.claims = {"groups": []}
    await world.sign_in()
    who = await world.who()
    assert who is not None
    assert who["role"] == "USER"


async def test_what_the_id_token_leaves_out_comes_from_userinfo(world: World) -> None:
    world.issuer.person = {"sub": "g-1"}
    world.issuer.userinfo = {"sub": "g-1", "preferred_username": "grace", "groups": "sre"}
    await world.sign_in()
    who = await world.who()
    assert who is not None
    assert (who["username"], who["role"]) == ("grace", "ADMIN")


@pytest.mark.parametrize(
    ("claims", "username", "email"),
    [
        ({"email_verified": True}, "grace@example.com", "grace@example.com"),
        ({"email_verified": False}, "g-1", None),
        ({"email": None}, "g-1", None),
        ({"email": ["grace@example.com"]}, "g-1", None),
    ],
)
async def test_who_has_no_username_is_called_by_address_or_subject(
    world: World, claims: dict[str, Any], username: str, email: str | None
) -> None:
    world.issuer.claims = {"preferred_username": None, "name": None, **claims}
    await world.sign_in()
    async with world.services.db.read() as session:
        row = (await session.execute(text("SELECT username, display_name, email FROM app_user"))).one()
    assert tuple(row) == (username, username, email)


async def test_userinfo_of_somebody_else_is_refused(world: World) -> None:
    world.issuer.userinfo = {"sub": "g-2", "groups": ["sre"]}
    await world.refused(await world.sign_in(), "IDENTITY_NOT_PROVEN")


async def test_a_second_sign_in_ends_the_first_session(world: World) -> None:
    await world.sign_in()
    first = world.browser.cookies[SESSION]
    await world.sign_in()
    assert world.browser.cookies[SESSION] != first
    assert await world.counts() == (1, 1)
    async with browser(world.app) as thief:
        thief.cookies.set(SESSION, first)
        assert (await thief.get("/whoami")).json() is None


async def test_signing_out_ends_the_session_and_drops_the_cookie(world: World) -> None:
    await world.sign_in()
    token = world.browser.cookies[SESSION]
    response = await world.browser.post("/auth/logout", headers={"Origin": ORIGIN})
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?out=here")
    assert SESSION not in world.browser.cookies
    world.browser.cookies.set(SESSION, token)
    assert await world.who() is None
    assert await world.counts() == (1, 0)


async def leaves_for(world: World, **headers: str) -> httpx2.Response:
    return await world.browser.post("/auth/logout", headers={"Origin": ORIGIN, **headers})


async def test_signing_out_leads_past_the_issuer_which_is_shown_its_own_token(world: World) -> None:
    world.issuer.ends_sessions = True
    await world.sign_in()
    token = world.browser.cookies[SESSION]
    ((sealed,),) = [tuple(row) for row in await world.services.db.fetch("SELECT sealed_id_token FROM login_session")]
    assert sealed.startswith("gAAAA"), "encrypted"
    response = await leaves_for(world)
    there = urlsplit(response.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(there.query).items()}
    assert (response.status_code, f"{there.scheme}://{there.netloc}{there.path}") == (303, f"{world.issuer.url}/logout")
    hint = asked.pop("id_token_hint")
    assert json.loads(base64.urlsafe_b64decode(hint.split(".")[1] + "=="))["sub"] == "g-1"
    assert asked == {
        "tenant": "one",
        "client_id": "litemaas",
        "post_logout_redirect_uri": f"{ORIGIN}/sign-in",
        "state": "signed-out",
    }
    assert hint not in str(await world.services.db.fetch("SELECT to_jsonb(a) FROM audit_entry a"))
    world.browser.cookies.set(SESSION, token)
    assert await world.who() is None
    assert await world.counts() == (1, 0)


async def test_a_program_is_told_where_to_sign_out_next(world: World) -> None:
    world.issuer.ends_sessions = True
    await world.sign_in()
    response = await leaves_for(world, Accept="application/json")
    assert response.status_code == 200
    assert response.json()["location"].startswith(f"{world.issuer.url}/logout?")
    assert (await leaves_for(world, Accept="application/json")).status_code == 204, "nobody is left"


async def test_a_database_alone_does_not_open_what_is_kept_for_signing_out(world: World) -> None:
    world.issuer.ends_sessions = True
    await world.sign_in()
    mine = world.browser.cookies[SESSION]
    await world.sign_in()
    # The row of another session under one's own cookie: what somebody who may write to the database could try.
    async with world.services.db.write() as session:
        other = hashlib.sha256(mine.encode()).hexdigest()
        await session.execute(text("UPDATE login_session SET token_hash = :h"), {"h": other})
    world.browser.cookies.clear()
    world.browser.cookies.set(SESSION, mine)
    response = await leaves_for(world)
    assert "id_token_hint" not in response.headers["location"]
    assert await world.counts() == (1, 0)


async def test_an_issuer_that_is_down_keeps_nobody_signed_in(world: World) -> None:
    world.issuer.ends_sessions = True
    await world.sign_in()
    world.issuer.announced_issuer = "https://evil.test"
    response = await leaves_for(world)
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?out=here")
    assert await world.counts() == (1, 0)


async def test_a_program_signs_out_without_being_sent_anywhere(world: World) -> None:
    await world.sign_in()
    headers = {"X-LiteMaaS-Request": "1", "Accept": "*/*"}
    assert (await world.browser.post("/auth/logout", headers=headers)).status_code == 204
    assert (await world.browser.post("/auth/logout", headers=headers)).status_code == 204, "also when nobody is left"
    assert await world.counts() == (1, 0)


async def test_a_link_cannot_sign_anybody_out(world: World) -> None:
    await world.sign_in()
    assert (await world.browser.get("/auth/logout", headers={"Accept": "*/*"})).status_code in (404, 405)
    assert await world.who() is not None


@pytest.mark.parametrize("next_path", ["//evil.test", "https://evil.test/x", "/\\evil.test", "/\t/evil.test", "evil"])
async def test_no_sign_in_leads_to_another_site(world: World, next_path: str) -> None:
    response = await world.sign_in(next_path)
    assert response.headers["location"] == "/"
    assert await world.who() is not None


async def test_another_state_is_refused(world: World) -> None:
    callback = await world.answer(await world.leave())
    state = parse_qs(urlsplit(callback).query)["state"][0]
    await world.refused(await world.browser.get(callback.replace(state, "x" * len(state))), "SIGN_IN_NOT_STARTED")


@pytest.mark.parametrize("query", ["", "?code=1", "?state=", "?state=%C3%A9&code=1"])
async def test_an_answer_without_state_is_refused(world: World, query: str) -> None:
    await world.leave()
    await world.refused(await world.browser.get(f"/auth/callback{query}"), "SIGN_IN_NOT_STARTED")


async def test_an_answer_in_another_browser_is_refused(world: World) -> None:
    callback = await world.answer(await world.leave())
    async with browser(world.app) as victim:
        response = await victim.get(callback)
        assert (response.status_code, response.headers["location"]) == (303, "/sign-in?error=SIGN_IN_NOT_STARTED")
        assert SESSION not in victim.cookies
    assert await world.counts() == (0, 0)


async def test_a_cookie_of_our_own_making_is_refused(world: World) -> None:
    callback = await world.answer(await world.leave())
    sealed = world.browser.cookies["litemaas_sign_in"]
    world.browser.cookies.set("litemaas_sign_in", sealed[:-3] + "AAA", domain="portal.test", path="/")
    await world.refused(await world.browser.get(callback), "SIGN_IN_NOT_STARTED")


async def test_a_sign_in_that_takes_too_long_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    callback = await world.answer(await world.leave())
    # A browser would have forgotten the cookie by then; somebody who kept it gets no further.
    kept = {"Cookie": f"litemaas_sign_in={world.browser.cookies['litemaas_sign_in']}"}
    world.browser.cookies.clear()
    later = time.time() + 601
    with monkeypatch.context() as clock:
        clock.setattr("time.time", lambda: later)
        response = await world.browser.get(callback, headers=kept)
    await world.refused(response, "SIGN_IN_NOT_STARTED")


async def test_a_code_works_once(world: World) -> None:
    callback = await world.answer(await world.leave())
    sealed = world.browser.cookies["litemaas_sign_in"]
    assert (await world.browser.get(callback)).headers["location"] == "/"
    world.browser.cookies.clear()
    assert (await world.browser.get(callback)).headers["location"] == "/sign-in?error=SIGN_IN_NOT_STARTED"
    world.browser.cookies.set("litemaas_sign_in", sealed)
    assert (await world.browser.get(callback)).headers["location"] == "/sign-in?error=SIGN_IN_REFUSED"
    assert SESSION not in world.browser.cookies
    assert await world.counts() == (1, 1)


async def test_a_code_of_another_sign_in_is_refused(world: World) -> None:
    """PKCE: a stolen code is worth nothing in a sign-in that another browser began."""
    stolen = parse_qs(urlsplit(await world.answer(await world.leave())).query)["code"][0]
    world.browser.cookies.clear()
    own = await world.answer(await world.leave())
    code = parse_qs(urlsplit(own).query)["code"][0]
    await world.refused(await world.browser.get(own.replace(code, stolen)), "SIGN_IN_REFUSED")


async def test_the_issuer_says_no(world: World) -> None:
    world.issuer.refuse_with = "access_denied"
    await world.refused(await world.sign_in(), "SIGN_IN_REFUSED")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": "another-client", "azp": "litemaas"},
        {"aud": ["litemaas", "another-client"]},  # and no azp that says which of them asked
        {"aud": ["litemaas", "another-client"], "azp": "another-client"},
        {"aud": None},
        {"iss": "https://evil.test"},
        {"iss": None},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"sub": None},
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=lambda claims: "-".join(f"{name}={value}" for name, value in claims.items()),
)
async def test_an_id_token_that_does_not_hold_is_refused(world: World, claims: dict[str, Any]) -> None:
    world.issuer.claims = claims
    await world.refused(await world.sign_in(), "IDENTITY_NOT_PROVEN")


async def test_a_clock_that_differs_by_half_a_minute_is_forgiven(world: World) -> None:
    world.issuer.claims = {"exp": int(time.time()) - 30, "iat": int(time.time()) - 330}
    await world.sign_in()
    assert await world.who() is not None


async def test_a_clock_that_differs_by_more_is_not(world: World) -> None:
    world.issuer.claims = {"exp": int(time.time()) - 90, "iat": int(time.time()) - 390}
    await world.refused(await world.sign_in(), "IDENTITY_NOT_PROVEN")


async def test_an_unknown_key_is_refused(world: World) -> None:
    world.issuer.published_key = signing_key("two")
    await world.refused(await world.sign_in(), "IDENTITY_NOT_PROVEN")


async def test_another_key_under_the_same_name_is_refused(world: World) -> None:
    world.issuer.published_key = RSAKey.generate_key(2048, {"kid": "one"})
    await world.refused(await world.sign_in(), "IDENTITY_NOT_PROVEN")


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
async def test_a_token_that_anybody_could_make_is_refused(world: World, algorithm: str) -> None:
    """Signed with the published key as if it were a shared secret, and not signed at all."""

    def base64url(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    def forge(claims: dict[str, Any]) -> str:
        header = {"alg": algorithm, "kid": "one", "typ": "JWT"}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        public = world.issuer.signing_key.as_pem(private=False)
        signature = hmac.digest(public, signed.encode(), "sha256") if algorithm == "HS256" else b""
        return f"{signed}.{base64url(signature)}"

    world.issuer.forge = forge
    await world.refused(await world.sign_in(), "IDENTITY_NOT_PROVEN")


async def test_metadata_of_another_issuer_are_refused(world: World) -> None:
    world.issuer.announced_issuer = "https://evil.test"
    await world.refused(await world.browser.get("/auth/login"), "ISSUER_UNAVAILABLE")


async def test_an_issuer_behind_a_broken_gateway_is_told_as_such(world: World) -> None:
    callback = await world.answer(await world.leave())
    world.issuer.token_status = 502
    await world.refused(await world.browser.get(callback), "ISSUER_UNAVAILABLE")


async def test_an_issuer_that_is_down_is_told_to_programs_and_people(database_url: str) -> None:
    app, services = portal(settings_of(database_url, OIDC_ISSUER="http://127.0.0.1:9"))
    async with browser(app) as client:
        page = await client.get("/auth/login")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?error=ISSUER_UNAVAILABLE")
        told = await client.get("/auth/login", headers={"Accept": "application/json"})
    await services.db.close()
    assert told.status_code == 502
    assert told.json() == {
        "error": {
            "code": "ISSUER_UNAVAILABLE",
            "message": "The identity provider is not answering. Try again in a minute.",
        }
    }


async def test_nobody_signs_in_by_name(world: World) -> None:
    response = await world.browser.post("/auth/sandbox", data={"username": "alice"})
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_AVAILABLE"
    assert await world.counts() == (0, 0)


async def test_a_disabled_person_is_told_so(world: World) -> None:
    await world.sign_in()
    async with world.services.db.write() as session:
        await session.execute(text("UPDATE app_user SET disabled_at = now()"))
    assert await world.who() is None
    response = await world.sign_in()
    assert response.headers["location"] == "/sign-in?error=ACCOUNT_DISABLED"
    assert await world.counts() == (1, 1)
