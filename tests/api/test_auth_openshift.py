"""Signing in at OpenShift's OAuth server: who somebody is there, and which certificates are believed."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import text

from gateway.services import Services
from gateway.settings import Settings
from gateway.users import rights_topic
from tests.issuers import CLIENT_SECRET, OpenShiftCluster, certificate, serving
from tests.portal import ORIGIN, SESSION, browser, portal, settings_of

GRACE = {
    "metadata": {"name": "grace", "uid": "6f1c2c1e-8d52-4e5f-9f0f-1c2d3e4f5a6b"},
    "fullName": "Grace Hopper",
    "identities": ["ldap:grace"],
    "groups": ["developers", "system:authenticated", "system:authenticated:oauth"],
}


def openshift_settings(database_url: str, cluster: OpenShiftCluster, **changes: str | None) -> Settings:
    return settings_of(
        database_url,
        AUTH_PROVIDER="openshift",
        OIDC_ISSUER=None,
        OPENSHIFT_API_URL=changes.pop("OPENSHIFT_API_URL", cluster.url),
        OAUTH_CLIENT_ID=cluster.client_id,
        OAUTH_CLIENT_SECRET=changes.pop("OAUTH_CLIENT_SECRET", CLIENT_SECRET),
        **changes,
    )


@pytest.fixture
async def cluster() -> AsyncIterator[OpenShiftCluster]:
    cluster = OpenShiftCluster(user=dict(GRACE))
    with serving(cluster.app()) as cluster.url:
        yield cluster


async def sign_in(client: httpx2.AsyncClient) -> httpx2.Response:
    departure = await client.get("/auth/login", params={"next": "/keys"})
    assert departure.status_code == 303
    async with httpx2.AsyncClient(verify=False) as elsewhere:
        answer = await elsewhere.get(departure.headers["location"])
    assert answer.status_code == 302, answer.text
    return await client.get(answer.headers["location"])


async def people(services: Services) -> list[tuple[Any, ...]]:
    async with services.db.read() as session:
        query = "SELECT issuer, subject, username, display_name, email, role FROM app_user ORDER BY created_at"
        return [tuple(row) for row in await session.execute(text(query))]


async def test_a_person_signs_in(cluster: OpenShiftCluster, database_url: str) -> None:
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        response = await sign_in(client)
        assert (response.status_code, response.headers["location"]) == (303, "/keys")
        assert (await client.get("/whoami")).json()["username"] == "grace"
    assert await people(services) == [
        (cluster.url, "6f1c2c1e-8d52-4e5f-9f0f-1c2d3e4f5a6b", "grace", "Grace Hopper", None, "USER")
    ]
    await services.db.close()


async def test_only_what_is_needed_is_asked_for(cluster: OpenShiftCluster, database_url: str) -> None:
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        location = (await client.get("/auth/login")).headers["location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert location.startswith(f"{cluster.url}/oauth/authorize?")
    assert (asked["scope"], asked["client_id"]) == ("user:info", "system:serviceaccount:litemaas:gateway")
    assert (asked["redirect_uri"], asked["code_challenge_method"]) == (f"{ORIGIN}/auth/callback", "S256")
    await services.db.close()


@pytest.mark.parametrize(
    ("mapping", "groups", "role"),
    [
        ({"ADMIN_GROUPS": "sre"}, ["sre"], "ADMIN"),
        ({"AUDITOR_GROUPS": "audit"}, ["audit"], "AUDITOR"),
        ({"ADMIN_GROUPS": "sre"}, None, "USER"),
        # Everybody is in these: they say nothing about anybody.
        ({"ADMIN_GROUPS": "system:authenticated,system:authenticated:oauth"}, GRACE["groups"], "USER"),
        ({"INITIAL_ADMINS": "grace"}, [], "ADMIN"),
    ],
)
async def test_groups_make_roles(
    cluster: OpenShiftCluster, database_url: str, mapping: dict[str, str], groups: list[str] | None, role: str
) -> None:
    cluster.user["groups"] = groups
    app, services = portal(openshift_settings(database_url, cluster, **mapping))
    async with browser(app) as client:
        await sign_in(client)
        assert (await client.get("/whoami")).json()["role"] == role
    await services.db.close()


async def test_a_name_that_was_given_anew_is_another_person(cluster: OpenShiftCluster, database_url: str) -> None:
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        await sign_in(client)
        first = (await client.get("/whoami")).json()["id"]
        cluster.user["metadata"] = {"name": "grace", "uid": "00000000-0000-0000-0000-000000000002"}
        await sign_in(client)
        assert (await client.get("/whoami")).json()["id"] != first
    assert len(await people(services)) == 2
    await services.db.close()


async def test_a_virtual_user_has_a_name_and_no_uid(cluster: OpenShiftCluster, database_url: str) -> None:
    cluster.user = {"metadata": {"name": "kube:admin"}, "groups": ["system:authenticated", "system:cluster-admins"]}
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        await sign_in(client)
        await sign_in(client)
    assert await people(services) == [(cluster.url, "name:kube:admin", "kube:admin", "kube:admin", None, "USER")]
    await services.db.close()


@pytest.mark.parametrize("user", [{}, {"metadata": {}}, {"metadata": {"name": ""}}, {"metadata": "grace"}])
async def test_an_answer_without_a_name_is_nobody(
    cluster: OpenShiftCluster, database_url: str, user: dict[str, Any]
) -> None:
    cluster.user = user
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        assert (await sign_in(client)).headers["location"] == "/sign-in?error=ISSUER_UNAVAILABLE"
        assert SESSION not in client.cookies
    assert await people(services) == []
    await services.db.close()


async def test_a_wrong_client_secret_signs_nobody_in(cluster: OpenShiftCluster, database_url: str) -> None:
    app, services = portal(openshift_settings(database_url, cluster, OAUTH_CLIENT_SECRET="another-secret-8812"))
    async with browser(app) as client:
        assert (await sign_in(client)).headers["location"] == "/sign-in?error=SIGN_IN_REFUSED"
        assert SESSION not in client.cookies
    assert await people(services) == []
    await services.db.close()


async def test_the_clusters_certificate_is_believed_if_its_authority_is_given(
    database_url: str, tmp_path: Path
) -> None:
    ca_file, key_file = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ca_file, key_file)
    cluster = OpenShiftCluster(user=dict(GRACE))
    with serving(cluster.app(), tls) as cluster.url:
        trusting, services = portal(openshift_settings(database_url, cluster, OPENSHIFT_CA_FILE=str(ca_file)))
        async with browser(trusting) as client:
            assert (await sign_in(client)).headers["location"] == "/keys"
        await services.db.close()
        wary, services = portal(openshift_settings(database_url, cluster))
        async with browser(wary) as client:
            refused = await client.get("/auth/login")
            assert refused.headers["location"] == "/sign-in?error=ISSUER_UNAVAILABLE"
        await services.db.close()


async def test_two_authorities_in_two_files_are_believed_and_one_is_not_enough(
    database_url: str, tmp_path: Path
) -> None:
    """The API server and the OAuth route are certified by different ones on most clusters."""
    authorities = []
    for name in ("api", "ingress"):
        (tmp_path / name).mkdir()
        ca_file, key_file = certificate(tmp_path / name)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(ca_file, key_file)
        authorities.append((str(ca_file), tls))
    (api_ca, api), (ingress_ca, ingress) = authorities
    cluster = OpenShiftCluster(user=dict(GRACE))
    with serving(cluster.app(), api) as cluster.url, serving(cluster.app(), ingress) as cluster.oauth_url:
        for files, location in (
            (f"{api_ca}, {ingress_ca}", "/keys"),
            (api_ca, "/sign-in?error=ISSUER_UNAVAILABLE"),
        ):
            app, services = portal(openshift_settings(database_url, cluster, OPENSHIFT_CA_FILE=files))
            async with browser(app) as client:
                assert (await sign_in(client)).headers["location"] == location
            await services.db.close()


async def test_an_oauth_client_of_the_cluster_signs_in_as_well(cluster: OpenShiftCluster, database_url: str) -> None:
    cluster.client_id = "litemaas"
    app, services = portal(openshift_settings(database_url, cluster, ADMIN_GROUPS="developers"))
    async with browser(app) as client:
        assert (await sign_in(client)).headers["location"] == "/keys"
        # Its secret is no token of the API, so that nobody can be asked for groups between sign-ins.
        cluster.members = {"developers": []}
        assert await services.auth.refresh_roles() == 0
        assert (await client.get("/whoami")).json()["role"] == "ADMIN"
    assert cluster.asked_by_service_account == []
    await services.db.close()


async def test_a_cluster_without_an_oauth_server_says_what_to_set(
    cluster: OpenShiftCluster, database_url: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    cluster.external_issuer = "https://login.example.com/realms/one"
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        page = await client.get("/auth/login")
        assert page.headers["location"] == "/sign-in?error=NO_OAUTH_SERVER"
        told = await client.get("/auth/login", headers={"Accept": "application/json"})
    assert told.status_code == 502
    assert told.json()["error"] == {
        "code": "NO_OAUTH_SERVER",
        "message": "This cluster has no OAuth server of its own, so nobody can sign in with it. An administrator has to set "
        "AUTH_PROVIDER=oidc and OIDC_ISSUER.",
    }
    logged = capsys.readouterr().out + caplog.text  # which of the two, whoever set logging up decides
    assert "cluster_has_no_oauth_server" in logged
    assert "https://login.example.com/realms/one" in logged, "the service account may see which issuer it is"
    assert CLIENT_SECRET not in logged
    await services.db.close()


async def test_a_code_works_once_and_a_wrong_state_not_at_all(cluster: OpenShiftCluster, database_url: str) -> None:
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        departure = await client.get("/auth/login")
        sealed = client.cookies["litemaas_sign_in"]
        async with httpx2.AsyncClient() as elsewhere:
            callback = (await elsewhere.get(departure.headers["location"])).headers["location"]
        state = parse_qs(urlsplit(callback).query)["state"][0]
        wrong = await client.get(callback.replace(state, "x" * len(state)))
        assert wrong.headers["location"] == "/sign-in?error=SIGN_IN_NOT_STARTED"
        for location in ("/", "/sign-in?error=SIGN_IN_REFUSED"):
            client.cookies.clear()
            client.cookies.set("litemaas_sign_in", sealed)
            assert (await client.get(callback)).headers["location"] == location
    await services.db.close()


async def test_a_cluster_that_is_down_or_forgets_its_own_token(cluster: OpenShiftCluster, database_url: str) -> None:
    app, services = portal(openshift_settings(database_url, cluster, OPENSHIFT_API_URL="http://127.0.0.1:9"))
    async with browser(app) as client:
        assert (await client.get("/auth/login")).headers["location"] == "/sign-in?error=ISSUER_UNAVAILABLE"
    await services.db.close()

    class Forgetful(set[str]):
        def __contains__(self, token: object) -> bool:
            return False

    cluster.tokens = Forgetful()
    app, services = portal(openshift_settings(database_url, cluster))
    async with browser(app) as client:
        assert (await sign_in(client)).headers["location"] == "/sign-in?error=ISSUER_UNAVAILABLE"
        assert SESSION not in client.cookies
    assert await people(services) == []
    await services.db.close()


async def test_roles_follow_the_groups_between_sign_ins(cluster: OpenShiftCluster, database_url: str) -> None:
    cluster.user["groups"] = ["sre"]
    app, services = portal(
        openshift_settings(
            database_url, cluster, ADMIN_GROUPS="sre", AUDITOR_GROUPS="ldap:audit", INITIAL_ADMINS="root"
        )
    )
    async with browser(app) as client:
        await sign_in(client)
        await services.bus.start()
        for members, role, changed in (
            ({"sre": ["grace", "heidi"], "ldap:audit": []}, "ADMIN", 0),
            ({"sre": ["heidi"], "ldap:audit": ["grace"]}, "AUDITOR", 1),
            ({"ldap:audit": ["grace"]}, "AUDITOR", 0),
            ({"sre": ["heidi"]}, "USER", 1),
            ({"sre": ["grace"]}, "ADMIN", 1),
        ):
            cluster.members = members
            async with services.bus.subscribe([await topic_of_grace(services)]) as wakes:
                assert await services.auth.refresh_roles() == changed
                if changed:
                    await asyncio.wait_for(anext(wakes), 10)
            assert (await client.get("/whoami")).json()["role"] == role
        cluster.group_status = 403
        cluster.members = {}
        assert await services.auth.refresh_roles() == 0, "who may not ask takes nothing away"
        assert (await client.get("/whoami")).json()["role"] == "ADMIN"
        cluster.group_status = 500
        assert await services.auth.refresh_roles() == 0, "nor does a cluster that fails"
        assert (await client.get("/whoami")).json()["role"] == "ADMIN"
    rows = await services.db.fetch(
        "SELECT actor, detail->>'after' AS after FROM audit_entry WHERE action = 'user.role_changed' ORDER BY seq"
    )
    assert [(row["actor"], row["after"]) for row in rows] == [
        ("role-refresh", "AUDITOR"),
        ("role-refresh", "USER"),
        ("role-refresh", "ADMIN"),
    ]
    await services.bus.stop()
    await services.db.close()


async def test_groups_that_are_read_confirm_a_role_and_those_that_can_not_be_read_do_not(
    cluster: OpenShiftCluster, database_url: str
) -> None:
    cluster.user["groups"] = ["sre"]
    app, services = portal(openshift_settings(database_url, cluster, ADMIN_GROUPS="sre", ROLES_CONFIRMED_HOURS="48"))
    cluster.members = {"sre": ["grace"]}

    async def nearly_over() -> bool:
        """Whether the role ends within the hour; it did when this was asked before."""
        (row,) = await services.db.fetch("SELECT role_until < now() + interval '1 hour' AS soon FROM app_user")
        async with services.db.write() as session:
            await session.execute(text("UPDATE app_user SET role_until = now() + interval '30 minutes'"))
        return bool(row["soon"])

    async with browser(app) as client:
        await sign_in(client)
        assert not await nearly_over()
        assert await services.auth.refresh_roles() == 0
        assert not await nearly_over(), "moved on by the group"
        for cluster.group_status in (403, 500):
            assert await services.auth.refresh_roles() == 0
            assert await nearly_over()
        async with services.db.write() as session:
            await session.execute(text("UPDATE app_user SET role_until = now()"))
        assert await services.auth.lapse_roles() == 1
        assert (await client.get("/whoami")).json()["role"] == "USER"
        cluster.group_status = 200
        assert await services.auth.refresh_roles() == 1, "and back, as soon as the group can be read"
        assert (await client.get("/whoami")).json()["role"] == "ADMIN"
    await services.db.close()


async def topic_of_grace(services: Services) -> str:
    (row,) = await services.db.fetch("SELECT id FROM app_user WHERE username = 'grace'")
    return rights_topic(row["id"])


async def test_a_name_that_was_given_anew_takes_its_groups_along(cluster: OpenShiftCluster, database_url: str) -> None:
    cluster.user["groups"] = ["sre"]
    app, services = portal(openshift_settings(database_url, cluster, ADMIN_GROUPS="sre"))
    async with browser(app) as client:
        await sign_in(client)
        cluster.user["metadata"] = {"name": "grace", "uid": "00000000-0000-0000-0000-000000000002"}
        await sign_in(client)
    cluster.members = {"sre": ["grace"]}
    assert await services.auth.refresh_roles() == 1
    assert [person[-1] for person in await people(services)] == ["USER", "ADMIN"]
    await services.db.close()
