/** The form for a new access token: what is typed, what is wrong with it, and what is sent. */
import type { AccessTokenScope } from "../pages/profile/__generated__/CreateTokenDialogMutation.graphql";
import { expiresAt, NAME_LENGTH } from "./keyForm";

type Scope = Exclude<AccessTokenScope, "%future added value">;

export interface TokenFormValues {
  name: string;
  scopes: readonly Scope[];
  /** Days from now, or `date` for a chosen day. */
  expiry: string;
  /** `YYYY-MM-DD`, when `expiry` is `date`. */
  expiryDate: string;
}

/** Problems by field. The fields are those of the server's input, which answers with the same names. */
export type TokenFormErrors = Partial<Record<"name" | "scopes" | "expiresAt", string>>;

export const TOKEN_EXPIRIES: Record<string, string> = {
  "7": "In 7 days",
  "30": "In 30 days",
  "90": "In 90 days",
  "365": "In a year",
  date: "On a day I choose",
};
const LONGEST_LIFE = 366 * 86_400_000;

/** What each allows, in the order in which they are offered. */
export const SCOPES: Record<Scope, { label: string; description: string }> = {
  READ: { label: "Read", description: "Sees what you see as a user: models, your subscriptions, keys and usage." },
  KEYS_WRITE: { label: "Change keys", description: "Makes, changes, rotates and revokes your keys." },
  SUBSCRIPTIONS_WRITE: { label: "Change subscriptions", description: "Subscribes you to models, asks for limits, and cancels." },
  ACCOUNT_WRITE: {
    label: "Change the account",
    description: "Marks notifications as read, ends sessions, and makes and revokes access tokens that may do no more.",
  },
  ADMIN: { label: "Administration", description: "" },
};

/** ADMIN in words, for those who have something to administer. */
const ADMINISTRATION: Record<string, string> = {
  ADMIN: "Decides and changes for everybody, as you do as an administrator.",
  AUDITOR: "Reads what is everybody’s, as you do as an auditor.",
};

/** The scopes that do something for somebody of this role: an auditor changes nothing but the account. */
export function scopesFor(role: string): { scope: Scope; label: string; description: string }[] {
  const offered: Scope[] = ["READ"];
  if (role !== "AUDITOR") offered.push("KEYS_WRITE", "SUBSCRIPTIONS_WRITE");
  offered.push("ACCOUNT_WRITE");
  if (role in ADMINISTRATION) offered.push("ADMIN");
  return offered.map((scope) => {
    const { label, description } = SCOPES[scope];
    return { scope, label, description: description || ADMINISTRATION[role]! };
  });
}

export const scopeLabel = (scope: string) => (scope in SCOPES ? SCOPES[scope as Scope].label : scope);

/** What can be said without asking the server; the server has the last word. */
export function checkTokenForm(values: TokenFormValues, now: number): TokenFormErrors {
  const errors: TokenFormErrors = {};
  const name = values.name.trim();
  if (!name) errors.name = "Give the token a name, so that you know it again.";
  else if (name.length > NAME_LENGTH) errors.name = `Use ${NAME_LENGTH} characters at most.`;
  if (values.scopes.length === 0) errors.scopes = "Choose what the token may do.";
  if (values.expiry === "date") {
    const end = Date.parse(`${values.expiryDate}T23:59:59`);
    if (Number.isNaN(end)) errors.expiresAt = "Choose a day.";
    else if (end <= now) errors.expiresAt = "Choose a day that is not over.";
    else if (end > now + LONGEST_LIFE) errors.expiresAt = "Choose a day within a year from now.";
  }
  return errors;
}

export function tokenFormInput(values: TokenFormValues, now: number) {
  return { name: values.name.trim(), scopes: values.scopes, expiresAt: expiresAt(values, now)! };
}

/** A first request with the token. */
export function tokenCurl(origin: string, secret: string): string {
  return [
    `curl ${origin}/graphql \\`,
    `  -H 'Authorization: Bearer ${secret}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{"query": "{ viewer { user { username role } } }"}'`,
  ].join("\n");
}
