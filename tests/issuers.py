"""Identity providers to sign in at: real HTTP servers that keep the rules of the authorization code flow with PKCE.

Each signs in whoever `person` says, at once and without a page. What a test wants broken is an attribute.
"""

import base64
import hashlib
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_SECRET = "issuer-knows-this-7316"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are pytest's


@contextmanager
def serving(app: Any, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """`app` on a loopback port of its own, in a thread of its own; yields its origin."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws_per_message_deflate=False)
    config.load()
    config.ssl = tls
    server = _Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@dataclass
class _CodeFlow:
    """The rules that both kinds keep: exact redirect address, S256 only, a code works once and for its own challenge."""

    client_id: str = "litemaas"
    redirect_uri: str = "http://portal.test/auth/callback"
    url: str = ""
    refuse_with: str | None = None  # an OAuth error to send the browser back with
    authorizations: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.authorizations.append(asked)
        right = (
            asked.get("client_id") == self.client_id
            and asked.get("redirect_uri") == self.redirect_uri
            and asked.get("response_type") == "code"
            and asked.get("code_challenge_method") == "S256"
            and len(asked.get("code_challenge", "")) == 43
            and len(asked.get("state", "")) >= 32
        )
        if not right:
            return JSONResponse({"error": "invalid_request", "asked": asked}, 400)
        if self.refuse_with:
            answer = {"error": self.refuse_with, "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
        return RedirectResponse(f"{self.redirect_uri}?{urlencode(answer)}", 302)

    def redeem(self, form: dict[str, str]) -> dict[str, str] | None:
        """What was asked when the code in `form` was given out; None if the code is not good for this."""
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        return asked


@cache
def signing_key(kid: str = "one") -> RSAKey:
    """A key of its own for each `kid`; making one takes a while, so they are made once."""
    return RSAKey.generate_key(2048, {"kid": kid})


@dataclass
class OidcIssuer(_CodeFlow):
    """An OpenID Connect issuer that authenticates its client by HTTP Basic."""

    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)  # override or add claims of the id_token; None removes one
    userinfo: dict[str, Any] | None = None
    signing_key: RSAKey = field(default_factory=signing_key)
    published_key: RSAKey | None = None  # if another one than what signs
    forge: Callable[[dict[str, Any]], str] | None = None  # makes the id_token from its claims instead
    announced_issuer: str | None = None
    token_status: int = 200
    ends_sessions: bool = False

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.metadata),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.jwks),
                Route("/userinfo", self.answer_userinfo),
            ]
        )

    async def metadata(self, request: Request) -> Response:
        metadata = {
            "issuer": self.announced_issuer or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "scopes_supported": ["openid", "profile", "email", "groups"],
        }
        if self.ends_sessions:
            metadata["end_session_endpoint"] = f"{self.url}/logout?tenant=one"
        if self.userinfo is not None:
            metadata["userinfo_endpoint"] = f"{self.url}/userinfo"
        return JSONResponse(metadata)

    async def token(self, request: Request) -> Response:
        if self.token_status != 200:
            return Response("<html>Bad gateway</html>", self.token_status)
        credentials = base64.b64encode(f"{self.client_id}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {credentials}":
            return JSONResponse({"error": "invalid_client"}, 401)
        async with request.form() as form:
            asked = self.redeem({name: str(value) for name, value in form.items()})
        if asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "0001",
            "aud": self.client_id,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            **self.person,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.signing_key.kid}
        id_token = self.forge(claims) if self.forge else jwt.encode(header, claims, self.signing_key)
        return JSONResponse({"access_token": "at-1", "token_type": "Bearer", "id_token": id_token, "expires_in": 300})

    async def jwks(self, request: Request) -> Response:
        key = self.published_key or self.signing_key
        return JSONResponse({"keys": [{**key.as_dict(private=False), "use": "sig"}]})

    async def answer_userinfo(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer at-1":
            return Response(status_code=401)
        return JSONResponse(self.userinfo)


@dataclass
class OpenShiftCluster(_CodeFlow):
    """An API server, and the cluster's OAuth server: OAuth metadata, no id_token, and users/~ for who it is.

    Both are one here, unless `oauth_url` says where `app()` is served once more for the OAuth server.
    """

    client_id: str = "system:serviceaccount:litemaas:gateway"
    oauth_url: str | None = None
    user: dict[str, Any] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    members: dict[str, list[str]] = field(default_factory=dict)  # usernames by group
    group_status: int = 200
    external_issuer: str | None = None  # the cluster leaves sign-in to it, and has no OAuth server
    asked_by_service_account: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self.metadata),
                Route("/oauth/authorize", self.authorize),
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/apis/user.openshift.io/v1/users/~", self.whoami),
                Route("/apis/user.openshift.io/v1/groups/{name}", self.group),
                Route("/apis/config.openshift.io/v1/authentications/cluster", self.authentication),
            ]
        )

    def _refuses(self, request: Request) -> Response | None:
        """The service account's secret is a token of the API."""
        if request.headers.get("authorization") != f"Bearer {CLIENT_SECRET}":
            return JSONResponse({"kind": "Status", "status": "Failure", "code": 401}, 401)
        self.asked_by_service_account.append(request.url.path)
        return None

    async def group(self, request: Request) -> Response:
        name = request.path_params["name"]
        if refused := self._refuses(request):
            return refused
        if self.group_status != 200 or name not in self.members:
            status = 404 if self.group_status == 200 else self.group_status
            return JSONResponse({"kind": "Status", "status": "Failure", "code": status}, status)
        return JSONResponse({"kind": "Group", "metadata": {"name": name}, "users": self.members[name] or None})

    async def authentication(self, request: Request) -> Response:
        if refused := self._refuses(request):
            return refused
        providers = [{"issuer": {"issuerURL": self.external_issuer}}]
        return JSONResponse({"kind": "Authentication", "spec": {"type": "OIDC", "oidcProviders": providers}})

    async def metadata(self, request: Request) -> Response:
        if self.external_issuer:
            return JSONResponse({"kind": "Status", "status": "Failure", "code": 404}, 404)
        oauth = self.oauth_url or self.url
        return JSONResponse(
            {
                "issuer": oauth,
                "authorization_endpoint": f"{oauth}/oauth/authorize",
                "token_endpoint": f"{oauth}/oauth/token",
                "scopes_supported": ["user:check-access", "user:full", "user:info"],
                "code_challenge_methods_supported": ["plain", "S256"],
            }
        )

    async def token(self, request: Request) -> Response:
        # Like the real one: Basic can't carry an id with colons, so only the body's credentials are right.
        async with request.form() as form:
            sent = {name: str(value) for name, value in form.items()}
        if (sent.get("client_id"), sent.get("client_secret")) != (self.client_id, CLIENT_SECRET):
            return JSONResponse({"error": "unauthorized_client"}, 401)
        if self.redeem(sent) is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = f"sha256~{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 86400, "scope": "user:info"})

    async def whoami(self, request: Request) -> Response:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return JSONResponse({"kind": "Status", "status": "Failure", "code": 401}, 401)
        return JSONResponse({"kind": "User", "apiVersion": "user.openshift.io/v1", **self.user})


def certificate(directory: Path, address: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate for `address` that is its own authority, and its key: two PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{directory.name}.cluster.test"[-64:])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = directory / "ca.crt", directory / "ca.key"
    certificate_file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_file, key_file
