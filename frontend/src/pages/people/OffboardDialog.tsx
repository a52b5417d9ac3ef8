import {
  Alert,
  Button,
  Content,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Radio,
  Skeleton,
} from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { ConfirmField } from "../../components/ConfirmField";
import { WordsField } from "../../components/WordsField";
import { useAction } from "../../relay/useAction";
import { QueryBoundary } from "../../shell/QueryBoundary";
import { OffboardingImpact } from "./OffboardingImpact";
import type { OffboardDialog_user$key } from "./__generated__/OffboardDialog_user.graphql";
import type {
  OffboardDialogMutation,
  OffboardedKeys,
  OffboardedSubscriptions,
} from "./__generated__/OffboardDialogMutation.graphql";

type Known<T> = Exclude<T, "%future added value">;

const KEYS: Record<Known<OffboardedKeys>, { label: string; description: string }> = {
  REVOKE: { label: "Revoke them", description: "They never work again." },
  BLOCK: { label: "Keep them on hold", description: "They work again if the person is enabled." },
};

const SUBSCRIPTIONS: Record<Known<OffboardedSubscriptions>, { label: string; description: string }> = {
  CANCEL: { label: "Give them up", description: "Requests that wait are withdrawn." },
  KEEP: { label: "Keep them", description: "They are there if the person is enabled." },
};

/** Somebody leaves: shows what that ends, lets choose about the rest, and asks for the username. */
export function OffboardDialog({ user: ref, onClose }: { user: OffboardDialog_user$key; onClose: () => void }) {
  const user = useFragment(
    graphql`
      fragment OffboardDialog_user on User {
        id
        username
        displayName
      }
    `,
    ref,
  );
  const [keys, setKeys] = useState<OffboardedKeys>("REVOKE");
  const [subscriptions, setSubscriptions] = useState<OffboardedSubscriptions>("CANCEL");
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [isTried, setTried] = useState(false);
  const [isDone, setDone] = useState(false);
  const { run, isRunning, error, refuse, clearError } = useAction<OffboardDialogMutation>(graphql`
    mutation OffboardDialogMutation($input: OffboardUserInput!) {
      offboardUser(input: $input) {
        __typename
        ... on OffboardUserSuccess {
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
  const isConfirmed = typed.trim() === user.username;
  const submit = () => {
    setTried(true);
    clearError();
    if (!isConfirmed) return;
    run({
      variables: { input: { userId: user.id, keys, subscriptions, reason: reason.trim() || null } },
      onCompleted: ({ offboardUser: result }) => (result.user ? setDone(true) : refuse(result)),
    });
  };
  if (isDone) return <Done name={user.displayName} keys={keys} onClose={onClose} />;
  return (
    <ActionDialog
      title={`${user.displayName} leaves`}
      size="medium"
      isDanger
      form="What it does"
      failure="Nothing was changed"
      error={error}
      verb="Offboard"
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <Content component="p">
        Nobody can sign in as {user.username} any more, and programs with an access token are refused. What was used and spent
        stays in the records.
      </Content>
      <FormGroup role="radiogroup" label="Keys" fieldId="offboard-keys" isStack>
        {(Object.keys(KEYS) as Known<OffboardedKeys>[]).map((value) => (
          <Radio
            key={value}
            id={`offboard-keys-${value}`}
            name="offboard-keys"
            {...KEYS[value]}
            isChecked={keys === value}
            onChange={() => setKeys(value)}
          />
        ))}
      </FormGroup>
      <FormGroup role="radiogroup" label="Subscriptions" fieldId="offboard-subscriptions" isStack>
        {(Object.keys(SUBSCRIPTIONS) as Known<OffboardedSubscriptions>[]).map((value) => (
          <Radio
            key={value}
            id={`offboard-subscriptions-${value}`}
            name="offboard-subscriptions"
            {...SUBSCRIPTIONS[value]}
            isChecked={subscriptions === value}
            onChange={() => setSubscriptions(value)}
          />
        ))}
      </FormGroup>
      <QueryBoundary skeleton={<Skeleton height="6rem" screenreaderText="Looking at what this ends" />}>
        <OffboardingImpact userId={user.id} keys={keys} subscriptions={subscriptions} />
      </QueryBoundary>
      <WordsField
        label="Reason (optional)"
        help="It stands in the record."
        isRequired={false}
        value={reason}
        onChange={setReason}
      />
      <ConfirmField word={user.username} isWrong={isTried && !isConfirmed} value={typed} onChange={setTyped} />
    </ActionDialog>
  );
}

function Done({ name, keys, onClose }: { name: string; keys: OffboardedKeys; onClose: () => void }) {
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="offboarded-title">
      <ModalHeader title={`${name} is offboarded`} labelId="offboarded-title" />
      <ModalBody>
        <div role="status">
          <Alert isInline variant="success" component="h2" title="All sessions and access tokens have ended">
            {keys === "REVOKE" ? "The keys are revoked" : "The keys are on hold"}; LiteLLM refuses them within seconds.
          </Alert>
        </div>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>Close</Button>
      </ModalFooter>
    </Modal>
  );
}
