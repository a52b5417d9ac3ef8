import { Checkbox, FormGroup, TextInput } from "@patternfly/react-core";
import { useEffect, useRef, useState } from "react";
import { graphql } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { ExpiryField } from "../../components/ExpiryField";
import { HelpButton } from "../../components/HelpButton";
import { FieldHelp } from "../../components/NumberField";
import {
  checkTokenForm,
  scopesFor,
  TOKEN_EXPIRIES,
  type TokenFormErrors,
  tokenFormInput,
  type TokenFormValues,
} from "../../lib/tokenForm";
import { useAction } from "../../relay/useAction";
import type { CreateTokenDialogMutation } from "./__generated__/CreateTokenDialogMutation.graphql";

/** A token as it was just made, with the secret that nobody can show again. */
export interface NewToken {
  name: string;
  secret: string;
}

interface CreateTokenDialogProps {
  role: string;
  /** The list that it comes into. */
  connection: string;
  onClose: () => void;
  onCreated: (token: NewToken) => void;
}

/** Makes an access token: what it is called, what it may do, and when it ends. */
export function CreateTokenDialog({ role, connection, onClose, onCreated }: CreateTokenDialogProps) {
  const [values, setValues] = useState<TokenFormValues>({ name: "", scopes: ["READ"], expiry: "90", expiryDate: "" });
  const [errors, setErrors] = useState<TokenFormErrors>({});
  const set = (changes: Partial<TokenFormValues>) => setValues({ ...values, ...changes });
  const name = useRef<HTMLInputElement>(null);
  useEffect(() => name.current?.focus(), []);
  const { run, isRunning, error, refuse, clearError } = useAction<CreateTokenDialogMutation>(graphql`
    mutation CreateTokenDialogMutation($input: CreateAccessTokenInput!, $connections: [ID!]!) {
      createAccessToken(input: $input) {
        __typename
        ... on CreateAccessTokenSuccess {
          accessToken @prependNode(connections: $connections, edgeTypeName: "AccessTokenEdge") {
            id
            name
            ...TokenTable_tokens
          }
          secret
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
    const wrong = checkTokenForm(values, now);
    setErrors(wrong);
    clearError();
    if (Object.keys(wrong).length > 0) return;
    let secret = "";
    run({
      variables: { input: tokenFormInput(values, now), connections: [connection] },
      updater: (store, data) => {
        const result = data?.createAccessToken;
        if (result?.__typename !== "CreateAccessTokenSuccess") return;
        secret = result.secret!;
        // Taken out before Relay publishes the answer, so the secret never stands in the store.
        store.getRootField("createAccessToken")?.setValue(null, "secret");
      },
      onCompleted: ({ createAccessToken: result }) => {
        const field = result.field?.split(".").at(-1) ?? "";
        if (result.accessToken) onCreated({ name: result.accessToken.name, secret });
        else if (["name", "scopes", "expiresAt"].includes(field)) setErrors({ [field]: result.message });
        else refuse(result);
      },
    });
  };

  return (
    <ActionDialog
      title="Create an access token"
      size="medium"
      form="The new token"
      failure="No token was created"
      error={error}
      verb="Create token"
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <FormGroup label="Name" isRequired fieldId="token-name">
        <TextInput
          id="token-name"
          ref={name}
          isRequired
          autoComplete="off"
          maxLength={200}
          value={values.name}
          validated={errors.name ? "error" : "default"}
          aria-invalid={errors.name !== undefined}
          aria-describedby="token-name-help"
          onChange={(_, value) => set({ name: value })}
        />
        <FieldHelp id="token-name-help" error={errors.name} help="Which program is it for? For example “nightly report”." />
      </FormGroup>
      <FormGroup role="group" label="What it may do" labelHelp={<HelpButton about="scopes" />} isRequired fieldId="token-scopes" isStack>
        {scopesFor(role).map(({ scope, label, description }) => (
          <Checkbox
            key={scope}
            id={`token-${scope}`}
            label={label}
            description={description}
            isChecked={values.scopes.includes(scope)}
            onChange={(_, checked) =>
              set({ scopes: checked ? [...values.scopes, scope] : values.scopes.filter((each) => each !== scope) })
            }
          />
        ))}
        <FieldHelp id="token-scopes-help" error={errors.scopes} help="Choose only what the program needs." />
      </FormGroup>
      <ExpiryField
        id="token-expiry"
        options={TOKEN_EXPIRIES}
        values={values}
        error={errors.expiresAt}
        help="A year at most. The token stops working earlier if your account is disabled."
        onChange={set}
      />
    </ActionDialog>
  );
}
