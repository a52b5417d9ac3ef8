import { Button, Content, Modal, ModalBody, ModalFooter, ModalHeader, Skeleton } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import type { RequestError } from "../../relay/errors";
import { refusalOf } from "../../relay/refusal";
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
  const [refusal, setRefusal] = useState<RequestError | null>(null);
  const { run, isRunning, error } = useAction<CancelDialogMutation>(graphql`
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
        else setRefusal(refusalOf(result));
      },
    });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="cancel-title" aria-describedby="cancel-text">
      <ModalHeader
        title={isRequest ? `Withdraw the request for ${model.name}?` : `Cancel the subscription to ${model.name}?`}
        titleIconVariant="warning"
        labelId="cancel-title"
      />
      <ModalBody id="cancel-text">
        {isRequest ? (
          <Content component="p">Nobody decides on it any more. You can ask again.</Content>
        ) : (
          <QueryBoundary skeleton={<Skeleton screenreaderText="Looking for keys that call this model" />}>
            <MyAffectedKeys model={model} />
          </QueryBoundary>
        )}
        <ActionError error={error ?? refusal} title="Nothing was changed" />
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={isRunning} isDisabled={isRunning} onClick={cancel}>
          {isRequest ? "Withdraw" : "Cancel subscription"}
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
