import { Content, Skeleton } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import type { GraphQLTaggedNode, MutationParameters } from "relay-runtime";

import { ActionDialog } from "../../components/ActionDialog";
import { LastDayField } from "../../components/LastDayField";
import { LimitFields } from "../../components/LimitFields";
import { ReasonField } from "../../components/ReasonField";
import { checkLimits, lastDayInput, type LimitErrors, limitInput, limitValues } from "../../lib/limits";
import { localDay } from "../../lib/time";
import { useAction } from "../../relay/useAction";
import { QueryBoundary } from "../../shell/QueryBoundary";
import { AffectedKeys } from "./AffectedKeys";
import type { AdminAction } from "./subscriptionActions";
import type { AdminDialog_subscription$key } from "./__generated__/AdminDialog_subscription.graphql";

interface Look {
  mutation: GraphQLTaggedNode;
  title: (what: string) => string;
  text: string;
  verb: string;
  isDanger: boolean;
}

const ACTIONS: Record<AdminAction, Look> = {
  suspend: {
    mutation: graphql`
      mutation AdminDialogSuspendMutation($input: SuspendModelSubscriptionInput!) {
        change: suspendModelSubscription(input: $input) {
          __typename
          ... on SuspendModelSubscriptionSuccess {
            subscription {
              ...SubscriptionRow_subscription
              ...SubscriptionPage_subscription
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
    `,
    title: (what) => `Suspend ${what}?`,
    text: "The model leaves the owner’s keys within seconds, until you let the subscription go on.",
    verb: "Suspend",
    isDanger: true,
  },
  resume: {
    mutation: graphql`
      mutation AdminDialogResumeMutation($input: ResumeModelSubscriptionInput!) {
        change: resumeModelSubscription(input: $input) {
          __typename
          ... on ResumeModelSubscriptionSuccess {
            subscription {
              ...SubscriptionRow_subscription
              ...SubscriptionPage_subscription
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
    `,
    title: (what) => `Resume ${what}?`,
    text: "The model comes back into the owner’s keys within seconds.",
    verb: "Resume",
    isDanger: false,
  },
  change: {
    mutation: graphql`
      mutation AdminDialogChangeMutation($input: UpdateModelSubscriptionInput!) {
        change: updateModelSubscription(input: $input) {
          __typename
          ... on UpdateModelSubscriptionSuccess {
            subscription {
              ...SubscriptionRow_subscription
              ...SubscriptionPage_subscription
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
    `,
    title: (what) => `Change the limits of ${what}`,
    text: "They hold from now on; what was used in the present window counts.",
    verb: "Save",
    isDanger: false,
  },
};

/** The changes have one shape: a subscription's id, words and perhaps limits go in, it or an error comes out. */
interface ChangeMutation extends MutationParameters {
  variables: { input: { subscriptionId: string; reason: string | null } };
  response: { change: { __typename: string; subscription?: unknown; message?: string; field?: string } };
}

interface AdminDialogProps {
  action: AdminAction;
  subscription: AdminDialog_subscription$key;
  onClose: () => void;
}

/** What an admin does with somebody's subscription, with what it means and the reason for it. */
export function AdminDialog({ action, subscription: ref, onClose }: AdminDialogProps) {
  const subscription = useFragment(
    graphql`
      fragment AdminDialog_subscription on ModelSubscription {
        id
        maxBudget
        maxRequests
        maxTokens
        budgetDuration
        rpmLimit
        tpmLimit
        expiresAt
        model {
          id
          name
        }
        user {
          id
          username
          displayName
        }
      }
    `,
    ref,
  );
  const { id, model, user, expiresAt } = subscription;
  const { mutation, title, text, verb, isDanger } = ACTIONS[action];
  const firstDay = expiresAt ? localDay(expiresAt) : "";
  const [values, setValues] = useState(() => limitValues(subscription));
  const [day, setDay] = useState(firstDay);
  const [errors, setErrors] = useState<LimitErrors>({});
  const [reason, setReason] = useState("");
  const [isTried, setTried] = useState(false);
  const { run, isRunning, error, refuse, clearError } = useAction<ChangeMutation>(mutation);
  const needsReason = action === "suspend";
  const isMissing = needsReason && isTried && !reason.trim();

  const submit = () => {
    setTried(true);
    clearError();
    const wrong = action === "change" ? checkLimits(values) : {};
    setErrors(wrong);
    if (Object.keys(wrong).length > 0 || (needsReason && !reason.trim())) return;
    const limits = action === "change" ? { ...limitInput(values), ...lastDayInput(day, firstDay) } : {};
    run({
      variables: { input: { subscriptionId: id, reason: reason.trim() || null, ...limits } },
      onCompleted: ({ change: result }) => {
        const field = result.field?.split(".").at(-1) ?? "";
        if (result.subscription) onClose();
        else if (field in values) setErrors({ [field]: result.message });
        else refuse(result);
      },
    });
  };
  return (
    <ActionDialog
      title={title(`${model.name} for ${user?.displayName ?? "somebody"}`)}
      size={action === "change" ? "medium" : "small"}
      isDanger={isDanger}
      form="What it does"
      failure="Nothing was changed"
      error={error}
      verb={verb}
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <div>
        <Content component="p">{text}</Content>
        {action === "suspend" && user ? (
          <QueryBoundary skeleton={<Skeleton screenreaderText="Looking for keys that call this model" />}>
            <AffectedKeys model={model} owner={user} />
          </QueryBoundary>
        ) : null}
      </div>
      {action === "change" ? (
        <>
          <LimitFields values={values} errors={errors} onChange={setValues} />
          <LastDayField value={day} onChange={setDay} />
        </>
      ) : null}
      <ReasonField
        value={reason}
        onChange={setReason}
        isRequired={needsReason}
        isMissing={isMissing}
        hasFocus={action !== "change"}
      />
    </ActionDialog>
  );
}
