import { DAY, iso, nodeId, type Row } from "./base";
import { ALICE } from "./people";
import { totals } from "./totals";

export function aModel(number: number, changes: Row = {}): Row {
  return {
    __typename: "Model",
    id: nodeId("Model", number),
    name: `model-${number}`,
    provider: "openai",
    mode: "CHAT",
    description: "A general model for everyday questions.",
    contextWindow: 131072,
    maxOutputTokens: 16384,
    inputCostPerMillion: "0.15",
    outputCostPerMillion: "0.6",
    capabilities: ["FUNCTION_CALLING", "STREAMING"],
    access: "OPEN",
    lifecycle: "AVAILABLE",
    mySubscription: null,
    successor: null,
    subscriptionPolicy: aPolicy(),
    ...changes,
  };
}

/** What subscriptions get by default: nothing is limited. */
export function aPolicy(changes: Row = {}): Row {
  return {
    maxBudget: null,
    maxRequests: null,
    maxTokens: null,
    budgetDuration: null,
    rpmLimit: null,
    tpmLimit: null,
    lifeDays: null,
    model: null,
    ...changes,
  };
}

/** A subscription to a model, which then knows of it. */
export function aSubscription(number: number, model: Row, changes: Row = {}): Row {
  const subscription = {
    __typename: "ModelSubscription",
    id: nodeId("ModelSubscription", number),
    model,
    status: "ACTIVE",
    justification: null,
    reason: null,
    maxBudget: null,
    budgetDuration: null,
    maxRequests: null,
    maxTokens: null,
    rpmLimit: null,
    tpmLimit: null,
    spend: "0.0421",
    createdAt: iso(3 * DAY),
    expiresAt: null,
    awaitingSince: null,
    user: ALICE,
    quota: null,
    quotaChange: null,
    highestMonthlyCost: null,
    ownersUsage: totals(12, "0.34"),
    history: [],
    ...changes,
  };
  model.mySubscription = subscription;
  return subscription;
}
