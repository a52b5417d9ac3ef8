import {
  Button,
  EmptyState,
  EmptyStateBody,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Skeleton,
} from "@patternfly/react-core";
import { CatalogIcon } from "@patternfly/react-icons";
import { useState } from "react";
import { ConnectionHandler, graphql } from "react-relay";
import { Link } from "react-router";
import { ROOT_ID } from "relay-runtime";

import { ActionError } from "../../components/ActionError";
import { ButtonLink } from "../../components/ButtonLink";
import { checkKeyForm, emptyKeyForm, type KeyFormErrors, keyFormInput, type KeyFormValues } from "../../lib/keyForm";
import { keyPath } from "../../lib/paths";
import { useRequestId } from "../../lib/useRequestId";
import { useAction } from "../../relay/useAction";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { KeyForm } from "./KeyForm";
import { LostSecret } from "./LostSecret";
import type { NewKey } from "./RevealDialog";
import type { CreateKeyDialogMutation } from "./__generated__/CreateKeyDialogMutation.graphql";
import type { CreateKeyDialogQuery } from "./__generated__/CreateKeyDialogQuery.graphql";

const FORM = "create-key-form";

interface CreateKeyDialogProps {
  /** A model to begin with, when the reader came from one. */
  modelId: string | null;
  onClose: () => void;
  onCreated: (key: NewKey) => void;
}

export function CreateKeyDialog(props: CreateKeyDialogProps) {
  return (
    <Modal isOpen variant="medium" onClose={props.onClose} aria-labelledby="create-key-title">
      <ModalHeader title="Create a key" labelId="create-key-title" />
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

function Loaded({ modelId, onClose, onCreated }: CreateKeyDialogProps) {
  const { viewer, portal } = usePageQuery<CreateKeyDialogQuery>(
    graphql`
      query CreateKeyDialogQuery {
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
        portal {
          llmBaseUrl
        }
      }
    `,
    {},
  );
  // The model that the reader came from stands first, where its choice can be seen.
  const models = viewer.modelSubscriptions.edges
    .map(({ node }) => node.model)
    .toSorted((a, b) => Number(b.id === modelId) - Number(a.id === modelId));
  const [values, setValues] = useState<KeyFormValues>(() =>
    emptyKeyForm(models.length === 1 ? [models[0]!.id] : models.filter(({ id }) => id === modelId).map(({ id }) => id)),
  );
  const [errors, setErrors] = useState<KeyFormErrors>({});
  const [lost, setLost] = useState<{ id: string }>();
  const clientMutationId = useRequestId();
  const { run, isRunning, error, refuse, clearError } = useAction<CreateKeyDialogMutation>(graphql`
    mutation CreateKeyDialogMutation($input: CreateApiKeyInput!, $connections: [ID!]!) {
      createApiKey(input: $input) {
        __typename
        ... on CreateApiKeySuccess {
          apiKey @prependNode(connections: $connections, edgeTypeName: "ApiKeyEdge") {
            id
            name
            models {
              id
              name
              mode
            }
            ...KeyRow_key
          }
          secret
        }
        ... on AlreadyDone {
          lost: apiKey {
            id
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
    let secret = "";
    run({
      variables: { input: { ...keyFormInput(values, now), clientMutationId }, connections: [keysConnection()] },
      updater: (store, data) => {
        const result = data?.createApiKey;
        if (result?.__typename !== "CreateApiKeySuccess") return;
        secret = result.secret!;
        // Taken out before Relay publishes the answer, so the secret never stands in the store.
        store.getRootField("createApiKey")?.setValue(null, "secret");
      },
      onCompleted: ({ createApiKey: result }) => {
        if (result.__typename === "CreateApiKeySuccess") {
          const { id, name, models: keyModels } = result.apiKey!;
          onCreated({ id, name, models: keyModels, secret, baseUrl: portal.llmBaseUrl });
        } else if (result.__typename === "AlreadyDone") setLost(result.lost);
        else if (result.__typename === "NotSubscribed") setErrors({ modelIds: result.message });
        else if (result.__typename === "InvalidInput") setErrors({ [result.field!.split(".").at(-1)!]: result.message! });
        else refuse(result);
      },
    });
  };

  if (models.length === 0) {
    return (
      <ModalBody>
        <EmptyState titleText="Subscribe to a model first" headingLevel="h2" icon={CatalogIcon}>
          <EmptyStateBody>A key calls the models you subscribed to, and you have none yet.</EmptyStateBody>
          <ButtonLink to="/models">Find a model</ButtonLink>
        </EmptyState>
      </ModalBody>
    );
  }
  return (
    <>
      <ModalBody tabIndex={0} aria-label="The new key">
        <KeyForm id={FORM} models={models} values={values} errors={errors} onChange={setValues} onSubmit={submit} />
        {lost ? (
          <LostSecret>
            <Link to={keyPath(lost.id)}>Open the key</Link> and rotate it for a new secret, or revoke it.
          </LostSecret>
        ) : null}
        <ActionError error={error} title="No key was created" />
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={FORM} isLoading={isRunning} isDisabled={isRunning || lost !== undefined}>
          Create key
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </>
  );
}

/** The unfiltered list behind the dialog; a filtered one asks again when it is shown. */
function keysConnection(): string {
  const viewer = `${ROOT_ID}:viewer`;
  return ConnectionHandler.getConnectionID(viewer, "KeysPage_apiKeys", { status: undefined });
}
