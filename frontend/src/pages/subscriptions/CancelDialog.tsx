import { Content, Skeleton } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { useAction } from "../../relay/useAction";
import { QueryBoundary } from "../../shell/QueryBoundary";
import { MyAffectedKeys } from "./AffectedKeys";
import type { CancelDialog_subscription$key } from "./__generated__/CancelDialog_subscription.graphql";
import type { CancelDialogMutation } from "./__generated__/CancelDialogMutation.graphql";

interface CancelDialogProps {
  subscription: CancelDialog_subscription$key;
  onClose: () => void;
}

/** Asks before a subscription is given up, and names the keys that lose the model. */
export function CancelDialog({ subscription: ref, onClose }: CancelDialogProps) {
  const subscription = useFragment(
    graphql`
      fragment CancelDialog_subscription on ModelSubscription {
        id
        status
        model {
          id
          name
        }
      }
    `,
    ref,
  );
  const { id, model } = subscription;
  const isRequest = subscription.status === "PENDING";
  const { run, isRunning, error, refuse } = useAction<CancelDialogMutation>(graphql`
    mutation CancelDialogMutation($input: CancelModelSubscriptionInput!) {
      cancelModelSubscription(input: $input) {
        __typename
        ... on CancelModelSubscriptionSuccess {
          subscription {
            ...SubscriptionPage_subscription
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
  const cancel = () =>
    run({
      variables: { input: { subscriptionId: id } },
      onCompleted: ({ cancelModelSubscription: result }) => {
        if (result.__typename === "CancelModelSubscriptionSuccess") onClose();
        else refuse(result);
      },
    });
  return (
    <ActionDialog
      title={isRequest ? `Withdraw the request for ${model.name}?` : `Cancel the subscription to ${model.name}?`}
      isDanger
      failure="Nothing was changed"
      error={error}
      verb={isRequest ? "Withdraw" : "Cancel subscription"}
      isRunning={isRunning}
      onSubmit={cancel}
      wayOut="Keep it"
      onClose={onClose}
    >
      {isRequest ? (
        <Content component="p">Nobody decides on it any more. You can ask again.</Content>
      ) : (
        <QueryBoundary skeleton={<Skeleton screenreaderText="Looking for keys that call this model" />}>
          <MyAffectedKeys model={model} />
        </QueryBoundary>
      )}
    </ActionDialog>
  );
}
