import type { ApiKeyOrder, ApiKeyStatus } from "../pages/keys/__generated__/KeysPageQuery.graphql";
import { oneOf } from "./oneOf";

/** Which keys a list shows, and in which order; all of it stands in its address. */
export interface KeyChoice {
  status: readonly string[];
  search: string;
  unused: keyof typeof UNUSED;
  drifted: boolean;
  order: keyof typeof KEY_ORDERS;
}

/** In the order in which a filter offers them. */
export const KEY_STATUSES = ["ACTIVE", "ROTATING", "PROVISIONING", "BLOCKED", "EXPIRED", "REVOKED", "FAILED"];

export const UNUSED = {
  "": "Used or not",
  "30": "Not used for 30 days",
  "60": "Not used for 60 days",
  "90": "Not used for 90 days",
};

export const KEY_ORDERS: Record<Exclude<ApiKeyOrder, "%future added value">, string> = {
  NEWEST: "Newest first",
  NAME: "Name",
  EXPIRES_SOONEST: "Ending soonest first",
  LAST_USED: "Last used first",
};

/** What the address says; what does not exist is left out. */
export function parseKeyChoice(params: URLSearchParams): KeyChoice {
  return {
    status: params.getAll("status").filter((value) => KEY_STATUSES.includes(value)),
    search: params.get("q") ?? "",
    unused: oneOf(UNUSED, params.get("unused"), ""),
    drifted: params.get("drifted") === "1",
    order: oneOf(KEY_ORDERS, params.get("order"), "NEWEST"),
  };
}

export const isFiltered = ({ status, search, unused, drifted }: KeyChoice) =>
  status.length > 0 || search.trim() !== "" || unused !== "" || drifted;

/** The variables of the query; what is at its default is left out. */
export function keyVariables({ status, search, unused, drifted, order }: KeyChoice) {
  return {
    status: status.length ? (status as ApiKeyStatus[]) : undefined,
    search: search.trim() || undefined,
    unusedDays: unused ? Number(unused) : undefined,
    drifted: drifted || undefined,
    orderBy: order === "NEWEST" ? undefined : (order as ApiKeyOrder),
  };
}

/** What the address says when nothing is left out of the list. */
export const ALL_KEYS = { status: [], q: null, unused: null, drifted: null };
