import { Alert, StackItem } from "@patternfly/react-core";
import { useSearchParams } from "react-router";

/** What goes on after a sign-out here, where the identity provider has no page that ends its own session. */
const STILL: Record<string, string> = {
  OPENSHIFT:
    "OpenShift keeps a session of its own: whoever uses this browser can sign in here again without a password. Sign out of its console as well, or close the browser.",
  OIDC: "Your organisation’s sign-in page keeps a session of its own: whoever uses this browser may sign in here again without a password. Sign out there as well, or close the browser.",
};

/** Tells who has just signed out of what. */
export function SignedOut({ provider }: { provider: string }) {
  const [search] = useSearchParams();
  const isHere = search.has("out");
  if (!isHere && search.get("state") !== "signed-out") return null;
  const still = isHere ? STILL[provider] : "Here, and at your identity provider.";
  return (
    <StackItem>
      <Alert isInline variant={isHere && still ? "info" : "success"} title="You are signed out" component="h2">
        {still}
      </Alert>
    </StackItem>
  );
}
