import { Alert, AlertActionLink } from "@patternfly/react-core";

import { loginHref } from "../../lib/nextPath";
import { formatExact, formatRelative } from "../../lib/time";
import { useNow } from "../../lib/useNow";

const DAY = 86_400_000;

/** Until when the reader's role counts, and how it goes on. */
export function RoleEnd({ at, loginUrl }: { at: string; loginUrl: string }) {
  const now = useNow();
  const end = Date.parse(at);
  return (
    <Alert
      isInline
      component="h3"
      variant={end - now < 3 * DAY ? "warning" : "info"}
      title={`Your role ends ${formatRelative(end, now)} unless you sign in again`}
      actionLinks={
        <AlertActionLink component="a" href={loginHref(loginUrl, "/profile")}>
          Sign in again
        </AlertActionLink>
      }
    >
      {formatExact(end)}, for your access tokens as well. Only a sign-in tells whether you are still in the groups that give it.
    </Alert>
  );
}
