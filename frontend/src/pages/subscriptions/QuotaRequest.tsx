import { Alert, AlertActionLink, GridItem } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { Limits } from "../../components/Limits";
import { RelativeTime } from "../../components/RelativeTime";
import { useAction } from "../../relay/useAction";
import type { QuotaRequest_subscription$key } from "./__generated__/QuotaRequest_subscription.graphql";
import type { QuotaRequestMutation } from "./__generated__/QuotaRequestMutation.graphql";

interface QuotaRequestProps {
  subscription: QuotaRequest_subscription$key;
  isMine: boolean;
  mayWithdraw: boolean;
}

/** The limits that were asked for and wait for a decision, with a way to take that back; nothing, if there are none. */
export function QuotaRequest({ subscription: ref, isMine, mayWithdraw }: QuotaRequestProps) {
  const { quotaChange } = useFragment(
    graphql`
      fragment QuotaRequest_subscription on ModelSubscription {
        quotaChange {
          id
          createdAt
          justification
          maxBudget
          maxRequests
          maxTokens
          budgetDuration
          rpmLimit
          tpmLimit
        }
      }
    `,
    ref,
  );
  const { run, isRunning, error, refuse } = useAction<QuotaRequestMutation>(graphql`
    mutation QuotaRequestMutation($input: CancelQuotaChangeInput!) {
      cancelQuotaChange(input: $input) {
        __typename
        ... on CancelQuotaChangeSuccess {
          quotaChange {
            subscription {
              ...SubscriptionPage_subscription
            }
          }
        }
        ... on InvalidTransition {
          message
        }
        ... on InvalidInput {
          message
        }
      }
    }
  `);
  if (!quotaChange) return null;
  const withdraw = () =>
    run({
      variables: { input: { quotaChangeId: quotaChange.id } },
      onCompleted: ({ cancelQuotaChange: result }) => {
        if (result.__typename !== "CancelQuotaChangeSuccess") refuse(result);
      },
    });
  return (
    <GridItem>
      <Alert
        isInline
        variant="info"
        title={isMine ? "You asked for other limits" : "Other limits were asked for"}
        component="h2"
        actionLinks={
          mayWithdraw ? (
            <AlertActionLink isDisabled={isRunning} onClick={withdraw}>
              Withdraw this
            </AlertActionLink>
          ) : undefined
        }
      >
        <p>
          Asked <RelativeTime at={quotaChange.createdAt} />; an administrator decides. {isMine ? "Your" : "The requester’s"} words:{" "}
          {quotaChange.justification}
        </p>
        <Limits {...quotaChange} />
      </Alert>
      <ActionError error={error} title="Nothing was withdrawn" />
    </GridItem>
  );
}
