import { weekdays } from "./heat";
import type { AddressChanges } from "./useAddress";

/** The parts of the usage by which calls are told apart, with the names that `CallMembers` has for them. */
const MEMBERS = { model: "models", key: "apiKeyIds", person: "userIds", provider: "providers", status: "statuses" } as const;
export type Part = keyof typeof MEMBERS;
const PARTS = Object.keys(MEMBERS) as Part[];

/** How the address calls the keys, or the people, that are not of LiteMaaS. */
export const NOBODYS = "none";

const RESULTS = { answered: true, failed: false } as const;

/** Which calls are meant beyond the page's filters: those that a number counted. Models go by their names. */
export interface CallChoice {
  only: Record<Part, readonly string[]>;
  not: Record<Part, readonly string[]>;
  /** Monday is 1; of the reader's clock. */
  hour: { weekday: number; hour: number } | null;
  result: keyof typeof RESULTS | null;
  streamed: boolean;
  cached: boolean;
  unpriced: boolean;
}

/** What the address has for one of them; links to calls set it, and labels in the toolbar take it back. */
export const onlyOf = (part: Part) => `only-${part}`;
export const notOf = (part: Part) => `not-${part}`;
export const FAILED: AddressChanges = { result: "failed" };
export const ANSWERED: AddressChanges = { result: "answered" };
export const STREAMED: AddressChanges = { result: "answered", stream: "1" };
export const CACHED: AddressChanges = { cache: "1" };
export const UNPRICED: AddressChanges = { price: "0" };
export const hourOfWeek = (weekday: number, hour: number): AddressChanges => ({ hour: `${weekday}-${hour}` });

const WHOLE = ["hour", "result", "stream", "cache", "price"] as const;
/** All calls of the page. */
export const ALL_CALLS: AddressChanges = Object.fromEntries(
  [...PARTS.map(onlyOf), ...PARTS.map(notOf), ...WHOLE].map((name) => [name, null]),
);

const ofEach = (value: (part: Part) => readonly string[]): CallChoice["only"] => ({
  model: value("model"),
  key: value("key"),
  person: value("person"),
  provider: value("provider"),
  status: value("status"),
});

/** What the address says; what does not exist is left out. */
export function parseCallChoice(params: URLSearchParams): CallChoice {
  const values = (name: (part: Part) => string) =>
    ofEach((part) => [...new Set(params.getAll(name(part)))].slice(0, 100));
  const result = params.get("result");
  const [, weekday, hour] = /^([1-7])-(\d|1\d|2[0-3])$/.exec(params.get("hour") ?? "") ?? [];
  return {
    only: values(onlyOf),
    not: values(notOf),
    hour: weekday && hour ? { weekday: Number(weekday), hour: Number(hour) } : null,
    result: result === "answered" || result === "failed" ? result : null,
    streamed: params.get("stream") === "1",
    cached: params.get("cache") === "1",
    unpriced: params.get("price") === "0",
  };
}

interface Members {
  models?: readonly string[];
  apiKeyIds?: readonly (string | null)[];
  userIds?: readonly (string | null)[];
  providers?: readonly string[];
  statuses?: readonly string[];
}

export interface CallFilter {
  among?: Members;
  without?: Members;
  hourOfWeek?: { weekday: number; hour: number; timeZone: string };
  success?: boolean;
  stream?: boolean;
  cacheHit?: boolean;
  priced?: boolean;
}

/** The filter that the server takes; undefined when all calls of the page are meant. */
export function callFilter(choice: CallChoice, timeZone: string): CallFilter | undefined {
  const [among, without] = [members(choice.only), members(choice.not)];
  const filter: CallFilter = {
    ...(among ? { among } : {}),
    ...(without ? { without } : {}),
    ...(choice.hour ? { hourOfWeek: { ...choice.hour, timeZone } } : {}),
    ...(choice.result ? { success: RESULTS[choice.result] } : {}),
    ...(choice.streamed ? { stream: true } : {}),
    ...(choice.cached ? { cacheHit: true } : {}),
    ...(choice.unpriced ? { priced: false } : {}),
  };
  return Object.keys(filter).length ? filter : undefined;
}

function members(chosen: CallChoice["only"]): Members | undefined {
  const given = PARTS.filter((part) => chosen[part].length > 0);
  const value = (part: Part) => (each: string) => (each === NOBODYS && (part === "key" || part === "person") ? null : each);
  return given.length ? Object.fromEntries(given.map((part) => [MEMBERS[part], chosen[part].map(value(part))])) : undefined;
}

/** The same as parameters of an export. */
export function exportedCalls({ among, without, hourOfWeek: week, ...flags }: CallFilter): [string, string][] {
  const listed = (of: string, chosen: Members = {}) =>
    Object.entries(chosen as Record<string, readonly (string | null)[]>).flatMap(([name, values]) => values.map((each): [string, string] => [`${of}.${name}`, each ?? ""]));
  return [
    ...listed("among", among),
    ...listed("without", without),
    ...Object.entries({ ...week, ...flags }).map(([name, value]): [string, string] => [name, String(value)]),
  ];
}

/** What is chosen by one value, in words, each with what takes it back. */
export function callLabels({ hour, result, streamed, cached, unpriced }: CallChoice): { text: string; changes: AddressChanges }[] {
  return [
    ...(hour ? [{ text: `Every ${weekdays("long")[hour.weekday - 1]}, ${hour.hour}:00 to ${hour.hour + 1}:00`, changes: { hour: null } }] : []),
    ...(result ? [{ text: result === "failed" ? "Failed" : "Answered", changes: { result: null } }] : []),
    ...(streamed ? [{ text: "Streamed", changes: { stream: null } }] : []),
    ...(cached ? [{ text: "From LiteLLM’s cache", changes: { cache: null } }] : []),
    ...(unpriced ? [{ text: "Without a price", changes: { price: null } }] : []),
  ];
}
