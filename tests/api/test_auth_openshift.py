"""Signing in at OpenShift's OAuth server: who somebody is there, and which certificates are believed."""

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
        OPENSHIFT_API_URL=cluster.url,
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
