import { ActionGroup, Alert, Button, Form, GridItem } from "@patternfly/react-core";
import { type ReactNode, useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { LimitFields } from "../../components/LimitFields";
import { NumberField } from "../../components/NumberField";
import { checkLimits, type LimitErrors, limitInput, limitValues, wholeError, wholeInput } from "../../lib/limits";
import { useAction } from "../../relay/useAction";
import type { SubscriptionRulesForm_policy$key } from "./__generated__/SubscriptionRulesForm_policy.graphql";
import type { SubscriptionRulesFormMutation } from "./__generated__/SubscriptionRulesFormMutation.graphql";

interface SubscriptionRulesFormProps {
  name: string;
  policy: SubscriptionRulesForm_policy$key;
  /** The model that they are for; null: all that have none of their own. */
  modelId: string | null;
  canChange: boolean;
  onSaved: () => void;
  /** Further buttons. */
  children?: ReactNode;
}

/** What a subscription gets when nobody says anything. */
export function SubscriptionRulesForm({ name, policy: ref, modelId, canChange, onSaved, children }: SubscriptionRulesFormProps) {
  const policy = useFragment(
    graphql`
      fragment SubscriptionRulesForm_policy on SubscriptionPolicy {
        maxBudget
        maxRequests
        maxTokens
        budgetDuration
        rpmLimit
        tpmLimit
        lifeDays
      }
    `,
    ref,
  );
  const [values, setValues] = useState(() => limitValues(policy));
  const [lifeDays, setLifeDays] = useState(policy.lifeDays == null ? "" : String(policy.lifeDays));
  const [errors, setErrors] = useState<LimitErrors & { lifeDays?: string }>({});
  const [isSaved, setSaved] = useState(false);
  const { run, isRunning, error, refuse, clearError } = useAction<SubscriptionRulesFormMutation>(graphql`
    mutation SubscriptionRulesFormMutation($input: SetSubscriptionPolicyInput!) {
      setSubscriptionPolicy(input: $input) {
        __typename
        ... on SetSubscriptionPolicySuccess {
          subscriptionPolicy {
            model {
              id
              subscriptionPolicy {
                ...SubscriptionRulesForm_policy
                model {
                  id
                }
              }
            }
          }
        }
        ... on InvalidInput {
          message
          field
        }
      }
    }
  `);
  const submit = () => {
    const wrong: typeof errors = checkLimits(values);
    const days = wholeError(lifeDays);
    if (days) wrong.lifeDays = days;
    setErrors(wrong);
    clearError();
    setSaved(false);
    if (Object.keys(wrong).length > 0) return;
    run({
      variables: { input: { modelId, lifeDays: wholeInput(lifeDays), ...limitInput(values) } },
      onCompleted: ({ setSubscriptionPolicy: result }) => {
        if (result.__typename === "SetSubscriptionPolicySuccess") {
          setSaved(true);
          onSaved();
        } else if (result.__typename === "InvalidInput") {
          setErrors({ [result.field.split(".").at(-1)!]: result.message });
        } else refuse(result);
      },
    });
  };
  return (
    <Form
      aria-label={name}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <LimitFields
        values={values}
        errors={errors}
        isReadOnly={!canChange}
        onChange={(next) => {
          setValues(next);
          setSaved(false);
        }}
      >
        <GridItem sm={6} lg={3}>
          <NumberField
            label="Life, in days"
            placeholder="For ever"
            help="From its beginning to its end by itself."
            error={errors.lifeDays}
            isReadOnly={!canChange}
            value={lifeDays}
            onChange={(next) => {
              setLifeDays(next);
              setSaved(false);
            }}
          />
        </GridItem>
      </LimitFields>
      {canChange ? (
        <div>
          <ActionError error={error} title="Nothing was changed" />
          <div role="status">
            {isSaved ? (
              <Alert isInline variant="success" component="h3" title="Saved: it holds for every subscription from now on" />
            ) : null}
          </div>
          <ActionGroup>
            <Button type="submit" isLoading={isRunning} isDisabled={isRunning}>
              Save
            </Button>
            {children}
          </ActionGroup>
        </div>
      ) : null}
    </Form>
  );
}
