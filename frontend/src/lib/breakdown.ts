import { type Metric, metricValue, type Totals } from "./series";

export interface Slice {
  readonly key: string | null | undefined;
  readonly label: string;
  readonly totals: Totals;
}

/** How many parts are shown before one asks for the rest. */
export const SHOWN = 8;

/** The server tells of so many parts at most. */
export const MOST = 100;

/** The parts with the most first, and what all those that are left out of `whole` come to together; null when none is. */
export function largest(
  slices: readonly Slice[],
  whole: Totals,
  metric: Metric,
  showAll: boolean,
): { parts: Slice[]; others: Totals | null } {
  const sorted = slices.toSorted((one, two) => metricValue(metric, two.totals) - metricValue(metric, one.totals));
  // One more row takes no more room than "1 other".
  const parts = showAll || sorted.length <= SHOWN + 1 ? sorted : sorted.slice(0, SHOWN);
  const hidden = sorted.slice(parts.length).map(({ totals }) => totals);
  // Only the whole knows of those that the server has not told of.
  const others = sorted.length < MOST ? hidden : [parts.map(({ totals }) => totals).reduce(without, whole)];
  return { parts, others: others.length && others[0]!.requests > 0 ? others.reduce(sum) : null };
}

function without(whole: Totals, part: Totals): Totals {
  return {
    requests: whole.requests - part.requests,
    failures: whole.failures - part.failures,
    promptTokens: whole.promptTokens - part.promptTokens,
    completionTokens: whole.completionTokens - part.completionTokens,
    spend: addMoney(whole.spend, `-${part.spend}`),
  };
}

function sum(one: Totals, two: Totals): Totals {
  return {
    requests: one.requests + two.requests,
    failures: one.failures + two.failures,
    promptTokens: one.promptTokens + two.promptTokens,
    completionTokens: one.completionTokens + two.completionTokens,
    spend: addMoney(one.spend, two.spend),
  };
}

/** The exact sum of two decimal strings. */
export function addMoney(one: string, two: string): string {
  const places = Math.max(decimals(one), decimals(two));
  const digits = (scaled(one, places) + scaled(two, places)).toString().padStart(places + 1, "0");
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

const decimals = (amount: string) => amount.split(".")[1]?.length ?? 0;
const scaled = (amount: string, places: number) => {
  const [whole = "", part = ""] = amount.split(".");
  return BigInt(whole + part.padEnd(places, "0"));
};
