import { Button, Content, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { RequestError } from "../../relay/errors";
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
      }
    `,
    keyRef,
  );
  const [refusal, setRefusal] = useState<RequestError | null>(null);
  const { run, isRunning, error } = useAction<RevokeDialogMutation>(graphql`
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
        ... on InvalidTransition {
          message
        }
      }
    }
  `);

  const revoke = () =>
    run({
      variables: { input: { apiKeyId: key.id } },
      onCompleted: ({ revokeApiKey: result }) => {
        if (result.__typename === "RevokeApiKeySuccess") onClose();
        else if (result.__typename === "InvalidTransition") setRefusal(new RequestError("REFUSED", result.message));
      },
    });

  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="revoke-title" aria-describedby="revoke-text">
      <ModalHeader title={`Revoke “${key.name}”?`} titleIconVariant="warning" labelId="revoke-title" />
      <ModalBody id="revoke-text">
        <Content component="p">
          Programs that use this key (
          <code>
            {key.prefix}…{key.lastFour}
          </code>
          ) can no longer call any model. This can’t be undone. What it used and spent stays in your records.
        </Content>
        <ActionError error={error ?? refusal} title="The key was not revoked" />
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={isRunning} isDisabled={isRunning} onClick={revoke}>
          Revoke
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
