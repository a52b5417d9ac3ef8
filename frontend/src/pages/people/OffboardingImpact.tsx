import { Alert, List, ListItem } from "@patternfly/react-core";
import { graphql } from "react-relay";

import { formatSome } from "../../lib/numbers";
import { usePageQuery } from "../../shell/QueryBoundary";
import type { OffboardedKeys, OffboardedSubscriptions } from "./__generated__/OffboardDialogMutation.graphql";
import type { OffboardingImpactQuery } from "./__generated__/OffboardingImpactQuery.graphql";

interface OffboardingImpactProps {
  userId: string;
  keys: OffboardedKeys;
  subscriptions: OffboardedSubscriptions;
}

/** What there is of a person, and what becomes of it. */
export function OffboardingImpact({ userId, keys, subscriptions }: OffboardingImpactProps) {
  const { offboardingImpact: impact } = usePageQuery<OffboardingImpactQuery>(
    graphql`
      query OffboardingImpactQuery($userId: ID!) {
        admin {
          offboardingImpact(userId: $userId) {
            sessions
            accessTokens
            keys
            keysInUse
            activeSubscriptions
            pendingSubscriptions
            suspendedSubscriptions
          }
        }
      }
    `,
    { userId },
    "network-only",
  ).admin;
  const held = impact.activeSubscriptions + impact.suspendedSubscriptions;
  const isInUse = impact.keysInUse > 0;
  return (
    <Alert
      isInline
      component="h2"
      variant={isInUse ? "warning" : "info"}
      title={isInUse ? `${formatSome(impact.keysInUse, "key")} in use within the last 7 days will stop` : "What this ends"}
    >
      <List>
        <ListItem>{formatSome(impact.sessions, "session")} and {formatSome(impact.accessTokens, "access token")}: ended for good</ListItem>
        <ListItem>
          {formatSome(impact.keys, "key")}: {keys === "REVOKE" ? "revoked for good" : "on hold as long as the person is disabled"}
        </ListItem>
        <ListItem>
          {formatSome(held, "subscription")}: {subscriptions === "CANCEL" ? "given up" : "kept as they are"}
        </ListItem>
        {impact.pendingSubscriptions > 0 ? (
          <ListItem>
            {formatSome(impact.pendingSubscriptions, "request")} waiting for a decision:{" "}
            {subscriptions === "CANCEL" ? "withdrawn" : "kept"}
          </ListItem>
        ) : null}
      </List>
    </Alert>
  );
}
