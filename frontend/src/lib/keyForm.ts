/** The form for a new key: what is typed, what is wrong with it, and what is sent. */

export interface KeyFormValues {
  name: string;
  modelIds: string[];
  maxBudget: string;
  budgetDuration: string;
  rpmLimit: string;
  tpmLimit: string;
  /** Days from now, `date` for a chosen day, or empty for never. */
  expiry: string;
  /** `YYYY-MM-DD`, when `expiry` is `date`. */
  expiryDate: string;
}

/** Problems by field. The fields are those of the server's input, which answers with the same names. */
export type KeyFormErrors = Partial<
  Record<"name" | "modelIds" | "maxBudget" | "budgetDuration" | "rpmLimit" | "tpmLimit" | "expiresAt", string>
>;

export const BUDGET_DURATIONS: Record<string, string> = {
  "": "In all, never renewed",
  "1d": "Every day",
  "7d": "Every 7 days",
  "30d": "Every 30 days",
};

export const EXPIRIES: Record<string, string> = {
  "7": "In 7 days",
  "30": "In 30 days",
  "90": "In 90 days",
  "365": "In a year",
  date: "On a day I choose",
  "": "Never",
};

export const NAME_LENGTH = 100;
const LARGEST_INT = 2_147_483_647;
const DAY = 86_400_000;

export function emptyKeyForm(modelIds: string[]): KeyFormValues {
  return {
    name: "",
    modelIds,
    maxBudget: "",
    budgetDuration: "",
    rpmLimit: "",
    tpmLimit: "",
    expiry: "90",
    expiryDate: "",
  };
}

function limitError(value: string): string | undefined {
  if (value.trim() === "") return undefined;
  const isWhole = /^\d+$/.test(value.trim());
  if (!isWhole || Number(value) < 1 || Number(value) > LARGEST_INT) return "Enter a whole number of 1 or more.";
  return undefined;
}

/** When the key ends, as an ISO time, or null for never. A chosen day is over when it is over where the reader is. */
export function expiresAt(values: Pick<KeyFormValues, "expiry" | "expiryDate">, now: number): string | null {
  if (values.expiry === "") return null;
  if (values.expiry !== "date") return new Date(now + Number(values.expiry) * DAY).toISOString();
  return new Date(`${values.expiryDate}T23:59:59`).toISOString();
}

/** What can be said without asking the server; the server has the last word. */
export function checkKeyForm(values: KeyFormValues, now: number): KeyFormErrors {
  const errors: KeyFormErrors = {};
  const name = values.name.trim();
  if (!name) errors.name = "Give the key a name, so that you know it again.";
  else if (name.length > NAME_LENGTH) errors.name = `Use ${NAME_LENGTH} characters at most.`;
  if (values.modelIds.length === 0) errors.modelIds = "Choose at least one model.";
  const budget = values.maxBudget.trim();
  if (budget && (!/^(\d+\.?\d*|\.\d+)$/.test(budget) || /^[0.]+$/.test(budget))) {
    errors.maxBudget = "Enter an amount above 0, such as 12.50.";
  }
  const rpm = limitError(values.rpmLimit);
  if (rpm) errors.rpmLimit = rpm;
  const tpm = limitError(values.tpmLimit);
  if (tpm) errors.tpmLimit = tpm;
  if (values.expiry === "date") {
    const end = Date.parse(`${values.expiryDate}T23:59:59`);
    if (Number.isNaN(end)) errors.expiresAt = "Choose a day.";
    else if (end <= now) errors.expiresAt = "Choose a day that is not over.";
  }
  return errors;
}

export function keyFormInput(values: KeyFormValues, now: number) {
  const int = (value: string) => (value.trim() ? Number(value) : null);
  const budget = values.maxBudget.trim();
  return {
    name: values.name.trim(),
    modelIds: values.modelIds,
    // A decimal string, so that no float comes between what is typed and what is stored.
    maxBudget: budget ? (budget.startsWith(".") ? `0${budget}` : budget.replace(/\.$/, "")) : null,
    budgetDuration: budget && values.budgetDuration ? values.budgetDuration : null,
    rpmLimit: int(values.rpmLimit),
    tpmLimit: int(values.tpmLimit),
    expiresAt: expiresAt(values, now),
  };
}

/** What was changed, and nothing else: what is left out stays as it is. */
export function changedKeyInput(values: KeyFormValues, before: KeyFormValues, now: number) {
  const input = keyFormInput(values, now);
  const old = keyFormInput(before, now);
  const changed = Object.entries(input).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field as keyof typeof old]),
  );
  return Object.fromEntries(changed) as Partial<typeof input>;
}
