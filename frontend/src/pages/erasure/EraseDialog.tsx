import { Content, Skeleton } from "@patternfly/react-core";
import { type ReactNode, useState } from "react";

import { ActionDialog } from "../../components/ActionDialog";
import { ConfirmField } from "../../components/ConfirmField";
import type { RequestError } from "../../relay/errors";
import { QueryBoundary } from "../../shell/QueryBoundary";

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
    <ActionDialog
      title={title}
      size="medium"
      isDanger
      icon="danger"
      form="What it does"
      failure="Nothing was erased"
      error={error}
      verb={verb}
      isRunning={isRunning}
      onSubmit={() => {
        setTried(true);
        if (isConfirmed) onErase();
      }}
      onClose={onClose}
    >
      <Content>
        <Content component="p">
          There is no way back. Name, username and e-mail address are replaced by a pseudonym, in the audit record as well. What was used
          and spent stays, under the pseudonym. Whoever signs in again is somebody new, with nothing.
        </Content>
        {children}
      </Content>
      <QueryBoundary skeleton={<Skeleton height="9rem" screenreaderText="Looking at what this ends" />}>{impact}</QueryBoundary>
      <ConfirmField word={username} isWrong={isTried && !isConfirmed} value={typed} onChange={setTyped} />
    </ActionDialog>
  );
}
