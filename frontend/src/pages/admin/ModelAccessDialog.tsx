import { Button, Checkbox, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Radio } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { ReasonField } from "../../components/ReasonField";
import { accessLabel } from "../../lib/labels";
import type { RequestError } from "../../relay/errors";
import { refusalOf } from "../../relay/refusal";
import { useAction } from "../../relay/useAction";
import { ModelImpact } from "./ModelImpact";
import { type Successor, SuccessorField } from "./SuccessorField";
import type { ModelAccessDialog_model$key } from "./__generated__/ModelAccessDialog_model.graphql";
import type {
  ExistingSubscriptions,
  ModelAccess,
  ModelAccessDialogMutation,
} from "./__generated__/ModelAccessDialogMutation.graphql";

const FORM = "model-access-form";

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
  const [refusal, setRefusal] = useState<RequestError | null>(null);
  const { run, isRunning, error } = useAction<ModelAccessDialogMutation>(graphql`
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
    setRefusal(null);
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
        else setRefusal(refusalOf(result));
      },
    });
  };
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="access-title">
      <ModalHeader title={`Access to ${name}`} labelId="access-title" />
      <ModalBody tabIndex={0} aria-label="The access">
        <Form
          id={FORM}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
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
        </Form>
        <ActionError error={error ?? refusal} title="Nothing was changed" />
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form={FORM}
          variant={needsReason ? "danger" : "primary"}
          isLoading={isRunning}
          isDisabled={isRunning}
        >
          {existing === "KEEP" ? "Save" : existing === "SUSPEND" ? "Save and suspend" : "Save and end"}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
