import { Button, Content, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import type { RequestError } from "../../relay/errors";
import { refusalOf } from "../../relay/refusal";
import { useAction } from "../../relay/useAction";
import type { RevokeTokenDialog_token$key } from "./__generated__/RevokeTokenDialog_token.graphql";
import type { RevokeTokenDialogMutation } from "./__generated__/RevokeTokenDialogMutation.graphql";

/** Asks before an access token is ended for good, and names it. */
export function RevokeTokenDialog({ token: ref, onClose }: { token: RevokeTokenDialog_token$key; onClose: () => void }) {
  const token = useFragment(
    graphql`
      fragment RevokeTokenDialog_token on AccessToken {
        id
        name
        lastFour
      }
    `,
    ref,
  );
  const [refusal, setRefusal] = useState<RequestError | null>(null);
  const { run, isRunning, error } = useAction<RevokeTokenDialogMutation>(graphql`
    mutation RevokeTokenDialogMutation($input: RevokeAccessTokenInput!) {
      revokeAccessToken(input: $input) {
        __typename
        ... on RevokeAccessTokenSuccess {
          accessToken {
            id
            status
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
      variables: { input: { accessTokenId: token.id } },
      onCompleted: ({ revokeAccessToken: result }) => (result.accessToken ? onClose() : setRefusal(refusalOf(result))),
    });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="revoke-title" aria-describedby="revoke-text">
      <ModalHeader title={`Revoke “${token.name}”?`} titleIconVariant="warning" labelId="revoke-title" />
      <ModalBody id="revoke-text">
        <Content component="p">
          Programs that use this token (<code>lmt_…{token.lastFour}</code>) are refused from the next request on. This can’t be
          undone.
        </Content>
        <ActionError error={error ?? refusal} title="The token was not revoked" />
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
