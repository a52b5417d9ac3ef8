import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { type ReactNode, useId } from "react";

import type { RequestError } from "../relay/errors";
import { ActionError } from "./ActionError";

interface ActionDialogProps {
  title: string;
  description?: string;
  size?: "small" | "medium" | "large";
  /** Whether something ends that does not come back by itself: its button says so, and its icon. */
  isDanger?: boolean;
  /** Another icon than that, or none. */
  icon?: "warning" | "danger" | null;
  /** What the form is about. Left out where there is nothing to fill in: then the text describes the dialog. */
  form?: string;
  children: ReactNode;
  /** What did not happen, if there is an error. */
  failure: string;
  error: RequestError | null;
  verb: string;
  isRunning: boolean;
  isDisabled?: boolean;
  onSubmit: () => void;
  wayOut?: string;
  onClose: () => void;
}

/** Says what an action does, asks for what it needs, does it, and says why it was not done. */
export function ActionDialog(props: ActionDialogProps) {
  const { title, description, size = "small", isDanger = false, icon = isDanger ? "warning" : undefined } = props;
  const { form, children, failure, error, verb, isRunning, isDisabled = false, onSubmit, onClose } = props;
  const id = useId();
  const [titleId, textId, formId] = [`${id}title`, `${id}text`, `${id}form`];
  return (
    <Modal isOpen variant={size} onClose={onClose} aria-labelledby={titleId} aria-describedby={form ? undefined : textId}>
      <ModalHeader title={title} description={description} titleIconVariant={icon ?? undefined} labelId={titleId} />
      <ModalBody {...(form ? { tabIndex: 0, "aria-label": form } : { id: textId })}>
        {form ? (
          <Form
            id={formId}
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              onSubmit();
            }}
          >
            {children}
          </Form>
        ) : (
          children
        )}
        <ActionError error={error} title={failure} />
      </ModalBody>
      <ModalFooter>
        <Button
          {...(form ? { type: "submit", form: formId } : { onClick: onSubmit })}
          variant={isDanger ? "danger" : "primary"}
          isLoading={isRunning}
          isDisabled={isRunning || isDisabled}
        >
          {verb}
        </Button>
        <Button variant="link" onClick={onClose}>
          {props.wayOut ?? "Cancel"}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
