import {
  Alert,
  Button,
  Content,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Skeleton,
  TextInput,
} from "@patternfly/react-core";
import { useState } from "react";
import { graphql } from "react-relay";

import { ActionError } from "../../components/ActionError";
import type { Reader } from "../../lib/reader";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { KeyTable } from "../keys/KeyTable";
import { useFindLeak } from "./useFindLeak";
import type { FindLeakDialogQuery } from "./__generated__/FindLeakDialogQuery.graphql";

const FORM = "find-leak-form";

/** Finds the key of a secret that somebody came across; what was typed is gone as soon as it is sent. */
export function FindLeakDialog({ reader, onClose }: { reader: Reader | null | undefined; onClose: () => void }) {
  const [secret, setSecret] = useState("");
  const { find, isRunning, found, error } = useFindLeak();
  return (
    <Modal isOpen variant="large" onClose={onClose} aria-labelledby="find-leak-title">
      <ModalHeader title="Whose secret is this?" labelId="find-leak-title" />
      <ModalBody tabIndex={0} aria-label="A secret that was found">
        <Content component="p">
          Paste a secret that was found somewhere. It is hashed and compared, and neither stored nor logged.
        </Content>
        <Form
          id={FORM}
          autoComplete="off"
          onSubmit={(event) => {
            event.preventDefault();
            if (secret.trim()) find(secret.trim());
            setSecret("");
          }}
        >
          <FormGroup label="Secret" isRequired fieldId="find-leak-secret">
            <TextInput
              id="find-leak-secret"
              type="password"
              // No password manager is to keep it.
              autoComplete="new-password"
              spellCheck={false}
              value={secret}
              onChange={(_, value) => setSecret(value)}
            />
          </FormGroup>
        </Form>
        <div role="status">
          {found === null ? (
            <Alert isInline variant="info" component="h2" title="None of our keys has or had this secret">
              Check that all of it was pasted. It may also be a key that LiteLLM knows and LiteMaaS does not.
            </Alert>
          ) : null}
          {found ? (
            <QueryBoundary skeleton={<Skeleton height="6rem" screenreaderText="Loading the key" />}>
              <FoundKey id={found.id} reader={reader} />
            </QueryBoundary>
          ) : null}
        </div>
        <ActionError error={error} title="Not looked up" />
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={FORM} isLoading={isRunning} isDisabled={isRunning || !secret.trim()}>
          Look it up
        </Button>
        <Button variant="link" onClick={onClose}>
          Close
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function FoundKey({ id, reader }: { id: string; reader: Reader | null | undefined }) {
  const { node } = usePageQuery<FindLeakDialogQuery>(
    graphql`
      query FindLeakDialogQuery($id: ID!) {
        node(id: $id) {
          ... on ApiKey @alias(as: "key") {
            id
            name
            user {
              displayName
            }
            ...KeyRow_key
          }
        }
      }
    `,
    { id },
  );
  const key = node?.key;
  if (!key) return null;
  return (
    <>
      <Alert
        isInline
        variant="warning"
        component="h2"
        title={`It is the key “${key.name}” of ${key.user?.displayName ?? "somebody"}`}
      >
        Its actions are at the end of the row: block it, or say that it leaked, which ends the secret at once.
      </Alert>
      <KeyTable name="The key of this secret" keys={[key]} reader={reader} hasOwner />
    </>
  );
}
