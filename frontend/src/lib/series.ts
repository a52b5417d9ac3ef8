import type { UsageInterval } from "./usageRange";

/** What the ledger counted in one interval. Money is a decimal string. */
export interface Totals {
  readonly requests: number;
  readonly failures: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly spend: string;
}

/** The time of a point in words: the hour with its day where there are several, the day, or the month. */
export function bucketLabel(start: string, interval: UsageInterval, hasDay = false): string {
  const options: Record<UsageInterval, Intl.DateTimeFormatOptions> = {
    HOUR: { hour: "2-digit", minute: "2-digit", ...(hasDay ? { day: "numeric", month: "short" } : {}) },
    DAY: { day: "numeric", month: "short" },
    MONTH: { month: "short", year: "numeric" },
  };
  return new Intl.DateTimeFormat(undefined, options[interval]).format(Date.parse(start));
}

export const METRICS = {
  spend: "Spend",
  requests: "Requests",
  tokens: "Tokens",
} as const;
export type Metric = keyof typeof METRICS;

/** How a part of a bar is drawn: the main thing, a second one beside it, or something that went wrong. */
export type Tone = "main" | "second" | "bad";

interface MetricPart {
  name: string;
  tone: Tone;
  value: (totals: Totals) => number;
}

/** The parts that a bar is stacked from. Spend becomes a float here, good enough for a bar's height. */
export function metricParts(metric: Metric): MetricPart[] {
  switch (metric) {
    case "requests":
      return [
        { name: "Answered", tone: "main", value: ({ requests, failures }) => requests - failures },
        { name: "Failed", tone: "bad", value: ({ failures }) => failures },
      ];
    case "tokens":
      return [
        { name: "Input", tone: "main", value: ({ promptTokens }) => promptTokens },
        { name: "Output", tone: "second", value: ({ completionTokens }) => completionTokens },
      ];
    case "spend":
      return [{ name: "Spend", tone: "main", value: ({ spend }) => Number(spend) }];
  }
}

/** All parts together: good enough for a bar's length, never for a figure. */
export function metricValue(metric: Metric, totals: Totals): number {
  return metricParts(metric).reduce((sum, { value }) => sum + value(totals), 0);
}
