import { Card, CardBody, CardTitle } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";

import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import type { SubscriptionHistory_subscription$key } from "./__generated__/SubscriptionHistory_subscription.graphql";

const COLUMNS = ["When", "What", "By", "Then", "Reason", "Limits"];

const ACTIONS: Record<string, string> = {
  REQUESTED: "Requested",
  APPROVED: "Approved",
  DENIED: "Denied",
  CANCELLED: "Cancelled",
  SUSPENDED: "Suspended",
  RESUMED: "Resumed",
  EXPIRED: "Expired",
  CHANGED: "Changed",
  QUOTA_REQUESTED: "Other limits asked for",
  QUOTA_APPROVED: "Other limits approved",
  QUOTA_DENIED: "Other limits denied",
  QUOTA_CANCELLED: "Request for other limits withdrawn",
};

const LIMITS: Record<string, string> = {
  maxBudget: "Budget",
  maxRequests: "Requests",
  maxTokens: "Tokens",
  budgetDuration: "Window",
  rpmLimit: "Requests a minute",
  tpmLimit: "Tokens a minute",
  expiresAt: "Expires",
};

/** All that was done to a subscription, the newest first. */
export function SubscriptionHistory({ subscription: ref }: { subscription: SubscriptionHistory_subscription$key }) {
  const { history } = useFragment(
    graphql`
      fragment SubscriptionHistory_subscription on ModelSubscription {
        history {
          at
          actor
          action
          toStatus
          reason
          limits {
            limit
            before
            after
          }
        }
      }
    `,
    ref,
  );
  return (
    <Card>
      <CardTitle component="h2">History</CardTitle>
      <CardBody>
        <Table aria-label="History" variant="compact" gridBreakPoint="grid-lg">
          <Thead>
            <Tr>
              {COLUMNS.map((column) => (
                <Th key={column}>{column}</Th>
              ))}
            </Tr>
          </Thead>
          <Tbody>
            {history.toReversed().map(({ at, actor, action, toStatus, reason, limits }) => (
              <Tr key={`${at} ${action}`}>
                <Td dataLabel="When" modifier="nowrap">
                  <RelativeTime at={at} />
                </Td>
                <Td dataLabel="What">{ACTIONS[action] ?? action}</Td>
                <Td dataLabel="By">{actor}</Td>
                <Td dataLabel="Then">
                  <StatusLabel of="subscription" status={toStatus} />
                </Td>
                <Td dataLabel="Reason" modifier="breakWord">{reason || "–"}</Td>
                <Td dataLabel="Limits">
                  <div>
                    {limits.length === 0
                      ? "–"
                      : limits.map(({ limit, before, after }) => (
                          <div key={limit}>
                            {LIMITS[limit] ?? limit}: {before ?? "none"} → {after ?? "none"}
                          </div>
                        ))}
                  </div>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      </CardBody>
    </Card>
  );
}
