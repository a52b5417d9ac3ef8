"""Where people come from: OpenShift's OAuth server, or any OpenID Connect issuer.

Both walk the authorization code flow with PKCE in two steps, since a browser goes away between them: `start` says where
to send it, `finish` turns what it brings back into a `Profile`. Metadata and keys are fetched anew for each sign-in;
sign-ins are rare, and what is not cached is never stale.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import httpx2
import structlog
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway import tracing
from gateway.auth.errors import IdentityNotProven, IssuerUnavailable, NoOAuthServer, SignInRefused
from gateway.settings import AuthSettings

log = structlog.get_logger()

_TIMEOUT = 10.0  # seconds, for each request to an issuer
_CLOCK_SKEW = 60  # seconds by which an issuer's clock and ours may differ
_SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_KEY_TYPES = ("RSA", "EC", "OKP")
SIGNED_OUT = "signed-out"
SERVICE_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class Challenge:
    """What ties a browser's return to its departure: the browser, the code and the token, in this order."""

    state: str = field(default_factory=lambda: generate_token(43))
    verifier: str = field(default_factory=lambda: generate_token(64))
    nonce: str = field(default_factory=lambda: generate_token(43))


@dataclass(frozen=True)
class Profile:
    """What an issuer says about a person. `(issuer, subject)` identifies them for good."""

    issuer: str
    subject: str
    username: str
    display_name: str
    email: str | None
    groups: frozenset[str]
    id_token: str | None = None


class IdentityProvider(Protocol):
    """Raises errors of `gateway.auth.errors` and no others."""

    async def start(self, challenge: Challenge, redirect_uri: str) -> str:
        """The address of the issuer's page where the person signs in."""

    async def finish(self, challenge: Challenge, redirect_uri: str, code: str) -> Profile:
        """Who came back with `code`."""

    async def end(self, back: str, id_token: str | None) -> str | None:
        """Where the issuer ends its own session and sends the browser to `back`, with `SIGNED_OUT` as `state`; None if it offers no such
        place."""

    async def groups(self) -> tuple[str, dict[str, frozenset[str]]] | None:
        """(issuer, usernames by group) of the groups that make roles, as they are now; None where only a sign-in tells them."""


def provider_of(settings: AuthSettings) -> IdentityProvider | None:
    """The one that the settings name; None in the sandbox, where people sign in by name alone."""
    if settings.provider == "openshift":
        return OpenShift(settings)
    if settings.provider == "oidc":
        return OpenIdConnect(settings)
    return None


