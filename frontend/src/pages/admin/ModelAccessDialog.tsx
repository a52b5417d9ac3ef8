import { Checkbox, FormGroup, Radio } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { ReasonField } from "../../components/ReasonField";
import { accessLabel } from "../../lib/labels";
import { useAction } from "../../relay/useAction";
import { ModelImpact } from "./ModelImpact";
import { type Successor, SuccessorField } from "./SuccessorField";
import type { ModelAccessDialog_model$key } from "./__generated__/ModelAccessDialog_model.graphql";
import type {
  ExistingSubscriptions,
  ModelAccess,
  ModelAccessDialogMutation,
} from "./__generated__/ModelAccessDialogMutation.graphql";

type Known<T> = Exclude<T, "%future added value">;

const ACCESSES: Record<Known<ModelAccess>, string> = {
  OPEN: "Everybody can subscribe, at once.",
  RESTRICTED: "Who asks for it waits for an administrator.",
  HIDDEN: "It is not listed, and nobody can ask for it.",
};

const EXISTING: Record<Known<ExistingSubscriptions>, { label: string; description: string }> = {
  KEEP: { label: "Keep it", description: "Who has it goes on as before." },
  SUSPEND: { label: "Suspend all", description: "You let people back one by one." },
  CANCEL: { label: "End all", description: "Subscriptions end, and requests that wait are denied." },
};

/** Who may have a model and whether it is here to stay, with whom that concerns. */
export function ModelAccessDialog({ model: ref, onClose }: { model: ModelAccessDialog_model$key; onClose: () => void }) {
  const model = useFragment(
    graphql`
      fragment ModelAccessDialog_model on Model {
        id
        name
        access
        lifecycle
        successor {
          id
          name
        }
      }
    `,
    ref,
  );
  const { id, name, lifecycle } = model;
  const [access, setAccess] = useState<ModelAccess>(model.access as ModelAccess);
  const [isDeprecated, setDeprecated] = useState(lifecycle === "DEPRECATED");
  const [successor, setSuccessor] = useState<Successor | null>(model.successor ?? null);
  const [existing, setExisting] = useState<ExistingSubscriptions>("KEEP");
  const [reason, setReason] = useState("");
  const [isTried, setTried] = useState(false);
  const { run, isRunning, error, refuse, clearError } = useAction<ModelAccessDialogMutation>(graphql`
    mutation ModelAccessDialogMutation($input: SetModelAccessInput!) {
      setModelAccess(input: $input) {
        __typename
        ... on SetModelAccessSuccess {
          model {
            ...ModelAccessDialog_model
            ...ModelAccessRow_model
          }
        }
        ... on InvalidInput {
          message
        }
      }
    }
  `);
  const needsReason = existing !== "KEEP";
  const submit = () => {
    setTried(true);
    clearError();
    if (needsReason && !reason.trim()) return;
    run({
      variables: {
        input: {
          modelId: id,
          access,
          existing,
          reason: reason.trim() || null,
          ...(lifecycle === "RETIRED" ? {} : { lifecycle: isDeprecated ? "DEPRECATED" : "AVAILABLE" }),
          ...(successor?.id === model.successor?.id ? {} : { successorId: successor?.id ?? null }),
        },
      },
      onCompleted: ({ setModelAccess: result }) => {
        if (result.__typename === "SetModelAccessSuccess") onClose();
        else refuse(result);
      },
    });
  };
  return (
    <ActionDialog
      title={`Access to ${name}`}
      size="medium"
      isDanger={needsReason}
      icon={null}
      form="The access"
      failure="Nothing was changed"
      error={error}
      verb={existing === "KEEP" ? "Save" : existing === "SUSPEND" ? "Save and suspend" : "Save and end"}
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <FormGroup role="radiogroup" label="Who may use it" fieldId="access" isStack>
        {Object.entries(ACCESSES).map(([value, description]) => (
          <Radio
            key={value}
            id={`access-${value}`}
            name="access"
            label={accessLabel(value)}
            description={description}
            isChecked={access === value}
            onChange={() => setAccess(value as ModelAccess)}
          />
        ))}
      </FormGroup>
      <FormGroup role="group" label="Whether it is here to stay" fieldId="deprecated">
        {lifecycle === "RETIRED" ? (
          "It is retired: LiteLLM no longer lists it."
        ) : (
          <Checkbox
            id="deprecated"
            label="Deprecated"
            description="It still works, and people are told that it will go."
            isChecked={isDeprecated}
            onChange={(_, checked) => setDeprecated(checked)}
          />
        )}
      </FormGroup>
      <SuccessorField modelId={id} value={successor} onChange={setSuccessor} />
      <FormGroup role="radiogroup" label="People who have it already" fieldId="existing" isStack>
        {Object.entries(EXISTING).map(([value, look]) => (
          <Radio
            key={value}
            id={`existing-${value}`}
            name="existing"
            {...look}
            isChecked={existing === value}
            onChange={() => setExisting(value as ExistingSubscriptions)}
          />
        ))}
      </FormGroup>
      {needsReason ? (
        <ReasonField value={reason} onChange={setReason} isRequired isMissing={isTried && !reason.trim()} />
      ) : null}
      <ModelImpact modelId={id} existing={existing} />
    </ActionDialog>
  );
}
