import { Button, Content, Form, Modal, ModalBody, ModalFooter, ModalHeader, Stack, StackItem } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { WordsField } from "../../components/WordsField";
import type { RequestError } from "../../relay/errors";
import { refusalOf } from "../../relay/refusal";
import { useAction } from "../../relay/useAction";
import type { AccessDialog_user$key } from "./__generated__/AccessDialog_user.graphql";
import type { AccessDialogDisableMutation } from "./__generated__/AccessDialogDisableMutation.graphql";
import type { AccessDialogEnableMutation } from "./__generated__/AccessDialogEnableMutation.graphql";

const LOOKS = {
  disable: {
    title: (name: string) => `Disable ${name}?`,
    text: "All sessions end at once. Nobody can sign in as this person; access tokens are refused, and within seconds LiteLLM refuses the keys. Nothing is deleted, and it can be undone.",
    verb: "Disable",
  },
  enable: {
    title: (name: string) => `Enable ${name}?`,
    text: "The person may sign in again. Access tokens and keys work again, but for those that were revoked or blocked.",
    verb: "Enable",
  },
};

interface AccessDialogProps {
  user: AccessDialog_user$key;
  action: keyof typeof LOOKS;
  onClose: () => void;
}

/** Lets a person out, or in again. */
export function AccessDialog({ user: ref, action, onClose }: AccessDialogProps) {
  const user = useFragment(
    graphql`
      fragment AccessDialog_user on User {
        id
        displayName
      }
    `,
    ref,
  );
  const { title, text, verb } = LOOKS[action];
  const [reason, setReason] = useState("");
  const [refusal, setRefusal] = useState<RequestError | null>(null);
  const disabling = useAction<AccessDialogDisableMutation>(graphql`
    mutation AccessDialogDisableMutation($input: DisableUserInput!) {
      disableUser(input: $input) {
        __typename
        ... on DisableUserSuccess {
          user {
            ...PersonRow_user
          }
        }
        ... on Error {
          message
        }
      }
    }
  `);
  const enabling = useAction<AccessDialogEnableMutation>(graphql`
    mutation AccessDialogEnableMutation($input: EnableUserInput!) {
      enableUser(input: $input) {
        __typename
        ... on EnableUserSuccess {
          user {
            ...PersonRow_user
          }
        }
        ... on Error {
          message
        }
      }
    }
  `);
  const { isRunning, error } = action === "disable" ? disabling : enabling;
  const finish = (result: { readonly __typename: string; readonly user?: unknown; readonly message?: string }) =>
    result.user ? onClose() : setRefusal(refusalOf(result));
  const submit = () => {
    setRefusal(null);
    const variables = { input: { userId: user.id, reason: reason.trim() || null } };
    if (action === "disable") disabling.run({ variables, onCompleted: ({ disableUser }) => finish(disableUser) });
    else enabling.run({ variables, onCompleted: ({ enableUser }) => finish(enableUser) });
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="access-title">
      <ModalHeader
        title={title(user.displayName)}
        titleIconVariant={action === "disable" ? "warning" : undefined}
        labelId="access-title"
      />
      <ModalBody tabIndex={0} aria-label="What it does">
        <Stack hasGutter>
          <StackItem>
            <Content component="p">{text}</Content>
          </StackItem>
          <StackItem>
            <Form
              id="access-form"
              noValidate
              onSubmit={(event) => {
                event.preventDefault();
                submit();
              }}
            >
              <WordsField
                label="Reason (optional)"
                help="It stands in the record."
                isRequired={false}
                hasFocus
                value={reason}
                onChange={setReason}
              />
            </Form>
          </StackItem>
        </Stack>
        <ActionError error={error ?? refusal} title="Nothing was changed" />
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form="access-form"
          variant={action === "disable" ? "danger" : "primary"}
          isLoading={isRunning}
          isDisabled={isRunning}
        >
          {verb}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
