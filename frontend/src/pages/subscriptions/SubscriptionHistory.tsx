import { Card, CardBody, CardTitle } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";

import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatBudgetDuration, formatExact } from "../../lib/time";
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

const count = (value: string) => formatCount(Number(value));

/** Each limit's name, and its value in words. */
const LIMITS: Record<string, [name: string, inWords: (value: string) => string]> = {
  maxBudget: ["Budget", formatMoney],
  maxRequests: ["Requests", count],
  maxTokens: ["Tokens", count],
  budgetDuration: ["Starts again", formatBudgetDuration],
  rpmLimit: ["Requests a minute", count],
  tpmLimit: ["Tokens a minute", count],
  expiresAt: ["Expires", (value) => formatExact(Date.parse(value))],
};

function limitInWords(limit: string, before: string | null | undefined, after: string | null | undefined): string {
  const [name, inWords] = LIMITS[limit] ?? [limit, (value: string) => value];
  const nothing = limit === "budgetDuration" || limit === "expiresAt" ? "never" : "none";
  const text = (value: string | null | undefined) => (value == null ? nothing : inWords(value));
  return `${name}: ${text(before)} → ${text(after)}`;
}

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
                          <div key={limit}>{limitInWords(limit, before, after)}</div>
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
