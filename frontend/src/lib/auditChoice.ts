import type { AuditFilter, AuditOutcome } from "../pages/audit/__generated__/AuditPageQuery.graphql";
import { oneOf } from "./oneOf";

/** Which entries of the record are shown; all of it stands in the address. */
export interface AuditChoice {
  search: string;
  /** A whole name. */
  actor: string;
  /** A whole one, or a family: "key.". */
  action: string;
  /** A kind of thing, or one thing: `api_key`, `api_key:<its key>`. */
  target: string;
  outcome: keyof typeof OUTCOMES;
  when: keyof typeof TIMES;
  /** Days, when `when` is `own`: `2026-11-23`. Both count. */
  from: string;
  to: string;
}

export const OUTCOMES = { "": "Done or refused", DONE: "Done", REFUSED: "Refused" };

export const TIMES = {
  "": "At any time",
  "1h": "In the last hour",
  "24h": "In the last 24 hours",
  "7d": "In the last 7 days",
  "30d": "In the last 30 days",
  own: "On days I choose",
};

const HOUR = 3_600_000;
const AGES: Record<string, number> = { "1h": HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR };

/** What something may have been done to, by the name that the record has for it. */
export const KINDS: Record<string, string> = {
  api_key: "Keys",
  subscription: "Subscriptions",
  model: "Models",
  user: "People",
  session: "Sessions",
  access_token: "Access tokens",
  ledger: "Ledger",
  portal: "The portal itself",
};

/** What the address says; what does not exist is left out. */
export function parseAuditChoice(params: URLSearchParams): AuditChoice {
  const text = (name: string) => params.get(name) ?? "";
  return {
    search: text("q"),
    actor: text("actor"),
    action: text("action"),
    target: text("target"),
    outcome: oneOf(OUTCOMES, params.get("outcome"), ""),
    when: oneOf(TIMES, params.get("when"), ""),
    from: text("from"),
    to: text("to"),
  };
}

/** What the address says when nothing is left out. */
export const WHOLE_RECORD = { q: null, actor: null, action: null, target: null, outcome: null, when: null, from: null, to: null };

/** A day of the reader's time zone, or the day after, as an ISO time; nothing for what is no day. */
function dayStart(day: string, later = 0): string | undefined {
  const at = new Date(`${day}T00:00:00`);
  if (Number.isNaN(at.getTime())) return undefined;
  at.setDate(at.getDate() + later);
  return at.toISOString();
}

/** The query's filter as of `now`, in milliseconds; what is at its default is left out. */
export function auditFilter(choice: AuditChoice, now: number): AuditFilter {
  const isOwn = choice.when === "own";
  const age = AGES[choice.when];
  const filter = {
    search: choice.search.trim(),
    actor: choice.actor.trim(),
    action: choice.action,
    target: choice.target,
    outcome: choice.outcome as AuditOutcome,
    since: isOwn ? dayStart(choice.from) : age && new Date(now - age).toISOString(),
    until: isOwn ? dayStart(choice.to, 1) : undefined,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value)) as AuditFilter;
}

/** Where the same entries are had as a file. */
export function exportHref(filter: AuditFilter, format: "csv" | "jsonl"): string {
  return `/exports/audit?${new URLSearchParams({ format, ...(filter as Record<string, string>) })}`;
}
