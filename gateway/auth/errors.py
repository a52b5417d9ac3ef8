"""Why a sign-in failed. The sentences tell a person what to do; what an issuer really answered goes to the log only."""

from gateway.errors import DomainError, NotSignedIn


class SignInFailed(DomainError):
    """The base of all of them."""

    code = "SIGN_IN_FAILED"
    sentence = "The sign-in did not work. Try again."


class SignInNotStarted(SignInFailed):
    """The answer belongs to no sign-in that this browser began within the last minutes."""

    code = "SIGN_IN_NOT_STARTED"
    sentence = "This sign-in was not started in this browser, or it took too long. Sign in again."


class SignInRefused(SignInFailed):
    """The issuer said no: a cancelled consent, a used code, a wrong client secret."""

    code = "SIGN_IN_REFUSED"
    sentence = "The identity provider refused this sign-in. Sign in again."


class IdentityNotProven(SignInFailed):
    """The issuer's statement about the person does not hold: signature, issuer, audience, time or nonce."""

    code = "IDENTITY_NOT_PROVEN"
    sentence = "The identity provider's answer could not be verified. Tell an administrator."


class IssuerUnavailable(SignInFailed):
    code = "ISSUER_UNAVAILABLE"
    sentence = "The identity provider is not answering. Try again in a minute."


class NoOAuthServer(SignInFailed):
    """The cluster leaves sign-in to an OpenID Connect issuer and has no OAuth server of its own."""

    code = "NO_OAUTH_SERVER"
    sentence = (
        "This cluster has no OAuth server of its own, so nobody can sign in with it. An administrator has to set "
        "AUTH_PROVIDER=oidc and OIDC_ISSUER."
    )


class UnknownCredentials(NotSignedIn):
    """A request showed a bearer token that is none, or none any more: it is refused, and never served as nobody's."""

    sentence = "This token is unknown, expired or revoked."


class AccountDisabled(SignInFailed):
    code = "ACCOUNT_DISABLED"
    sentence = "This account is disabled. Tell an administrator."
