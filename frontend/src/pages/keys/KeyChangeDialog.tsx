import { Content } from "@patternfly/react-core";
import { graphql } from "react-relay";
import type { GraphQLTaggedNode, MutationParameters } from "relay-runtime";

import { ActionDialog } from "../../components/ActionDialog";
import { useAction } from "../../relay/useAction";
import type { KeyChange } from "./keyActions";

interface Look {
  mutation: GraphQLTaggedNode;
  title: (name: string) => string;
  text: string;
  verb: string;
  isDanger: boolean;
}

const CHANGES: Record<KeyChange, Look> = {
  block: {
    mutation: graphql`
      mutation KeyChangeDialogBlockMutation($input: BlockApiKeyInput!) {
        change: blockApiKey(input: $input) {
          __typename
          ... on BlockApiKeySuccess {
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
    `,
    title: (name) => `Block “${name}”?`,
    text: "Programs that use it are refused within seconds, until you unblock it. Nothing is lost.",
    verb: "Block",
    isDanger: true,
  },
  unblock: {
    mutation: graphql`
      mutation KeyChangeDialogUnblockMutation($input: UnblockApiKeyInput!) {
        change: unblockApiKey(input: $input) {
          __typename
          ... on UnblockApiKeySuccess {
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
    `,
    title: (name) => `Unblock “${name}”?`,
    text: "Programs that use it can call its models again within seconds.",
    verb: "Unblock",
    isDanger: false,
  },
  finish: {
    mutation: graphql`
      mutation KeyChangeDialogFinishMutation($input: FinishApiKeyRotationInput!) {
        change: finishApiKeyRotation(input: $input) {
          __typename
          ... on FinishApiKeyRotationSuccess {
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
    `,
    title: (name) => `Finish the rotation of “${name}”?`,
    text: "The old secret stops working now. Programs that still use it are refused; this can’t be undone.",
    verb: "End the old secret",
    isDanger: true,
  },
  undo: {
    mutation: graphql`
      mutation KeyChangeDialogUndoMutation($input: UndoApiKeyRotationInput!) {
        change: undoApiKeyRotation(input: $input) {
          __typename
          ... on UndoApiKeyRotationSuccess {
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
    `,
    title: (name) => `Undo the rotation of “${name}”?`,
    text: "The new secret stops working now, and the old one goes on as before. Programs that use the new one already are refused.",
    verb: "End the new secret",
    isDanger: true,
  },
  repair: {
    mutation: graphql`
      mutation KeyChangeDialogRepairMutation($input: RepairApiKeyInput!) {
        change: repairApiKey(input: $input) {
          __typename
          ... on RepairApiKeySuccess {
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
    `,
    title: (name) => `Repair “${name}” in LiteLLM?`,
    text: "LiteLLM is told again what stands here, and what was changed there is undone within seconds.",
    verb: "Repair",
    isDanger: false,
  },
  adopt: {
    mutation: graphql`
      mutation KeyChangeDialogAdoptMutation($input: AdoptApiKeyInput!) {
        change: adoptApiKey(input: $input) {
          __typename
          ... on AdoptApiKeySuccess {
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
    `,
    title: (name) => `Adopt “${name}” as it is in LiteLLM?`,
    text: "What was changed there stands here from now on, except models without a subscription. A key that was deleted there is revoked.",
    verb: "Adopt",
    isDanger: true,
  },
};

/** The changes have one shape: a key's id goes in, and the key or an error comes out. */
interface ChangeMutation extends MutationParameters {
  variables: { input: { apiKeyId: string } };
  response: { change: { __typename: string; apiKey?: unknown; message?: string } };
}

interface KeyChangeDialogProps {
  change: KeyChange;
  apiKey: { id: string; name: string };
  onClose: () => void;
}

/** Says what a change of a key does, and does it. */
export function KeyChangeDialog({ change, apiKey: { id, name }, onClose }: KeyChangeDialogProps) {
  const { mutation, title, text, verb, isDanger } = CHANGES[change];
  const { run, isRunning, error, refuse } = useAction<ChangeMutation>(mutation);
  const submit = () => {
    run({
      variables: { input: { apiKeyId: id } },
      onCompleted: ({ change: result }) => {
        if (result.apiKey) onClose();
        else refuse(result);
      },
    });
  };
  return (
    <ActionDialog
      title={title(name)}
      isDanger={isDanger}
      failure="Nothing was changed"
      error={error}
      verb={verb}
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <Content component="p">{text}</Content>
    </ActionDialog>
  );
}
