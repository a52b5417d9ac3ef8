import { Button, Content, Form, Modal, ModalBody, ModalFooter, ModalHeader, Skeleton } from "@patternfly/react-core";
import { type ReactNode, useState } from "react";

import { ActionError } from "../../components/ActionError";
import { ConfirmField } from "../../components/ConfirmField";
import type { RequestError } from "../../relay/errors";
import { QueryBoundary } from "../../shell/QueryBoundary";

const FORM = "erase-form";

interface EraseDialogProps {
  title: string;
  verb: string;
  /** Whose data, to be typed as a confirmation. */
  username: string;
  isRunning: boolean;
  error: RequestError | null;
  onErase: () => void;
  onClose: () => void;
  /** What it would end, which is asked for while the dialog opens. */
  impact: ReactNode;
  /** What else there is to say first. */
  children?: ReactNode;
}

/** Asks before somebody is forgotten. */
export function EraseDialog({ title, verb, username, isRunning, error, onErase, onClose, impact, children }: EraseDialogProps) {
  const [typed, setTyped] = useState("");
  const [isTried, setTried] = useState(false);
  const isConfirmed = typed.trim() === username;
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="erase-title">
      <ModalHeader title={title} titleIconVariant="danger" labelId="erase-title" />
      <ModalBody tabIndex={0} aria-label="What it does">
        <Form
          id={FORM}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            setTried(true);
            if (isConfirmed) onErase();
          }}
        >
          <Content>
            <Content component="p">
              There is no way back. Name, username and e-mail address are replaced by a pseudonym, in the audit record as well. What was
              used and spent stays, under the pseudonym. Whoever signs in again is somebody new, with nothing.
            </Content>
            {children}
          </Content>
          <QueryBoundary skeleton={<Skeleton height="9rem" screenreaderText="Looking at what this ends" />}>{impact}</QueryBoundary>
          <ConfirmField word={username} isWrong={isTried && !isConfirmed} value={typed} onChange={setTyped} />
        </Form>
        <ActionError error={error} title="Nothing was erased" />
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={FORM} variant="danger" isLoading={isRunning} isDisabled={isRunning}>
          {verb}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
