import {
  Button,
  Checkbox,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import { useState } from "react";

import { ActionError } from "../../components/ActionError";
import { ReasonField } from "../../components/ReasonField";
import type { RequestError } from "../../relay/errors";

interface BulkDecisionProps {
  /** How many can be chosen. */
  all: number;
  selected: readonly unknown[];
  isRunning: boolean;
  error: RequestError | null;
  onSelectAll: (all: boolean) => void;
  onDecide: (verdict: "APPROVE" | "DENY", reason: string | null) => void;
}

/** One decision on all that are chosen; each is carried out, or refused, for itself. */
export function BulkDecision({ all, selected, isRunning, error, onSelectAll, onDecide }: BulkDecisionProps) {
  const [isDenying, setDenying] = useState(false);
  const count = selected.length;
  const requests = count === 1 ? "1 request" : `${count} requests`;
  return (
    <>
      <Toolbar inset={{ default: "insetNone" }}>
        <ToolbarContent alignItems="center">
          <ToolbarItem alignSelf="center">
            <Checkbox
              id="choose-all"
              label={count ? `${count} chosen` : "Choose all"}
              isDisabled={all === 0}
              isChecked={count > 0 && count < all ? null : count > 0}
              onChange={(_, checked) => onSelectAll(checked)}
            />
          </ToolbarItem>
          <ToolbarItem>
            <Button
              variant="secondary"
              isDisabled={count === 0 || isRunning}
              isLoading={isRunning}
              onClick={() => onDecide("APPROVE", null)}
            >
              Approve chosen
            </Button>
          </ToolbarItem>
          <ToolbarItem>
            <Button variant="secondary" isDanger isDisabled={count === 0 || isRunning} onClick={() => setDenying(true)}>
              Deny chosen
            </Button>
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <ActionError error={error} title="Nothing was decided" />
      {isDenying ? (
        <DenyDialog
          requests={requests}
          onClose={() => setDenying(false)}
          onDeny={(reason) => {
            setDenying(false);
            onDecide("DENY", reason);
          }}
        />
      ) : null}
    </>
  );
}

interface DenyDialogProps {
  requests: string;
  onClose: () => void;
  onDeny: (reason: string) => void;
}

function DenyDialog({ requests, onClose, onDeny }: DenyDialogProps) {
  const [reason, setReason] = useState("");
  const [isTried, setTried] = useState(false);
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="deny-title">
      <ModalHeader title={`Deny ${requests}?`} labelId="deny-title" />
      <ModalBody>
        <form
          id="deny-form"
          onSubmit={(event) => {
            event.preventDefault();
            setTried(true);
            if (reason.trim()) onDeny(reason.trim());
          }}
        >
          <ReasonField value={reason} onChange={setReason} isRequired isMissing={isTried && !reason.trim()} />
        </form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="deny-form" variant="danger">
          Deny
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
