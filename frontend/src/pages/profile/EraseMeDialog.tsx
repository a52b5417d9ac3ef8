import { Button, Content } from "@patternfly/react-core";
import { useEffect, useState } from "react";
import { graphql } from "react-relay";

import { expectSessionEnd, signOut } from "../../lib/session";
import { useAction } from "../../relay/useAction";
import { usePageQuery } from "../../shell/QueryBoundary";
import { EraseDialog } from "../erasure/EraseDialog";
import { ErasureImpact } from "../erasure/ErasureImpact";
import { ReceiptDialog } from "../erasure/ReceiptDialog";
import type { EraseMeDialogImpactQuery } from "./__generated__/EraseMeDialogImpactQuery.graphql";
import type { EraseMeDialogMutation, EraseMeDialogMutation$data } from "./__generated__/EraseMeDialogMutation.graphql";

function Impact() {
  const { erasureImpact } = usePageQuery<EraseMeDialogImpactQuery>(
    graphql`
      query EraseMeDialogImpactQuery {
        viewer {
          erasureImpact {
            ...ErasureImpact_impact
          }
        }
      }
    `,
    {},
    "network-only",
  ).viewer;
  return <ErasureImpact impact={erasureImpact} />;
}

/** The reader is forgotten, which ends this session; the receipt is the last that they see. */
export function EraseMeDialog({ username, onClose }: { username: string; onClose: () => void }) {
  const [receipt, setReceipt] = useState<EraseMeDialogMutation$data["eraseMe"]["receipt"]>();
  const { run, isRunning, error, refuse } = useAction<EraseMeDialogMutation>(graphql`
    mutation EraseMeDialogMutation($input: EraseMeInput!) {
      eraseMe(input: $input) {
        __typename
        ... on EraseMeSuccess {
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
  useEffect(() => () => expectSessionEnd(false), []);
  const erase = () => {
    // Sockets may hear of the session's end before the answer is here.
    expectSessionEnd(true);
    run({
      variables: { input: { username } },
      onCompleted: ({ eraseMe: result }) => {
        if (result.receipt) return setReceipt(result.receipt);
        expectSessionEnd(false);
        refuse(result);
      },
    });
  };
  if (receipt) {
    return <ReceiptDialog title="You are erased and signed out" receipt={receipt} leave="Leave" onLeave={() => void signOut()} />;
  }
  return (
    <EraseDialog
      title="Erase me?"
      verb="Erase me for good"
      username={username}
      isRunning={isRunning}
      error={error}
      onErase={erase}
      onClose={onClose}
      impact={<Impact />}
    >
      <Content component="p">
        To keep what there is about you,{" "}
        <Button component="a" href="/exports/me" download variant="link" isInline>
          download it
        </Button>{" "}
        first.
      </Content>
    </EraseDialog>
  );
}
