import { Button, Modal, ModalBody, ModalHeader } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { useAction } from "../../relay/useAction";
import { SubscriptionRulesForm } from "./SubscriptionRulesForm";
import type { ModelRulesDialog_model$key } from "./__generated__/ModelRulesDialog_model.graphql";
import type { ModelRulesDialogMutation } from "./__generated__/ModelRulesDialogMutation.graphql";

/** What subscriptions to one model get by default, in place of what holds for all. */
export function ModelRulesDialog({ model: ref, onClose }: { model: ModelRulesDialog_model$key; onClose: () => void }) {
  const { id, name, subscriptionPolicy } = useFragment(
    graphql`
      fragment ModelRulesDialog_model on Model {
        id
        name
        subscriptionPolicy {
          model {
            id
          }
          ...SubscriptionRulesForm_policy
        }
      }
    `,
    ref,
  );
  const isOwn = subscriptionPolicy.model != null;
  const { run, isRunning, error, refuse } = useAction<ModelRulesDialogMutation>(graphql`
    mutation ModelRulesDialogMutation($input: RemoveSubscriptionPolicyInput!) {
      removeSubscriptionPolicy(input: $input) {
        __typename
        ... on RemoveSubscriptionPolicySuccess {
          subscriptionPolicy {
            ...SubscriptionRulesForm_policy
            model {
              id
            }
          }
        }
        ... on InvalidInput {
          message
        }
      }
    }
  `);
  const remove = () =>
    run({
      variables: { input: { modelId: id } },
      updater: (store, data) => {
        if (data?.removeSubscriptionPolicy.__typename !== "RemoveSubscriptionPolicySuccess") return;
        const general = store.getRootField("removeSubscriptionPolicy")?.getLinkedRecord("subscriptionPolicy");
        const policy = store.get(id)?.getLinkedRecord("subscriptionPolicy");
        if (general) policy?.copyFieldsFrom(general);
      },
      onCompleted: ({ removeSubscriptionPolicy: result }) => {
        if (result.__typename === "RemoveSubscriptionPolicySuccess") onClose();
        else refuse(result);
      },
    });
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="model-rules-title">
      <ModalHeader
        title={`Default limits for ${name}`}
        labelId="model-rules-title"
        description={
          isOwn
            ? "The model has rules of its own. Subscriptions that are there keep what they have."
            : "Here is what holds for all models. Saved, they become rules of its own."
        }
      />
      <ModalBody tabIndex={0} aria-label="The limits">
        <SubscriptionRulesForm
          name={`Default limits for ${name}`}
          policy={subscriptionPolicy}
          modelId={id}
          canChange
          onSaved={onClose}
        >
          {isOwn ? (
            <Button variant="secondary" isDanger isLoading={isRunning} isDisabled={isRunning} onClick={remove}>
              Use what holds for all
            </Button>
          ) : null}
          <Button variant="link" onClick={onClose}>
            Cancel
          </Button>
        </SubscriptionRulesForm>
        <ActionError error={error} title="Nothing was changed" />
      </ModalBody>
    </Modal>
  );
}
