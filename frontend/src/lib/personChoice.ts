import type { Role, UserOrder } from "../pages/people/__generated__/PeoplePageQuery.graphql";
import { roleLabel } from "./labels";
import { oneOf } from "./oneOf";

/** Which people a list shows, and in which order; all of it stands in its address. */
export interface PersonChoice {
  search: string;
  roles: readonly string[];
  access: keyof typeof ACCESSES;
  order: keyof typeof PERSON_ORDERS;
}

export const ROLES = ["USER", "AUDITOR", "ADMIN"].map((value) => ({ value, label: roleLabel(value) }));

export const ACCESSES = { "": "Disabled or not", active: "Not disabled", disabled: "Disabled" };

export const PERSON_ORDERS: Record<Exclude<UserOrder, "%future added value">, string> = {
  USERNAME: "Username",
  NEWEST: "Newest first",
  LAST_SIGNED_IN: "Last signed in first",
};

/** What the address says; what does not exist is left out. */
export function parsePersonChoice(params: URLSearchParams): PersonChoice {
  return {
    search: params.get("q") ?? "",
    roles: params.getAll("role").filter((role) => ROLES.some(({ value }) => value === role)),
    access: oneOf(ACCESSES, params.get("access"), ""),
    order: oneOf(PERSON_ORDERS, params.get("order"), "USERNAME"),
  };
}

export const isFiltered = ({ search, roles, access }: PersonChoice) => search.trim() !== "" || roles.length > 0 || access !== "";

/** The variables of the query; what is at its default is left out. */
export function personVariables({ search, roles, access, order }: PersonChoice) {
  return {
    search: search.trim() || undefined,
    role: roles.length ? (roles as Role[]) : undefined,
    disabled: access === "" ? undefined : access === "disabled",
    orderBy: order === "USERNAME" ? undefined : (order as UserOrder),
  };
}

/** What the address says when nobody is left out. */
export const EVERYBODY = { q: null, role: [], access: null };
