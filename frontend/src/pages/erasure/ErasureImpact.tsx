import { Alert, List, ListItem } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { formatSome } from "../../lib/numbers";
import type { ErasureImpact_impact$key } from "./__generated__/ErasureImpact_impact.graphql";

/** What there is of a person, and what an erasure makes of it. */
export function ErasureImpact({ impact: ref }: { impact: ErasureImpact_impact$key }) {
  const impact = useFragment(
    graphql`
      fragment ErasureImpact_impact on ErasureImpact {
        sessions
        accessTokens
        keys
        subscriptions
        notifications
        auditEntries
      }
    `,
    ref,
  );
  return (
    <Alert
      isInline
      component="h2"
      variant={impact.keys > 0 ? "warning" : "info"}
      title={impact.keys > 0 ? `Programs that use ${formatSome(impact.keys, "key")} will stop` : "What this ends"}
    >
      <List>
        <ListItem>{formatSome(impact.keys, "key")}: revoked; LiteLLM refuses what is revoked within seconds</ListItem>
        <ListItem>
          {formatSome(impact.subscriptions, "subscription or request", "subscriptions and requests")}: given up
        </ListItem>
        <ListItem>
          {formatSome(impact.sessions, "session")} and {formatSome(impact.accessTokens, "access token")}: ended and deleted
        </ListItem>
        <ListItem>{formatSome(impact.notifications, "notification")}: deleted</ListItem>
        <ListItem>{formatSome(impact.auditEntries, "entry", "entries")} of the audit record: name the pseudonym</ListItem>
      </List>
    </Alert>
  );
}
