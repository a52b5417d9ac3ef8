import { Alert, Button, Content, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { useAction } from "../../relay/useAction";
import type { RevokeDialog_key$key } from "./__generated__/RevokeDialog_key.graphql";
import type { RevokeDialogMutation } from "./__generated__/RevokeDialogMutation.graphql";

/** Asks before a key is ended for good, and names it. */
export function RevokeDialog({ apiKey: keyRef, onClose }: { apiKey: RevokeDialog_key$key; onClose: () => void }) {
  const key = useFragment(
    graphql`
      fragment RevokeDialog_key on ApiKey {
        id
        name
        prefix
        lastFour
        status
        inSync
      }
    `,
    keyRef,
  );
  const { run, isRunning, error, refuse } = useAction<RevokeDialogMutation>(graphql`
    mutation RevokeDialogMutation($input: RevokeApiKeyInput!) {
      revokeApiKey(input: $input) {
        __typename
        ... on RevokeApiKeySuccess {
          apiKey {
            id
            status
            inSync
          }
        }
        ... on Error {
          message
        }
      }
    }
  `);

  const revoke = () =>
    run({
      variables: { input: { apiKeyId: key.id } },
      onCompleted: ({ revokeApiKey: result }) => {
        if (!result.apiKey) refuse(result);
        else if (result.apiKey.inSync) onClose();
      },
    });

  if (key.status === "REVOKED") return <Revoked name={key.name} inSync={key.inSync} onClose={onClose} />;
  return (
    <ActionDialog
      title={`Revoke “${key.name}”?`}
      isDanger
      failure="The key was not revoked"
      error={error}
      verb="Revoke"
      isRunning={isRunning}
      onSubmit={revoke}
      wayOut="Keep it"
      onClose={onClose}
    >
      <Content component="p">
        Programs that use this key (
        <code>
          {key.prefix}…{key.lastFour}
        </code>
        ) can no longer call any model. This can’t be undone. What it used and spent stays in your records.
      </Content>
    </ActionDialog>
  );
}

/** LiteLLM did not confirm at once: says whether it has by now. */
function Revoked({ name, inSync, onClose }: { name: string; inSync: boolean; onClose: () => void }) {
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="revoked-title">
      <ModalHeader title={`“${name}” is revoked`} labelId="revoked-title" />
      <ModalBody>
        <div role="status">
          {inSync ? (
            <Alert isInline variant="success" component="h2" title="LiteLLM has confirmed it: the key opens nothing any more" />
          ) : (
            <Alert isInline variant="warning" component="h2" title="LiteLLM has not confirmed it yet">
              Until it does, programs may still call models with the key. LiteMaaS goes on asking, also when you close this.
            </Alert>
          )}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>Close</Button>
      </ModalFooter>
    </Modal>
  );
}
