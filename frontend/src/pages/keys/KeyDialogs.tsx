import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader, Stack, StackItem, Title } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment, useLazyLoadQuery } from "react-relay";

import type { Standing } from "../../lib/reader";
import { QueryBoundary } from "../../shell/QueryBoundary";
import { EditKeyDialog } from "./EditKeyDialog";
import { KeyCalls } from "./KeyCalls";
import type { KeyAction } from "./keyActions";
import { KeyChangeDialog } from "./KeyChangeDialog";
import { LeakDialog } from "./LeakDialog";
import { RevealDialog } from "./RevealDialog";
import { RevokeDialog } from "./RevokeDialog";
import { RotateDialog } from "./RotateDialog";
import type { KeyDialogs_key$key } from "./__generated__/KeyDialogs_key.graphql";
import type { KeyDialogsQuery } from "./__generated__/KeyDialogsQuery.graphql";

/** A secret that was just made for a key that exists; null when LiteLLM made none. */
export interface NewSecret {
  secret: string | null;
  /** When the old one may have leaked, if it did: an ISO time. */
  since: string | null;
}

interface KeyDialogsProps {
  apiKey: KeyDialogs_key$key;
  standing: Standing;
  action: KeyAction | undefined;
  onClose: () => void;
}

/** The dialog of the chosen action, and after it the one that shows a new secret. Nothing while no action is chosen. */
export function KeyDialogs({ apiKey: keyRef, standing, action, onClose }: KeyDialogsProps) {
  const key = useFragment(
    graphql`
      fragment KeyDialogs_key on ApiKey {
        id
        name
        createdAt
        models {
          id
          name
          mode
        }
        ...RevokeDialog_key
        ...EditKeyDialog_key
      }
    `,
    keyRef,
  );
  // The secret lives in this state alone and is gone when the dialog closes.
  const [made, setMade] = useState<NewSecret>();
  const show = (secret: NewSecret) => {
    setMade(secret);
    onClose();
  };
  if (made) {
    return (
      <QueryBoundary skeleton={null}>
        <Made apiKey={key} isOwner={standing === "owner"} made={made} onDone={() => setMade(undefined)} />
      </QueryBoundary>
    );
  }
  switch (action) {
    case undefined:
      return null;
    case "edit":
      return <EditKeyDialog apiKey={key} onClose={onClose} />;
    case "rotate":
      return <RotateDialog apiKey={key} onClose={onClose} onRotated={show} />;
    case "leak":
      return <LeakDialog apiKey={key} isOwner={standing === "owner"} onClose={onClose} onReported={show} />;
    case "revoke":
      return <RevokeDialog apiKey={key} onClose={onClose} />;
    default:
      return <KeyChangeDialog change={action} apiKey={key} onClose={onClose} />;
  }
}

interface MadeProps {
  apiKey: { id: string; name: string; models: readonly { id: string; name: string; mode: string }[] };
  isOwner: boolean;
  made: NewSecret;
  onDone: () => void;
}

/** What came of a rotation or a leak: the new secret if there is one, and the calls since the leak. */
function Made({ apiKey: { id, name, models }, isOwner, made: { secret, since }, onDone }: MadeProps) {
  const calls = since ? (
    <StackItem>
      <Title headingLevel="h2" size="md">
        Calls with the secret that leaked
      </Title>
      <KeyCalls apiKeyId={id} since={since} />
    </StackItem>
  ) : null;
  const { portal } = useLazyLoadQuery<KeyDialogsQuery>(
    graphql`
      query KeyDialogsQuery {
        portal {
          llmBaseUrl
        }
      }
    `,
    {},
  );
  if (secret !== null) {
    return (
      <RevealDialog
        newKey={{ id, name, models, secret, baseUrl: portal.llmBaseUrl }}
        title={`The new secret of “${name}”`}
        onDone={onDone}
      >
        {calls}
      </RevealDialog>
    );
  }
  return (
    <Modal isOpen variant="large" onClose={onDone} aria-labelledby="made-title">
      <ModalHeader title={`“${name}” is blocked`} labelId="made-title" />
      <ModalBody tabIndex={0} aria-label="What happened">
        <Stack hasGutter>
          <StackItem>
            <Alert isInline variant="warning" title="There is no new secret yet" component="h2">
              {isOwner
                ? "LiteLLM did not make one. The secret that leaked is ended; rotate the key for a new one."
                : "The secret that leaked is ended. Only the key’s owner gets a new one, by rotating the key."}
            </Alert>
          </StackItem>
          {calls}
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onDone}>Done</Button>
      </ModalFooter>
    </Modal>
  );
}
