import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { useAction } from "../../relay/useAction";
import { usePageQuery } from "../../shell/QueryBoundary";
import { EraseDialog } from "../erasure/EraseDialog";
import { ErasureImpact } from "../erasure/ErasureImpact";
import { ReceiptDialog } from "../erasure/ReceiptDialog";
import type { ErasePersonDialog_user$key } from "./__generated__/ErasePersonDialog_user.graphql";
import type { ErasePersonDialogImpactQuery } from "./__generated__/ErasePersonDialogImpactQuery.graphql";
import type { ErasePersonDialogMutation, ErasePersonDialogMutation$data } from "./__generated__/ErasePersonDialogMutation.graphql";

function Impact({ userId }: { userId: string }) {
  const { erasureImpact } = usePageQuery<ErasePersonDialogImpactQuery>(
    graphql`
      query ErasePersonDialogImpactQuery($userId: ID!) {
        admin {
          erasureImpact(userId: $userId) {
            ...ErasureImpact_impact
          }
        }
      }
    `,
    { userId },
    "network-only",
  ).admin;
  return <ErasureImpact impact={erasureImpact} />;
}

/** An admin has somebody forgotten who asked for it. */
export function ErasePersonDialog({ user: ref, onClose }: { user: ErasePersonDialog_user$key; onClose: () => void }) {
  const { id, username, displayName } = useFragment(
    graphql`
      fragment ErasePersonDialog_user on User {
        id
        username
        displayName
      }
    `,
    ref,
  );
  const [receipt, setReceipt] = useState<ErasePersonDialogMutation$data["erasePerson"]["receipt"]>();
  const { run, isRunning, error, refuse } = useAction<ErasePersonDialogMutation>(graphql`
    mutation ErasePersonDialogMutation($input: ErasePersonInput!) {
      erasePerson(input: $input) {
        __typename
        ... on ErasePersonSuccess {
          receipt {
            ...ReceiptDialog_receipt
          }
        }
        ... on Error {
          message
        }
      }
    }
  `);
  const erase = () => {
    run({
      variables: { input: { userId: id, username } },
      onCompleted: ({ erasePerson: result }) => (result.receipt ? setReceipt(result.receipt) : refuse(result)),
    });
  };
  if (receipt) return <ReceiptDialog title="The person is erased" receipt={receipt} leave="Close" onLeave={onClose} />;
  return (
    <EraseDialog
      title={`Erase ${displayName}?`}
      verb="Erase for good"
      username={username}
      isRunning={isRunning}
      error={error}
      onErase={erase}
      onClose={onClose}
      impact={<Impact userId={id} />}
    />
  );
}
