import { Alert, AlertActionLink } from "@patternfly/react-core";

import { ExactTime } from "../../components/ExactTime";
import { loginHref } from "../../lib/nextPath";
import { useNow } from "../../lib/useNow";

const DAY = 86_400_000;

/** Until when the reader's role counts, and how it goes on. */
export function RoleEnd({ at, loginUrl }: { at: string; loginUrl: string }) {
  const isSoon = Date.parse(at) - useNow() < 3 * DAY;
  return (
    <Alert
      isInline
      isPlain
      component="p"
      variant={isSoon ? "warning" : "info"}
      title="It ends unless you sign in again before"
      actionLinks={
        <AlertActionLink component="a" href={loginHref(loginUrl, "/profile")}>
          Sign in again
        </AlertActionLink>
      }
    >
      <ExactTime at={at} />, for your access tokens as well: only a sign-in tells whether you are still in the groups that give it.
    </Alert>
  );
}
