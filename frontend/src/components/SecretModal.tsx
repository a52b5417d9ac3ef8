import { Alert, Button, Checkbox, ClipboardCopy, Flex, Modal, ModalBody, ModalFooter, ModalHeader, Stack, StackItem } from "@patternfly/react-core";
import { type ReactNode, useEffect, useState } from "react";
import { useBlocker } from "react-router";

import { copyText } from "../lib/browser";

interface SecretModalProps {
  /** What it is the secret of: "key". */
  of: string;
  title: string;
  secret: string;
  /** Stack items: how it is used, and what else there is to say. */
  children: ReactNode;
  onDone: () => void;
}

/** Shows a secret once. It closes only after the reader said that they have stored it; Escape does nothing. */
export function SecretModal({ of, title, secret, children, onDone }: SecretModalProps) {
  const [isStored, setStored] = useState(false);

  // Going back or closing the tab would lose the secret as well.
  useBlocker(true);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, []);

  return (
    <Modal isOpen variant="large" aria-labelledby="reveal-title" aria-describedby="reveal-once" onEscapePress={() => {}}>
      <ModalHeader title={title} labelId="reveal-title" />
      <ModalBody tabIndex={0} aria-label={`The new ${of}`}>
        <Stack hasGutter>
          <StackItem id="reveal-once">
            <Alert isInline variant="warning" title={`Store this ${of} now: it is shown only once`} component="h2">
              LiteMaaS does not keep it and can’t show it again.
            </Alert>
          </StackItem>
          <StackItem>
            <ClipboardCopy
              isReadOnly
              isCode
              hoverTip={`Copy the ${of}`}
              clickTip="Copied"
              copyAriaLabel={`Copy the ${of}`}
              textAriaLabel={`The ${of}`}
              onCopy={() => void copyText(secret)}
            >
              {secret}
            </ClipboardCopy>
          </StackItem>
          {children}
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Flex columnGap={{ default: "columnGapLg" }}>
          <Checkbox
            id="reveal-stored"
            label={`I have stored the ${of}`}
            isChecked={isStored}
            onChange={(_, checked) => setStored(checked)}
          />
          <Button isDisabled={!isStored} onClick={onDone}>
            Done
          </Button>
        </Flex>
      </ModalFooter>
    </Modal>
  );
}
