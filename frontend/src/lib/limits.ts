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

function wholeError(value: string, largest: number): string | undefined {
  const typed = value.trim();
  if (typed === "" || (/^\d+$/.test(typed) && Number(typed) >= 1 && Number(typed) <= largest)) return undefined;
  return "Enter a whole number of 1 or more.";
}

/** What can be said without asking the server; the server has the last word. */
export function checkLimits(values: LimitValues): LimitErrors {
  const budget = values.maxBudget.trim();
  const errors: LimitErrors = {
    maxBudget: budget && (!AMOUNT.test(budget) || /^[0.]+$/.test(budget)) ? "Enter an amount above 0, such as 12.50." : undefined,
    maxRequests: wholeError(values.maxRequests, Number.MAX_SAFE_INTEGER),
    maxTokens: wholeError(values.maxTokens, Number.MAX_SAFE_INTEGER),
    rpmLimit: wholeError(values.rpmLimit, LARGEST_INT),
    tpmLimit: wholeError(values.tpmLimit, LARGEST_INT),
  };
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== undefined));
}

/** Whether anything is counted by the window. */
export function hasWindow(values: LimitValues): boolean {
  return Boolean(values.maxBudget.trim() || values.maxRequests.trim() || values.maxTokens.trim());
}

/** All six limits; one that is empty is null, which is "no limit". */
export function limitInput(values: LimitValues) {
  const whole = (value: string) => (value.trim() ? Number(value) : null);
  const budget = values.maxBudget.trim();
  return {
    // A decimal string, so that no float comes between what is typed and what is stored.
    maxBudget: budget ? budget.replace(/^\./, "0.").replace(/\.$/, "") : null,
    maxRequests: whole(values.maxRequests),
    maxTokens: whole(values.maxTokens),
    budgetDuration: hasWindow(values) && values.budgetDuration ? values.budgetDuration : null,
    rpmLimit: whole(values.rpmLimit),
    tpmLimit: whole(values.tpmLimit),
  };
}
