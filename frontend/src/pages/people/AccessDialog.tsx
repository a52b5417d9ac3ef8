import { Content } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { WordsField } from "../../components/WordsField";
import type { Refused } from "../../relay/refusal";
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
  const { isRunning, error, refuse } = action === "disable" ? disabling : enabling;
  const finish = (result: Refused & { readonly user?: unknown }) => (result.user ? onClose() : refuse(result));
  const submit = () => {
    const variables = { input: { userId: user.id, reason: reason.trim() || null } };
    if (action === "disable") disabling.run({ variables, onCompleted: ({ disableUser }) => finish(disableUser) });
    else enabling.run({ variables, onCompleted: ({ enableUser }) => finish(enableUser) });
  };
  return (
    <ActionDialog
      title={title(user.displayName)}
      isDanger={action === "disable"}
      form="What it does"
      failure="Nothing was changed"
      error={error}
      verb={verb}
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <Content component="p">{text}</Content>
      <WordsField
        label="Reason (optional)"
        help="It stands in the record."
        isRequired={false}
        hasFocus
        value={reason}
        onChange={setReason}
      />
    </ActionDialog>
  );
}
