import { formatMoney } from "../lib/money";
import { formatCount } from "../lib/numbers";
import { formatBudgetDuration } from "../lib/time";

interface LimitsProps {
  maxBudget: string | null | undefined;
  /** Only subscriptions have this and the next. */
  maxRequests?: number | null;
  maxTokens?: number | null;
  budgetDuration: string | null | undefined;
  rpmLimit: number | null | undefined;
  tpmLimit: number | null | undefined;
}

/** Budget and rate limits in words, one a line. */
export function Limits({ maxBudget, maxRequests, maxTokens, budgetDuration, rpmLimit, tpmLimit }: LimitsProps) {
  const each = budgetDuration ? formatBudgetDuration(budgetDuration) : "in all";
  const lines = [
    maxBudget == null ? null : `${formatMoney(maxBudget)} ${each}`,
    maxRequests == null ? null : `${formatCount(maxRequests)} requests ${each}`,
    maxTokens == null ? null : `${formatCount(maxTokens)} tokens ${each}`,
    rpmLimit == null ? null : `${formatCount(rpmLimit)} requests a minute`,
    tpmLimit == null ? null : `${formatCount(tpmLimit)} tokens a minute`,
  ].filter((line) => line !== null);
  if (lines.length === 0) return "None";
  return lines.map((line) => <div key={line}>{line}</div>);
}
