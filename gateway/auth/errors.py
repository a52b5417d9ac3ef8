"""Why a sign-in failed. The sentences tell a person what to do; what an issuer really answered goes to the log only."""

from gateway.errors import DomainError


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


class AccountDisabled(SignInFailed):
    code = "ACCOUNT_DISABLED"
    sentence = "This account is disabled. Tell an administrator."
