/**
 * Money arrives as a decimal string ("0.000051"). It is shown without passing through a float:
 * Intl.NumberFormat takes decimal strings exactly, so no digit is invented or lost.
 */

/** The currency of every price and spend: LiteLLM keeps its prices in US dollars. */
export const CURRENCY = "USD";

const SIGNIFICANT_DIGITS = 4;

function isZero(amount: string): boolean {
  return /^-?0*(\.0*)?$/.test(amount);
}

/** Whether the absolute amount is below one unit of the currency. */
function isFraction(amount: string): boolean {
  return /^-?0*(\.|$)/.test(amount);
}

function format(amount: string, options: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(undefined, { style: "currency", currency: CURRENCY, ...options }).format(
    amount as Intl.StringNumericLiteral,
  );
}

/**
 * `"12.5"` -> `$12.50`; below one unit small amounts keep their leading digits: `"0.000051"` -> `$0.000051`.
 * Anything that is not a decimal number is shown as it came.
 */
export function formatMoney(amount: string): string {
  if (!/^-?\d*\.?\d+(e-?\d+)?$/i.test(amount)) return amount;
  if (isZero(amount) || !isFraction(amount)) return format(amount, {});
  const leadingZeros = /\.(0*)/.exec(amount)?.[1]?.length ?? 0;
  return format(amount, { maximumFractionDigits: Math.min(20, leadingZeros + SIGNIFICANT_DIGITS) });
}

/** A price per million tokens; absent is not free, so it says so. */
export function formatPrice(perMillion: string | null | undefined): string {
  if (perMillion == null) return "No price set";
  return isZero(perMillion) ? "Free" : formatMoney(perMillion);
}

/** An amount beside which the exact one stands, or that is too small a place for it: three digits. */
export function formatRoughMoney(amount: number): string {
  return new Intl.NumberFormat(undefined, {
    style: "currency",
    currency: CURRENCY,
    notation: amount >= 10_000 ? "compact" : "standard",
    maximumSignificantDigits: 3,
  }).format(amount);
}