class _CodeFlow:
    """What both have in common."""

    def __init__(self, settings: AuthSettings, metadata_url: str) -> None:
        self._metadata_url = metadata_url
        self._client_id = settings.client_id or ""
        self._client_secret = settings.client_secret
        self._trust = httpx2.create_ssl_context()
        for ca_file in settings.openshift_ca_files:
            # Beside the public authorities: API server and OAuth route are often certified by different ones.
            self._trust.load_verify_locations(ca_file)

    @asynccontextmanager
    async def _talk(self, **options: Any) -> AsyncIterator[AsyncOAuth2Client]:
        """A client for one exchange, whose failures come out as ours."""
        secret = self._client_secret.get_secret_value() if self._client_secret else None
        try:
            async with AsyncOAuth2Client(
                self._client_id, secret, verify=self._trust, timeout=_TIMEOUT, code_challenge_method="S256", **options
            ) as client:
                yield client
        except OAuthError as error:
            log.warning("issuer_refused", error=error.error, description=error.description)
            raise SignInRefused from error
        except JoseError as error:
            log.warning("identity_not_proven", error=error.error, description=str(error))
            raise IdentityNotProven from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:  # no answer, or none that makes sense
            log.warning("issuer_unavailable", error=type(error).__name__, description=str(error))
            raise IssuerUnavailable from error

    async def _metadata(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        metadata = await _get_json(client, self._metadata_url, urlsplit(self._metadata_url).path)
        for endpoint in ("authorization_endpoint", "token_endpoint"):
            if urlsplit(_text(metadata, endpoint)).scheme not in ("http", "https"):
                raise ValueError(f"{endpoint} is not an http(s) address")
        return metadata

    async def _fetch_token(
        self, client: AsyncOAuth2Client, metadata: Mapping[str, Any], challenge: Challenge, redirect_uri: str, code: str
    ) -> Mapping[str, Any]:
        url = metadata["token_endpoint"]
        with _asking("POST", url, "token_endpoint"):
            token: Mapping[str, Any] = await client.fetch_token(
                url,
                grant_type="authorization_code",
                code=code,
                code_verifier=challenge.verifier,
                redirect_uri=redirect_uri,
            )
        return token


class OpenShift(_CodeFlow):
    """OpenShift's own OAuth server. The person's cluster token is used once, to ask who they are, and not kept."""

    def __init__(self, settings: AuthSettings) -> None:
        self._api = settings.openshift_api_url
        self._role_groups = sorted({*settings.admin_groups, *settings.auditor_groups})
        super().__init__(settings, f"{self._api}/.well-known/oauth-authorization-server")

    async def start(self, challenge: Challenge, redirect_uri: str) -> str:
        async with self._talk() as client:
            metadata = await self._metadata(client)
            return _authorization_url(client, metadata, challenge, redirect_uri, scope="user:info")

    async def finish(self, challenge: Challenge, redirect_uri: str, code: str) -> Profile:
        # Not HTTP Basic: a service account's client id contains colons, which Basic can't carry.
        async with self._talk(token_endpoint_auth_method="client_secret_post") as client:  # noqa: S106
            metadata = await self._metadata(client)
            await self._fetch_token(client, metadata, challenge, redirect_uri, code)
            path = "/apis/user.openshift.io/v1/users/~"
            user = await _get_json(client, f"{self._api}{path}", path, signed=True)
            about = user.get("metadata")
            name = _text(about, "name")
            groups = _texts(user.get("groups"))
            return Profile(
                issuer=_text(metadata, "issuer"),
                # Names can be given to somebody else later; only virtual users such as kube:admin have no uid.
                subject=_text(about, "uid", f"name:{name}"),
                username=name,
                display_name=_text(user, "fullName", name),
                email=None,  # OpenShift knows none, and a guess would be somebody's
                groups=frozenset(group for group in groups if not group.startswith("system:authenticated")),
            )

    async def end(self, back: str, id_token: str | None) -> str | None:
        return None  # the cluster's own session ends at its console only

    async def groups(self) -> tuple[str, dict[str, frozenset[str]]] | None:
        """Asked with the secret of a service account, which is a token of the API; an OAuthClient's secret is none."""
        if not (self._client_id.startswith(SERVICE_ACCOUNT) and self._role_groups):
            return None
        members = {}
        async with self._talk() as client:
            issuer = _text(await self._metadata(client), "issuer")
            for group in self._role_groups:
                route = "/apis/user.openshift.io/v1/groups/{name}"
                response = await self._as_service_account(client, route, quote(group, safe=""))
                if response.status_code in (401, 403):
                    log.warning("groups_not_readable", group=group, hint="let the service account get these groups")
                    return None
                if response.status_code != 404:
                    response.raise_for_status()
                    members[group] = _texts(response.json().get("users"))
        return issuer, members

    async def _metadata(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        try:
            return await super()._metadata(client)
        except httpx2.HTTPStatusError as error:
            if error.response.status_code != 404:
                raise
            issuer = await self._external_issuer(client)
            log.error("cluster_has_no_oauth_server", hint="set AUTH_PROVIDER=oidc and OIDC_ISSUER", oidc_issuer=issuer)
            raise NoOAuthServer from error

    async def _external_issuer(self, client: AsyncOAuth2Client) -> str | None:
        """What OIDC_ISSUER should be, if the service account may see it."""
        route = "/apis/config.openshift.io/v1/authentications/cluster"
        try:
            found = (await self._as_service_account(client, route)).json()["spec"]["oidcProviders"][0]["issuer"]
            return _text(found, "issuerURL")
        except (httpx2.HTTPError, ValueError, LookupError, TypeError):
            return None

    async def _as_service_account(self, client: AsyncOAuth2Client, route: str, name: str = "") -> httpx2.Response:
        """The API's answer; `name` is what stands for `{name}` in the route."""
        secret = self._client_secret.get_secret_value() if self._client_secret else ""
        headers = {"Accept": "application/json", "Authorization": f"Bearer {secret}"}
        return await _get(client, f"{self._api}{route.replace('{name}', name)}", route, headers, signed=False)


class OpenIdConnect(_CodeFlow):
    """Any OpenID Connect issuer. Groups come from the claim `groups`."""

    def __init__(self, settings: AuthSettings) -> None:
        self._issuer = str(settings.oidc_issuer)
        super().__init__(settings, f"{self._issuer}/.well-known/openid-configuration")

    async def start(self, challenge: Challenge, redirect_uri: str) -> str:
        async with self._talk() as client:
            metadata = await self._metadata(client)
            wants_groups = "groups" in _texts(metadata.get("scopes_supported"))
            scope = "openid profile email" + " groups" * wants_groups
            return _authorization_url(client, metadata, challenge, redirect_uri, scope=scope, nonce=challenge.nonce)

    async def finish(self, challenge: Challenge, redirect_uri: str, code: str) -> Profile:
        async with self._talk() as client:
            metadata = await self._metadata(client)
            methods = _texts(metadata.get("token_endpoint_auth_methods_supported"))
            if "client_secret_post" in methods and "client_secret_basic" not in methods:
                client.token_endpoint_auth_method = "client_secret_post"  # noqa: S105
            token = await self._fetch_token(client, metadata, challenge, redirect_uri, code)
            claims = await self._proven(client, metadata, token, challenge.nonce)
            if "groups" not in claims and "userinfo_endpoint" in metadata:
                more = await _get_json(client, _text(metadata, "userinfo_endpoint"), "userinfo_endpoint", signed=True)
                if more.get("sub") != claims["sub"]:
                    log.warning("identity_not_proven", error="userinfo is about somebody else")
                    raise IdentityNotProven
                claims = more | claims
            subject = _text(claims, "sub")
            # An address that the issuer knows to be unverified may be anybody's.
            email = "" if claims.get("email_verified") is False else _text(claims, "email", "")
            username = _text(claims, "preferred_username", email or subject)
            return Profile(
                issuer=_text(claims, "iss"),
                subject=subject,
                username=username,
                display_name=_text(claims, "name", username),
                email=email or None,
                groups=_texts(claims.get("groups")),
                id_token=_text(token, "id_token"),
            )

    async def end(self, back: str, id_token: str | None) -> str | None:
        async with self._talk() as client:
            page = (await self._metadata(client)).get("end_session_endpoint")
        if not isinstance(page, str) or urlsplit(page).scheme not in ("http", "https"):
            return None
        asked = {"client_id": self._client_id, "post_logout_redirect_uri": back, "state": SIGNED_OUT}
        if id_token is not None:
            asked["id_token_hint"] = id_token
        return str(httpx2.URL(page).copy_merge_params(asked))

    async def groups(self) -> tuple[str, dict[str, frozenset[str]]] | None:
        return None

    async def _metadata(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        metadata = await super()._metadata(client)
        if _text(metadata, "issuer").rstrip("/") != self._issuer:
            raise ValueError("the metadata are those of another issuer")
        return metadata

    async def _proven(
        self, client: AsyncOAuth2Client, metadata: Mapping[str, Any], token: Mapping[str, Any], nonce: str
    ) -> dict[str, Any]:
        """The claims of the id_token, once its signature, issuer, audience, times and nonce have been checked."""
        published = (await _get_json(client, _text(metadata, "jwks_uri"), "jwks_uri")).get("keys")
        keys = [key for key in published or () if key.get("kty") in _KEY_TYPES and key.get("use") != "enc"]
        supported = _texts(metadata.get("id_token_signing_alg_values_supported")) or {"RS256"}
        algorithms = [algorithm for algorithm in _SIGNATURES if algorithm in supported]
        decoded = jwt.decode(_text(token, "id_token"), KeySet.import_key_set({"keys": keys}), algorithms=algorithms)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": metadata["issuer"]},
                "aud": {"essential": True, "value": self._client_id},
            },
            {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=_CLOCK_SKEW)
        return dict(claims)


def _authorization_url(
    client: AsyncOAuth2Client, metadata: Mapping[str, Any], challenge: Challenge, redirect_uri: str, **parameters: str
) -> str:
    url, _ = client.create_authorization_url(
        metadata["authorization_endpoint"],
        state=challenge.state,
        code_verifier=challenge.verifier,
        redirect_uri=redirect_uri,
        **parameters,
    )
    return str(url)


async def _get_json(client: AsyncOAuth2Client, url: str, route: str, *, signed: bool = False) -> dict[str, Any]:
    """The JSON object at `url`; `signed` sends the person's token along. `route` is what spans call it."""
    response = await _get(client, url, route, {"Accept": "application/json"}, signed=signed)
    response.raise_for_status()
    answer = response.json()
    if not isinstance(answer, dict):
        raise ValueError(f"{url} answers with no JSON object")
    return answer


async def _get(
    client: AsyncOAuth2Client, url: str, route: str, headers: Mapping[str, str], *, signed: bool
) -> httpx2.Response:
    with _asking("GET", url, route) as span:
        response: httpx2.Response = await client.request("GET", url, withhold_token=not signed, headers=headers)
        span.set("http.response.status_code", response.status_code)
    return response


def _asking(method: str, url: str, route: str) -> tracing.Span:
    about = {"server.address": urlsplit(url).hostname or "", "http.request.method": method, "url.template": route}
    return tracing.outgoing(f"issuer {method} {route}", about)


def _text(answer: Any, name: str, default: str | None = None) -> str:
    """A text of an issuer's answer. Raises ValueError when there is none and no `default`."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if isinstance(value, str) and value:
        return value
    if default is None:
        raise ValueError(f"{name} is missing in the issuer's answer")
    return default


def _texts(value: Any) -> frozenset[str]:
    """A list of texts in an issuer's answer; a single text is a list of one, anything else is none."""
    if isinstance(value, str):
        return frozenset({value})
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()
