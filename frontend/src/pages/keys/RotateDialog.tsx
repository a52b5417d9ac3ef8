import { Content, FormGroup, Radio } from "@patternfly/react-core";
import { useState } from "react";
import { graphql } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { HelpButton } from "../../components/HelpButton";
import { useRequestId } from "../../lib/useRequestId";
import { useAction } from "../../relay/useAction";
import type { NewSecret } from "./KeyDialogs";
import { LostSecret } from "./LostSecret";
import type { RotateDialogMutation } from "./__generated__/RotateDialogMutation.graphql";

/** Seconds for which the old secret goes on, and what that is good for. */
const OVERLAPS = [
  { seconds: 0, label: "It ends at once", description: "Programs are refused until they have the new secret." },
  { seconds: 3_600, label: "1 hour", description: "When you change the programs yourself, now." },
  { seconds: 86_400, label: "24 hours", description: "When a deployment has to run first." },
  { seconds: 604_800, label: "7 days", description: "When other people have to change their programs." },
];

interface RotateDialogProps {
  apiKey: { id: string; name: string };
  onClose: () => void;
  onRotated: (made: NewSecret) => void;
}

/** A new secret for the same key; asks how long the old one goes on. */
export function RotateDialog({ apiKey: { id, name }, onClose, onRotated }: RotateDialogProps) {
  const [overlap, setOverlap] = useState(86_400);
  const [isLost, setLost] = useState(false);
  const clientMutationId = useRequestId();
  const { run, isRunning, error, refuse } = useAction<RotateDialogMutation>(graphql`
    mutation RotateDialogMutation($input: RotateApiKeyInput!) {
      rotateApiKey(input: $input) {
        __typename
        ... on RotateApiKeySuccess {
          apiKey {
            ...KeyRow_key
            ...KeyPage_key
          }
          secret
        }
        ... on AlreadyDone {
          apiKey {
            ...KeyRow_key
            ...KeyPage_key
          }
        }
        ... on Error {
          message
        }
      }
    }
  `);
  const submit = () => {
    let secret = "";
    run({
      variables: { input: { apiKeyId: id, overlap, clientMutationId } },
      updater: (store, data) => {
        const result = data?.rotateApiKey;
        if (result?.__typename !== "RotateApiKeySuccess") return;
        secret = result.secret!;
        // Taken out before Relay publishes the answer, so the secret never stands in the store.
        store.getRootField("rotateApiKey")?.setValue(null, "secret");
      },
      onCompleted: ({ rotateApiKey: result }) => {
        if (result.__typename === "RotateApiKeySuccess") onRotated({ secret, since: null });
        else if (result.__typename === "AlreadyDone") setLost(true);
        else refuse(result);
      },
    });
  };
  return (
    <ActionDialog
      title={`Rotate “${name}”`}
      form="How to rotate"
      failure="The old secret works as before"
      error={error}
      verb="Make a new secret"
      isRunning={isRunning}
      isDisabled={isLost}
      onSubmit={submit}
      onClose={onClose}
    >
      <Content component="p">
        The key gets a new secret and keeps its models and limits. The new secret is shown once.
      </Content>
      <FormGroup
        role="radiogroup"
        label="How long does the old secret work?"
        labelHelp={<HelpButton about="overlap" />}
        fieldId="rotate-overlap"
        isStack
      >
        {OVERLAPS.map(({ seconds, label, description }) => (
          <Radio
            key={seconds}
            id={`rotate-overlap-${seconds}`}
            name="rotate-overlap"
            label={label}
            description={description}
            isChecked={overlap === seconds}
            onChange={() => setOverlap(seconds)}
          />
        ))}
      </FormGroup>
      <Content component="small">Never longer than the key itself. You can end it earlier, or undo the rotation, until then.</Content>
      {isLost ? (
        <LostSecret>Undo the rotation to go on with the old secret, or finish it and rotate again for another.</LostSecret>
      ) : null}
    </ActionDialog>
  );
}
