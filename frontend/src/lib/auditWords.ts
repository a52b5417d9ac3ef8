import { readable } from "./labels";
import { formatDuration } from "./time";

const NOUNS: Record<string, string> = {
  api_key: "Key",
  login_session: "Session",
  user: "Person",
};

/** `key.rotation_finished` -> `Key rotation finished`; of a refused mutation `createApiKey` -> `Create api key`. */
export function actionWords(action: string): string {
  return readable(action.replaceAll(".", " ").replaceAll(/([a-z])([A-Z])/g, "$1 $2"));
}

/** What something was done to: `api_key:1234…` -> `Key`. */
export function targetWords(target: string): string {
  const kind = target.split(":")[0]!;
  return NOUNS[kind] ?? readable(kind);
}

export interface Fact {
  readonly name: string;
  readonly value: string | null | undefined;
}

export interface ReadFacts {
  /** What is different now. */
  changes: { name: string; before: string; after: string }[];
  others: { name: string; value: string }[];
}

/** Facts of a model that are a pair: as it was, as it became. */
const PAIRS = ["access", "lifecycle", "successor_id"];
/** Facts whose every field is such a pair. */
const GROUPS = ["limits", "rules"];

/** Facts that are a number of seconds. */
const SECONDS = ["overlap"];

const text = (value: unknown): string => {
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
};

function parse(value: string | null | undefined): unknown {
  try {
    return JSON.parse(value ?? "null");
  } catch {
    return value;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An entry's facts for people: pairs of before and after beside each other, the rest as it is. What has no value is left out. */
export function readFacts(facts: readonly Fact[]): ReadFacts {
  const changes: ReadFacts["changes"] = [];
  const others: ReadFacts["others"] = [];
  const pair = (name: string, before: unknown, after: unknown) =>
    changes.push({ name: readable(name), before: text(before), after: text(after) });
  const values = Object.fromEntries(facts.map(({ name, value }) => [name, parse(value)]));
  const { before, after, ...rest } = values;
  if ("before" in values || "after" in values) {
    if (isObject(before) || isObject(after)) {
      const [old, next] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
      for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) pair(name, old[name], next[name]);
    } else pair("value", before, after);
  }
  for (const [name, value] of Object.entries(rest)) {
    if (value === null || value === undefined) continue;
    if (PAIRS.includes(name) && Array.isArray(value)) pair(name, value[0], value[1]);
    else if (SECONDS.includes(name) && typeof value === "number") others.push({ name: readable(name), value: formatDuration(value * 1000) });
    else if (GROUPS.includes(name) && isObject(value)) {
      for (const [field, both] of Object.entries(value)) if (Array.isArray(both)) pair(field, both[0], both[1]);
    } else others.push({ name: readable(name), value: Array.isArray(value) ? value.map(text).join(", ") : text(value) });
  }
  return { changes, others };
}
