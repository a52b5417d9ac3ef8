import {
  Alert,
  Button,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from "@patternfly/react-core";
import { useState } from "react";
import { graphql } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { formatSpan, localDay } from "../../lib/time";
import { ownBounds } from "../../lib/usageRange";
import { useAction } from "../../relay/useAction";
import type { RecheckDialogMutation } from "./__generated__/RecheckDialogMutation.graphql";

/** Has a time compared with LiteLLM's log once more. */
export function RecheckDialog({ onClose }: { onClose: () => void }) {
  const [days, setDays] = useState(() => {
    const today = localDay(new Date().toISOString());
    return { from: today, to: today };
  });
  const [refusal, setRefusal] = useState<string | null>(null);
  const [accepted, setAccepted] = useState<string | null>(null);
  const { run, isRunning, error } = useAction<RecheckDialogMutation>(graphql`
    mutation RecheckDialogMutation($input: RecheckUsageInput!) {
      recheckUsage(input: $input) {
        ... on RecheckUsageSuccess {
          start
          end
          ledger {
            ...LedgerPage_ledger
          }
        }
        ... on Error {
          message
        }
      }
    }
  `);
  const bounds = ownBounds(days);
  const compare = () => {
    if (!bounds) return;
    const [start, end] = bounds.map((at) => new Date(at).toISOString()) as [string, string];
    setRefusal(null);
    setAccepted(null);
    run({
      variables: { input: { range: { start, end } } },
      onCompleted: ({ recheckUsage }) => {
        if (recheckUsage.message !== undefined) return setRefusal(recheckUsage.message);
        if (recheckUsage.start && recheckUsage.end) {
          setAccepted(formatSpan(Date.parse(recheckUsage.start), Date.parse(recheckUsage.end)));
        }
      },
    });
  };
  return (
    <Modal isOpen onClose={onClose} variant="small" aria-labelledby="recheck-title">
      <ModalHeader
        title="Compare a time again"
        labelId="recheck-title"
        description="LiteLLM’s log is read once more for these days, and what is missing is booked. Nothing is booked twice."
      />
      <ModalBody tabIndex={0} aria-label="The time">
        <Form>
          {(["from", "to"] as const).map((end) => (
            <FormGroup key={end} label={end === "from" ? "First day" : "Last day"} fieldId={`recheck-${end}`}>
              <TextInput
                id={`recheck-${end}`}
                type="date"
                className="day"
                value={days[end]}
                validated={bounds ? "default" : "error"}
                onChange={(_, value) => setDays({ ...days, [end]: value })}
              />
            </FormGroup>
          ))}
          {bounds ? null : <Alert isInline isLiveRegion variant="warning" title="The last day is before the first" />}
          {refusal ? <Alert isInline isLiveRegion variant="danger" title={refusal} /> : null}
          {accepted ? <Alert isInline isLiveRegion variant="success" title={`It is compared again: ${accepted}`} /> : null}
          <ActionError error={error} title="It was not asked for" />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button variant="primary" isDisabled={!bounds || isRunning} isLoading={isRunning} onClick={compare}>
          Compare
        </Button>
        <Button variant="link" onClick={onClose}>
          {accepted ? "Close" : "Cancel"}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
