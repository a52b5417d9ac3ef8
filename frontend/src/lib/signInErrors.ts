/** Why a sign-in failed, by the gateway's code, and what to do about it. */
export interface SignInError {
  title: string;
  help: string;
}

const ERRORS: Record<string, SignInError> = {
  SIGN_IN_NOT_STARTED: {
    title: "That sign-in was not begun in this browser, or it took too long",
    help: "Sign in again, in one go and in this browser.",
  },
  SIGN_IN_REFUSED: {
    title: "The identity provider refused the sign-in",
    help: "Sign in again and agree when it asks. If it keeps refusing, tell an administrator.",
  },
  IDENTITY_NOT_PROVEN: {
    title: "The identity provider’s answer could not be verified",
    help: "Nobody was signed in. Tell an administrator: the log of LiteMaaS says what is wrong with it.",
  },
  ISSUER_UNAVAILABLE: {
    title: "The identity provider is not answering",
    help: "Try again in a minute. If it goes on, tell an administrator.",
  },
  NO_OAUTH_SERVER: {
    title: "This cluster has no OAuth server, so nobody can sign in with it",
    help: "Tell an administrator: the cluster leaves sign-in to an OpenID Connect issuer, so LiteMaaS has to be set up with AUTH_PROVIDER=oidc and OIDC_ISSUER.",
  },
  ACCOUNT_DISABLED: {
    title: "This account is disabled",
    help: "Ask an administrator to enable it. Signing in again does not help.",
  },
};

/** Anything may stand in an address: what is not known gets the general answer. */
export function explainSignIn(code: string): SignInError {
  if (Object.hasOwn(ERRORS, code)) return ERRORS[code]!;
  return { title: "Signing in did not work", help: "Try again. If it keeps failing, tell an administrator." };
}
