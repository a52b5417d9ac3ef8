import { Button, Content, List, ListItem, Modal, ModalBody, ModalFooter, ModalHeader, Skeleton } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import type { RequestError } from "../../relay/errors";
import { refusalOf } from "../../relay/refusal";
import { useAction } from "../../relay/useAction";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import type { CancelDialog_subscription$key } from "./__generated__/CancelDialog_subscription.graphql";
import type { CancelDialogMutation } from "./__generated__/CancelDialogMutation.graphql";
import type { CancelDialogQuery } from "./__generated__/CancelDialogQuery.graphql";

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
            <AffectedKeys modelId={model.id} modelName={model.name} />
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

/** Of whom there are more, the others are not named; the sentence says so. */
const SHOWN = 50;

function AffectedKeys({ modelId, modelName }: { modelId: string; modelName: string }) {
  const { viewer } = usePageQuery<CancelDialogQuery>(
    graphql`
      query CancelDialogQuery($first: Int!) {
        viewer {
          apiKeys(first: $first, status: [ACTIVE, ROTATING, BLOCKED, PROVISIONING]) {
            totalCount
            edges {
              node {
                id
                name
                models {
                  id
                }
              }
            }
          }
        }
      }
    `,
    { first: SHOWN },
  );
  const { edges, totalCount } = viewer.apiKeys;
  const keys = edges.filter(({ node }) => node.models.some(({ id }) => id === modelId)).map(({ node }) => node);
  if (keys.length === 0 && totalCount <= SHOWN) {
    return <Content component="p">None of your keys calls it.</Content>;
  }
  return (
    <>
      <Content component="p">These keys can no longer call {modelName}, within seconds:</Content>
      <List>
        {keys.map(({ id, name }) => (
          <ListItem key={id}>{name}</ListItem>
        ))}
        {totalCount > SHOWN ? <ListItem>and perhaps others of your {totalCount} keys</ListItem> : null}
      </List>
    </>
  );
}
