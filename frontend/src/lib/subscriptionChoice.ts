import type { SubscriptionOrder, SubscriptionStatus } from "../pages/subscriptions/__generated__/SubscriptionsPageQuery.graphql";
import { oneOf } from "./oneOf";

/** Which subscriptions a list shows, and in which order; all of it stands in its address. */
export interface SubscriptionChoice {
  status: readonly string[];
  search: string;
  order: keyof typeof SUBSCRIPTION_ORDERS;
}

/** In the order in which a filter offers them. */
export const SUBSCRIPTION_STATUSES = ["PENDING", "ACTIVE", "DENIED", "SUSPENDED", "EXPIRED", "CANCELLED"];

export const SUBSCRIPTION_ORDERS: Record<Exclude<SubscriptionOrder, "%future added value">, string> = {
  NEWEST: "Newest first",
  OLDEST: "Oldest first",
  LONGEST_WAITING: "Longest waiting first",
  EXPIRES_SOONEST: "Ending soonest first",
  MODEL: "Model",
};

/** What the address says; what does not exist is left out. */
export function parseSubscriptionChoice(params: URLSearchParams): SubscriptionChoice {
  return {
    status: params.getAll("status").filter((value) => SUBSCRIPTION_STATUSES.includes(value)),
    search: params.get("q") ?? "",
    order: oneOf(SUBSCRIPTION_ORDERS, params.get("order"), "NEWEST"),
  };
}

export const isFiltered = ({ status, search }: SubscriptionChoice) => status.length > 0 || search.trim() !== "";

/** The variables of the query; what is at its default is left out. */
export function subscriptionVariables({ status, search, order }: SubscriptionChoice) {
  return {
    status: status.length ? (status as SubscriptionStatus[]) : undefined,
    search: search.trim() || undefined,
    orderBy: order === "NEWEST" ? undefined : (order as SubscriptionOrder),
  };
}

/** What the address says when nothing is left out of the list. */
export const ALL_SUBSCRIPTIONS = { status: [], q: null };
