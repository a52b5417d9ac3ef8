import { Td, Tr } from "@patternfly/react-table";
import type { ReactNode } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { Expiry } from "../../components/Expiry";
import { Limits } from "../../components/Limits";
import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import { providerLabel } from "../../lib/labels";
import { formatMoney } from "../../lib/money";
import { modelPath, subscriptionPath } from "../../lib/paths";
import type { SubscriptionRow_subscription$key } from "./__generated__/SubscriptionRow_subscription.graphql";

const OPEN = ["ACTIVE", "SUSPENDED"];
const COLUMNS = ["Model", "Owner", "Status", "Limits", "Spend", "Since", "Expires", "Details"];

export const subscriptionColumns = (hasOwner: boolean) => COLUMNS.filter((column) => hasOwner || column !== "Owner");

interface SubscriptionRowProps {
  subscription: SubscriptionRow_subscription$key;
  /** Whether the subscriptions are of several people. */
  hasOwner?: boolean;
  /** What can be done with it. */
  children?: ReactNode;
}

export function SubscriptionRow({ subscription: ref, hasOwner = false, children }: SubscriptionRowProps) {
  const subscription = useFragment(
    graphql`
      fragment SubscriptionRow_subscription on ModelSubscription {
        id
        model {
          id
          name
          provider
        }
        user {
          displayName
        }
        status
        reason
        maxBudget
        maxRequests
        maxTokens
        budgetDuration
        rpmLimit
        tpmLimit
        spend
        createdAt
        expiresAt
      }
    `,
    ref,
  );
  const { model, reason, expiresAt } = subscription;
  return (
    <Tr>
      <Td dataLabel="Model" modifier="breakWord">
        <Link to={modelPath(model.id)}>{model.name}</Link>
        <br />
        <small>{providerLabel(model.provider)}</small>
      </Td>
      {hasOwner ? <Td dataLabel="Owner">{subscription.user?.displayName ?? "–"}</Td> : null}
      <Td dataLabel="Status">
        <div>
          <StatusLabel of="subscription" status={subscription.status} />
          {reason ? (
            <>
              <br />
              <small>{reason}</small>
            </>
          ) : null}
        </div>
      </Td>
      <Td dataLabel="Limits">
        <Limits {...subscription} />
      </Td>
      <Td dataLabel="Spend" modifier="nowrap">{formatMoney(subscription.spend)}</Td>
      <Td dataLabel="Since" modifier="nowrap">
        <RelativeTime at={subscription.createdAt} />
      </Td>
      <Td dataLabel="Expires">
        <Expiry at={expiresAt} isOver={!OPEN.includes(subscription.status)} />
      </Td>
      <Td dataLabel="Details" modifier="nowrap">
        <Link to={subscriptionPath(subscription.id)}>Details</Link>
      </Td>
      {children}
    </Tr>
  );
}
