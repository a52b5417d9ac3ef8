/** Limits of a subscription in a form: what is typed, what is wrong with it, and what is sent. */

export interface LimitValues {
  maxBudget: string;
  maxRequests: string;
  maxTokens: string;
  budgetDuration: string;
  rpmLimit: string;
  tpmLimit: string;
}

export type LimitErrors = Partial<Record<keyof LimitValues, string>>;

/** Limits as the schema has them. */
export interface LimitFacts {
  maxBudget?: string | null;
  maxRequests?: number | null;
  maxTokens?: number | null;
  budgetDuration?: string | null;
  rpmLimit?: number | null;
  tpmLimit?: number | null;
}

const AMOUNT = /^(\d+\.?\d*|\.\d+)$/;
const LARGEST_INT = 2_147_483_647;

export function limitValues(limits: LimitFacts): LimitValues {
  const text = (value: string | number | null | undefined) => (value == null ? "" : String(value));
  return {
    maxBudget: plainAmount(text(limits.maxBudget)),
    maxRequests: text(limits.maxRequests),
    maxTokens: text(limits.maxTokens),
    budgetDuration: text(limits.budgetDuration),
    rpmLimit: text(limits.rpmLimit),
    tpmLimit: text(limits.tpmLimit),
  };
}

/** `"5.500000"` -> `"5.5"`: the database's trailing zeros are nobody's words. */
export function plainAmount(amount: string): string {
  return amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount;
}

/** What is wrong with a whole number that may be left out. */
export function wholeError(value: string, largest = LARGEST_INT): string | undefined {
  const typed = value.trim();
  if (typed === "" || (/^\d+$/.test(typed) && Number(typed) >= 1 && Number(typed) <= largest)) return undefined;
  return "Enter a whole number of 1 or more.";
}

/** What is wrong with an amount of money that may be left out. */
export function amountError(value: string): string | undefined {
  const typed = value.trim();
  return typed && (!AMOUNT.test(typed) || /^[0.]+$/.test(typed)) ? "Enter an amount above 0, such as 12.50." : undefined;
}

/** A decimal string, so that no float comes between what is typed and what is stored; null when empty. */
export function amountInput(value: string): string | null {
  const typed = value.trim();
  return typed ? typed.replace(/^\./, "0.").replace(/\.$/, "") : null;
}

export const wholeInput = (value: string) => (value.trim() ? Number(value) : null);

/** What can be said without asking the server; the server has the last word. */
export function checkLimits(values: LimitValues): LimitErrors {
  const errors: LimitErrors = {
    maxBudget: amountError(values.maxBudget),
    maxRequests: wholeError(values.maxRequests, Number.MAX_SAFE_INTEGER),
    maxTokens: wholeError(values.maxTokens, Number.MAX_SAFE_INTEGER),
    rpmLimit: wholeError(values.rpmLimit),
    tpmLimit: wholeError(values.tpmLimit),
  };
  return onlyErrors(errors);
}

/** Without the fields that are right. */
export function onlyErrors<T extends object>(errors: T): T {
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== undefined)) as T;
}

/** Whether anything is counted by the window. */
export function hasWindow(values: LimitValues): boolean {
  return Boolean(values.maxBudget.trim() || values.maxRequests.trim() || values.maxTokens.trim());
}

/** All six limits; one that is empty is null, which is "no limit". */
export function limitInput(values: LimitValues) {
  return {
    maxBudget: amountInput(values.maxBudget),
    maxRequests: wholeInput(values.maxRequests),
    maxTokens: wholeInput(values.maxTokens),
    budgetDuration: hasWindow(values) && values.budgetDuration ? values.budgetDuration : null,
    rpmLimit: wholeInput(values.rpmLimit),
    tpmLimit: wholeInput(values.tpmLimit),
  };
}

/** What a last day becomes: over when it is over where the reader is. Untouched, the end stays as it is and is left out. */
export function lastDayInput(day: string, before: string): { expiresAt?: string | null } {
  if (day === before) return {};
  return { expiresAt: day ? new Date(`${day}T23:59:59`).toISOString() : null };
}

const DAYS_PER_UNIT: Record<string, number> = { s: 1 / 86_400, m: 1 / 1440, h: 1 / 24, d: 1, w: 7 };

/** How many windows of this length 30 days have; without a length there is one window that never ends. */
function windowsPerMonth(duration: string): number {
  const match = /^(\d+)([smhdw])$/.exec(duration);
  return match ? 30 / (Number(match[1]) * DAYS_PER_UNIT[match[2]!]!) : 1;
}

interface Prices {
  inputCostPerMillion: string | null | undefined;
  outputCostPerMillion: string | null | undefined;
}

/**
 * US dollars that the limits allow in 30 days at most, as a decimal string; null: no bound. An estimate for the reader,
 * by the rule by which the server says `highestMonthlyCost` of a request that is there.
 */
export function estimateMonthlyCost({ maxBudget, maxTokens, budgetDuration, tpmLimit }: LimitFacts, prices: Prices): string | null {
  const known = [prices.inputCostPerMillion, prices.outputCostPerMillion].filter((price) => price != null).map(Number);
  const windows = windowsPerMonth(budgetDuration ?? "");
  const bounds: number[] = [];
  if (maxBudget != null) bounds.push(Number(maxBudget) * windows);
  if (known.length > 0) {
    const perToken = Math.max(...known) / 1_000_000;
    if (maxTokens != null) bounds.push(maxTokens * windows * perToken);
    if (tpmLimit != null) bounds.push(tpmLimit * 30 * 1440 * perToken);
  }
  return bounds.length > 0 ? Math.min(...bounds).toFixed(2) : null;
}

const COUNTED = ["maxBudget", "maxRequests", "maxTokens"] as const;
const CAPPED = [...COUNTED, "rpmLimit", "tpmLimit"] as const;

/** Whether limits allow anything that the others do not, by the server's rule: then an admin decides. */
export function exceedsLimits(asked: LimitFacts, granted: LimitFacts): boolean {
  const exceeds = (name: (typeof CAPPED)[number]) =>
    granted[name] != null && (asked[name] == null || Number(asked[name]) > Number(granted[name]));
  const isCounted = COUNTED.some((name) => granted[name] != null);
  return CAPPED.some(exceeds) || (isCounted && (asked.budgetDuration ?? null) !== (granted.budgetDuration ?? null));
}
