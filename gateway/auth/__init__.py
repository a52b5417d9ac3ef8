"""Who is asking: signing in and out, and the sessions between.

People come from OpenShift or from any OpenID Connect issuer, by the authorization code flow with PKCE; in the sandbox
alone they come by name. A session is a row here and an opaque token in the browser's cookie; the row holds only the
token's hash, ends after 8 hours without a request or 24 hours in all, and is looked up on every request, so that a
sign-out, a disabled account and a change of role take effect at once on every replica. What a sign-in must remember
while the browser is away lives in a signed cookie: no replica remembers anything.
"""

from gateway.auth.errors import (
    AccountDisabled,
    IdentityNotProven,
    IssuerUnavailable,
    SignInFailed,
    SignInNotStarted,
    SignInRefused,
)
from gateway.auth.policy import safe_next
from gateway.auth.service import ABSOLUTE, SIGN_IN_LASTS, Arrival, AuthService, Departure
from gateway.auth.tables import LoginSession

__all__ = [
    "ABSOLUTE",
    "SIGN_IN_LASTS",
    "AccountDisabled",
    "Arrival",
    "AuthService",
    "Departure",
    "IdentityNotProven",
    "IssuerUnavailable",
    "LoginSession",
    "SignInFailed",
    "SignInNotStarted",
    "SignInRefused",
    "safe_next",
]
