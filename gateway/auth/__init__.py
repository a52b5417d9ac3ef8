"""Who is asking: signing in and out, the sessions between, and the tokens of programs.

People come from OpenShift or from any OpenID Connect issuer, by the authorization code flow with PKCE; in the sandbox
alone they come by name. A session is a row here and an opaque token in the browser's cookie; an access token is a row
here and a secret that was shown once. The rows hold hashes only, have an end, and are looked up on every request, so
that a sign-out, a revocation, a disabled account and a change of role take effect at once on every replica; open sockets
hear of them by `users.rights_topic`. A token never does more than its scopes, nor more than its owner may at that
moment. What a sign-in must remember while the browser is away lives in a signed cookie: no replica remembers anything.
"""

from gateway.auth.errors import (
    AccountDisabled,
    IdentityNotProven,
    IssuerUnavailable,
    NoOAuthServer,
    SignInFailed,
    SignInNotStarted,
    SignInRefused,
    UnknownCredentials,
)
from gateway.auth.people import disable, forget_access_of
from gateway.auth.policy import safe_next
from gateway.auth.service import SIGN_IN_LASTS, Arrival, AuthService, Departure
from gateway.auth.sessions import Device, address_of
from gateway.auth.tables import AccessToken, LoginSession
from gateway.auth.tokens import CreatedToken, TokenStatus, TooManyTokens, forget_ended_tokens, revoke_tokens_of

__all__ = [
    "SIGN_IN_LASTS",
    "AccessToken",
    "AccountDisabled",
    "Arrival",
    "AuthService",
    "CreatedToken",
    "Departure",
    "Device",
    "IdentityNotProven",
    "IssuerUnavailable",
    "LoginSession",
    "NoOAuthServer",
    "SignInFailed",
    "SignInNotStarted",
    "SignInRefused",
    "TokenStatus",
    "TooManyTokens",
    "UnknownCredentials",
    "address_of",
    "disable",
    "forget_access_of",
    "forget_ended_tokens",
    "revoke_tokens_of",
    "safe_next",
]
