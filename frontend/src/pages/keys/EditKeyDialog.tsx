import { Button, Modal, ModalBody, ModalFooter, ModalHeader, Skeleton } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { changedKeyInput, checkKeyForm, type KeyFormErrors, type KeyFormValues } from "../../lib/keyForm";
import { plainAmount } from "../../lib/limits";
import { localDay } from "../../lib/time";
import { useAction } from "../../relay/useAction";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { KeyForm } from "./KeyForm";
import type { EditKeyDialog_key$key } from "./__generated__/EditKeyDialog_key.graphql";
import type { EditKeyDialogMutation } from "./__generated__/EditKeyDialogMutation.graphql";
import type { EditKeyDialogQuery } from "./__generated__/EditKeyDialogQuery.graphql";

const FORM = "edit-key-form";

interface EditKeyDialogProps {
  apiKey: EditKeyDialog_key$key;
  onClose: () => void;
}

export function EditKeyDialog(props: EditKeyDialogProps) {
  return (
    <Modal isOpen variant="medium" onClose={props.onClose} aria-labelledby="edit-key-title">
      <ModalHeader title="Edit the key" labelId="edit-key-title" />
      <QueryBoundary
        skeleton={
          <ModalBody>
            <Skeleton height="20rem" screenreaderText="Loading your models" />
          </ModalBody>
        }
      >
        <Loaded {...props} />
      </QueryBoundary>
    </Modal>
  );
}

function Loaded({ apiKey: keyRef, onClose }: EditKeyDialogProps) {
  const key = useFragment(
    graphql`
      fragment EditKeyDialog_key on ApiKey {
        id
        name
        maxBudget
        budgetDuration
        rpmLimit
        tpmLimit
        expiresAt
        models {
          id
          name
          provider
          mode
        }
      }
    `,
    keyRef,
  );
  const { viewer } = usePageQuery<EditKeyDialogQuery>(
    graphql`
      query EditKeyDialogQuery {
        viewer {
          modelSubscriptions(first: 100, status: [ACTIVE]) {
            edges {
              node {
                model {
                  id
                  name
                  provider
                  mode
                }
              }
            }
          }
        }
      }
    `,
    {},
  );
  // The key's own models first: among them may be one whose subscription is on hold.
  const subscribed = viewer.modelSubscriptions.edges.map(({ node }) => node.model);
  const models = [...key.models, ...subscribed.filter(({ id }) => !key.models.some((model) => model.id === id))];
  const [before] = useState<KeyFormValues>(() => ({
    name: key.name,
    modelIds: key.models.map(({ id }) => id),
    maxBudget: plainAmount(key.maxBudget ?? ""),
    budgetDuration: key.budgetDuration ?? "",
    rpmLimit: key.rpmLimit == null ? "" : String(key.rpmLimit),
    tpmLimit: key.tpmLimit == null ? "" : String(key.tpmLimit),
    expiry: key.expiresAt ? "date" : "",
    expiryDate: key.expiresAt ? localDay(key.expiresAt) : "",
  }));
  const [values, setValues] = useState(before);
  const [errors, setErrors] = useState<KeyFormErrors>({});
  const { run, isRunning, error, refuse, clearError } = useAction<EditKeyDialogMutation>(graphql`
    mutation EditKeyDialogMutation($input: UpdateApiKeyInput!) {
      updateApiKey(input: $input) {
        __typename
        ... on UpdateApiKeySuccess {
          apiKey {
            ...KeyRow_key
            ...KeyPage_key
          }
        }
        ... on Error {
          message
        }
        ... on InvalidInput {
          field
        }
      }
    }
  `);
  const submit = () => {
    const now = Date.now();
    const wrong = checkKeyForm(values, now);
    setErrors(wrong);
    clearError();
    if (Object.keys(wrong).length > 0) return;
    run({
      variables: { input: { apiKeyId: key.id, ...changedKeyInput(values, before, now) } },
      onCompleted: ({ updateApiKey: result }) => {
        if (result.__typename === "UpdateApiKeySuccess") onClose();
        else if (result.__typename === "NotSubscribed") setErrors({ modelIds: result.message });
        else if (result.__typename === "InvalidInput") setErrors({ [result.field!.split(".").at(-1)!]: result.message });
        else refuse(result);
      },
    });
  };
  return (
    <>
      <ModalBody tabIndex={0} aria-label="The key">
        <KeyForm id={FORM} models={models} values={values} errors={errors} onChange={setValues} onSubmit={submit} />
        <ActionError error={error} title="Nothing was changed" />
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={FORM} isLoading={isRunning} isDisabled={isRunning}>
          Save
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </>
  );
}
