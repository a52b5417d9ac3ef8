import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { LimitFields } from "../../components/LimitFields";
import { WordsField } from "../../components/WordsField";
import { checkLimits, type LimitErrors, limitInput, limitValues } from "../../lib/limits";
import { useAction } from "../../relay/useAction";
import type { QuotaChangeDialog_subscription$key } from "./__generated__/QuotaChangeDialog_subscription.graphql";
import type { QuotaChangeDialogMutation } from "./__generated__/QuotaChangeDialogMutation.graphql";

interface QuotaChangeDialogProps {
  subscription: QuotaChangeDialog_subscription$key;
  onClose: () => void;
}

/** Asks an administrator for other limits. */
export function QuotaChangeDialog({ subscription: ref, onClose }: QuotaChangeDialogProps) {
  const subscription = useFragment(
    graphql`
      fragment QuotaChangeDialog_subscription on ModelSubscription {
        id
        maxBudget
        maxRequests
        maxTokens
        budgetDuration
        rpmLimit
        tpmLimit
        model {
          name
        }
      }
    `,
    ref,
  );
  const [values, setValues] = useState(() => limitValues(subscription));
  const [justification, setJustification] = useState("");
  const [errors, setErrors] = useState<LimitErrors & { justification?: string }>({});
  const { run, isRunning, error, refuse, clearError } = useAction<QuotaChangeDialogMutation>(graphql`
    mutation QuotaChangeDialogMutation($input: RequestQuotaChangeInput!) {
      requestQuotaChange(input: $input) {
        __typename
        ... on RequestQuotaChangeSuccess {
          quotaChange {
            subscription {
              ...SubscriptionPage_subscription
            }
          }
        }
        ... on InvalidTransition {
          message
        }
        ... on InvalidInput {
          message
          field
        }
      }
    }
  `);
  const submit = () => {
    clearError();
    const wrong: typeof errors = checkLimits(values);
    if (!justification.trim()) wrong.justification = "Say what they are needed for.";
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) return;
    run({
      variables: {
        input: { subscriptionId: subscription.id, justification: justification.trim(), ...limitInput(values) },
      },
      onCompleted: ({ requestQuotaChange: result }) => {
        if (result.__typename === "RequestQuotaChangeSuccess") onClose();
        else if (result.__typename === "InvalidInput") {
          const field = result.field.split(".").at(-1)!;
          if (field in values || field === "justification") setErrors({ [field]: result.message });
          else refuse(result);
        } else refuse(result);
      },
    });
  };
  return (
    <ActionDialog
      title={`Other limits for ${subscription.model.name}`}
      description="An administrator decides. Until then the present limits stay."
      size="medium"
      form="The limits asked for"
      failure="Nothing was asked for"
      error={error}
      verb="Ask for them"
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <LimitFields values={values} errors={errors} onChange={setValues} />
      <WordsField
        label="What do you need them for?"
        error={errors.justification}
        isRequired
        value={justification}
        onChange={setJustification}
      />
    </ActionDialog>
  );
}
