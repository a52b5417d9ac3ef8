import { ActionGroup, Alert, Button, Card, CardBody, CardTitle, Content, Form, Grid, GridItem } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { NumberField } from "../../components/NumberField";
import { WindowSelect } from "../../components/WindowSelect";
import { amountError, amountInput, onlyErrors, plainAmount, wholeError, wholeInput } from "../../lib/limits";
import { CURRENCY } from "../../lib/money";
import { useAction } from "../../relay/useAction";
import type { KeyRules_policy$key } from "./__generated__/KeyRules_policy.graphql";
import type { KeyRulesMutation } from "./__generated__/KeyRulesMutation.graphql";

const WHOLE = {
  rpmLimit: { label: "Requests a minute", about: "rates", help: "" },
  tpmLimit: { label: "Tokens a minute", about: "rates", help: "" },
  maxParallelRequests: { label: "Requests at the same time", about: "parallel", help: "" },
  maxLifeDays: { label: "Longest life, in days", help: "From the making of a key to its end." },
  defaultLifeDays: { label: "Usual life, in days", help: "What a key gets when nobody says anything." },
  maxKeys: { label: "Keys of one person", help: "Without those that are over." },
} as const;

type WholeField = keyof typeof WHOLE;
type Values = Record<WholeField | "maxBudget" | "budgetDuration", string>;
const WHOLE_FIELDS = Object.keys(WHOLE) as WholeField[];

interface KeyRulesProps {
  policy: KeyRules_policy$key;
  canChange: boolean;
}

/** What keys may have at most, and how long they live. */
export function KeyRules({ policy: ref, canChange }: KeyRulesProps) {
  const policy = useFragment(
    graphql`
      fragment KeyRules_policy on KeyPolicy {
        maxBudget
        budgetDuration
        rpmLimit
        tpmLimit
        maxParallelRequests
        maxLifeDays
        defaultLifeDays
        maxKeys
      }
    `,
    ref,
  );
  const [values, setValues] = useState<Values>(
    () =>
      ({
        ...Object.fromEntries(WHOLE_FIELDS.map((field) => [field, policy[field] == null ? "" : String(policy[field])])),
        maxBudget: plainAmount(policy.maxBudget ?? ""),
        budgetDuration: policy.budgetDuration ?? "",
      }) as Values,
  );
  const [errors, setErrors] = useState<Partial<Values>>({});
  const [isSaved, setSaved] = useState(false);
  const { run, isRunning, error, refuse, clearError } = useAction<KeyRulesMutation>(graphql`
    mutation KeyRulesMutation($input: SetKeyPolicyInput!) {
      setKeyPolicy(input: $input) {
        __typename
        ... on SetKeyPolicySuccess {
          keyPolicy {
            ...KeyRules_policy
          }
        }
        ... on InvalidInput {
          message
          field
        }
      }
    }
  `);
  const change = (changes: Partial<Values>) => {
    setValues({ ...values, ...changes });
    setSaved(false);
  };
  const submit = () => {
    const wrong: Partial<Values> = onlyErrors({
      ...Object.fromEntries(WHOLE_FIELDS.map((field) => [field, wholeError(values[field])])),
      maxBudget: amountError(values.maxBudget),
      budgetDuration: values.maxBudget.trim() && !values.budgetDuration ? "A largest budget needs a window." : undefined,
    });
    setErrors(wrong);
    clearError();
    setSaved(false);
    if (Object.keys(wrong).length > 0) return;
    const whole = Object.fromEntries(WHOLE_FIELDS.map((field) => [field, wholeInput(values[field])]));
    run({
      variables: {
        input: {
          ...whole,
          maxBudget: amountInput(values.maxBudget),
          budgetDuration: values.maxBudget.trim() ? values.budgetDuration : null,
        },
      },
      updater: (store, data) => {
        const set = store.getRootField("setKeyPolicy")?.getLinkedRecord("keyPolicy");
        if (data?.setKeyPolicy.__typename === "SetKeyPolicySuccess" && set) {
          store.getRoot().getLinkedRecord("viewer")?.getLinkedRecord("keyPolicy")?.copyFieldsFrom(set);
        }
      },
      onCompleted: ({ setKeyPolicy: result }) => {
        if (result.__typename === "SetKeyPolicySuccess") setSaved(true);
        else if (result.__typename === "InvalidInput") setErrors({ [result.field.split(".").at(-1)!]: result.message });
        else refuse(result);
      },
    });
  };
  return (
    <Card>
      <CardTitle component="h2">Keys</CardTitle>
      <CardBody>
        <Content component="p">
          The most that a key may have. A limit that its owner leaves out becomes the maximum. Keys that are there keep what
          they have until they are changed.
        </Content>
        <Form
          aria-label="Rules for keys"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Grid hasGutter>
            <GridItem sm={6} lg={3}>
              <NumberField
                label={`Largest budget, in ${CURRENCY}`}
                about="budget"
                isDecimal
                placeholder="No maximum"
                isReadOnly={!canChange}
                error={errors.maxBudget}
                value={values.maxBudget}
                onChange={(maxBudget) => change({ maxBudget })}
              />
            </GridItem>
            <GridItem sm={6} lg={3}>
              <WindowSelect
                label="Budgets start again"
                value={values.budgetDuration}
                error={errors.budgetDuration}
                isDisabled={!canChange || !values.maxBudget.trim()}
                onChange={(budgetDuration) => change({ budgetDuration })}
              />
            </GridItem>
            {WHOLE_FIELDS.map((field) => (
              <GridItem key={field} sm={6} lg={3}>
                <NumberField
                  {...WHOLE[field]}
                  placeholder={field === "defaultLifeDays" ? "For ever" : "No maximum"}
                  isReadOnly={!canChange}
                  error={errors[field]}
                  value={values[field]}
                  onChange={(value) => change({ [field]: value })}
                />
              </GridItem>
            ))}
          </Grid>
          {canChange ? (
            <div>
              <ActionError error={error} title="Nothing was changed" />
              <div role="status">
                {isSaved ? (
                  <Alert isInline variant="success" component="h3" title="Saved: it holds for every key from now on" />
                ) : null}
              </div>
              <ActionGroup>
                <Button type="submit" isLoading={isRunning} isDisabled={isRunning}>
                  Save
                </Button>
              </ActionGroup>
            </div>
          ) : null}
        </Form>
      </CardBody>
    </Card>
  );
}
