import { expect, it } from "vitest";

import { explainSignIn } from "./signInErrors";

it.each([
  ["NO_OAUTH_SERVER", /AUTH_PROVIDER=oidc/],
  ["ACCOUNT_DISABLED", /Ask an administrator/],
  ["toString", /Try again/],
])("%s says what to do", (code, help) => expect(explainSignIn(code).help).toMatch(help));
