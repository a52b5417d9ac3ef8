import { graphql, readInlineData } from "react-relay";

import { exceedsLimits, type LimitFacts, limitInput, type LimitValues } from "../../lib/limits";
import type { modelChoice_model$data, modelChoice_model$key } from "./__generated__/modelChoice_model.graphql";

/** What the wizard knows of a model, also when a search no longer lists it. */
export type ModelChoice = modelChoice_model$data;

export const readChoice = (ref: modelChoice_model$key): ModelChoice =>
  readInlineData(
    graphql`
      fragment modelChoice_model on Model @inline {
        id
        name
        provider
        mode
        access
        lifecycle
        inputCostPerMillion
        outputCostPerMillion
        mySubscription {
          status
        }
        subscriptionPolicy {
          maxBudget
          maxRequests
          maxTokens
          budgetDuration
          rpmLimit
          tpmLimit
        }
      }
    `,
    ref,
  );

const OPEN = ["PENDING", "ACTIVE", "SUSPENDED"];

/** Whether the reader can ask for it: it is offered, and nothing of theirs is open. */
export const canAsk = ({ lifecycle, mySubscription }: ModelChoice) =>
  lifecycle !== "RETIRED" && !(mySubscription && OPEN.includes(mySubscription.status));

/** The limits that are asked for on this model: the usual ones where a field is empty. */
export function wantedLimits({ subscriptionPolicy }: ModelChoice, values: LimitValues): LimitFacts {
  return { ...subscriptionPolicy, ...typedLimits(values) };
}

/** The limits that were typed. */
export function typedLimits(values: LimitValues): LimitFacts {
  return Object.fromEntries(Object.entries(limitInput(values)).filter(([, limit]) => limit !== null));
}

/** Whether an admin decides: on restricted models, and on more than is usual. */
export const needsApproval = (model: ModelChoice, values: LimitValues) =>
  model.access !== "OPEN" || exceedsLimits(wantedLimits(model, values), model.subscriptionPolicy);
