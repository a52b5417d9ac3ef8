import { Content } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
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
  const { run, isRunning, error, refuse } = useAction<RevokeTokenDialogMutation>(graphql`
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
      onCompleted: ({ revokeAccessToken: result }) => (result.accessToken ? onClose() : refuse(result)),
    });
  return (
    <ActionDialog
      title={`Revoke “${token.name}”?`}
      isDanger
      failure="The token was not revoked"
      error={error}
      verb="Revoke"
      isRunning={isRunning}
      onSubmit={revoke}
      wayOut="Keep it"
      onClose={onClose}
    >
      <Content component="p">
        Programs that use this token (<code>lmt_…{token.lastFour}</code>) are refused from the next request on. This can’t be
        undone.
      </Content>
    </ActionDialog>
  );
}
