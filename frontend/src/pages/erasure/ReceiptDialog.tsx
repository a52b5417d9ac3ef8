import { Button, Content, DescriptionList, Modal, ModalBody, ModalFooter, ModalHeader, Stack, StackItem } from "@patternfly/react-core";
import { DownloadIcon } from "@patternfly/react-icons";
import { graphql, useFragment } from "react-relay";

import { ExactTime } from "../../components/ExactTime";
import { Fact } from "../../components/Fact";
import { downloadText } from "../../lib/browser";
import { formatCount } from "../../lib/numbers";
import type { ReceiptDialog_receipt$key } from "./__generated__/ReceiptDialog_receipt.graphql";

interface ReceiptDialogProps {
  title: string;
  receipt: ReceiptDialog_receipt$key;
  /** What the button says with which the reader leaves. */
  leave: string;
  onLeave: () => void;
}

/** What was erased, to look at and to keep: nobody can ask for it again under the old name. */
export function ReceiptDialog({ title, receipt: ref, leave, onLeave }: ReceiptDialogProps) {
  const receipt = useFragment(
    graphql`
      fragment ReceiptDialog_receipt on ErasureReceipt {
        userId
        pseudonym
        erasedAt
        sessions
        accessTokens
        keys
        subscriptions
        notifications
        texts
        auditEntries
      }
    `,
    ref,
  );
  const save = () => {
    const { userId, pseudonym, erasedAt, ...counts } = receipt;
    const facts = Object.entries(counts).filter(([, count]) => typeof count === "number");
    downloadText(`litemaas-${pseudonym}.json`, JSON.stringify({ userId, pseudonym, erasedAt, ...Object.fromEntries(facts) }, null, 2));
  };
  return (
    <Modal isOpen variant="medium" onClose={onLeave} aria-labelledby="receipt-title">
      <ModalHeader title={title} labelId="receipt-title" />
      <ModalBody tabIndex={0} aria-label="The receipt">
        <Stack hasGutter>
          <StackItem>
            <div role="status">
              <Content component="p">This is the receipt. It names nobody; the audit record has the same.</Content>
            </div>
          </StackItem>
          <StackItem>
            <DescriptionList isHorizontal isCompact horizontalTermWidthModifier={{ default: "22ch" }}>
              <Fact name="Pseudonym">
                <code>{receipt.pseudonym}</code>
              </Fact>
              <Fact name="Erased">
                <ExactTime at={receipt.erasedAt} />
              </Fact>
              <Fact name="Keys revoked">{formatCount(receipt.keys)}</Fact>
              <Fact name="Subscriptions given up">{formatCount(receipt.subscriptions)}</Fact>
              <Fact name="Sessions ended">{formatCount(receipt.sessions)}</Fact>
              <Fact name="Access tokens deleted">{formatCount(receipt.accessTokens)}</Fact>
              <Fact name="Notifications deleted">{formatCount(receipt.notifications)}</Fact>
              <Fact name="Names and texts removed">{formatCount(receipt.texts)}</Fact>
              <Fact name="Audit entries renamed">{formatCount(receipt.auditEntries)}</Fact>
            </DescriptionList>
          </StackItem>
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onLeave}>{leave}</Button>
        <Button variant="secondary" icon={<DownloadIcon />} onClick={save}>
          Save the receipt
        </Button>
      </ModalFooter>
    </Modal>
  );
}
