import type { UsageInterval } from "./usageRange";

/** What the ledger counted in one hour or day. Money is a decimal string. */
export interface Totals {
  readonly requests: number;
  readonly failures: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly spend: string;
}

export interface SeriesPoint {
  /** ISO time of the bucket's beginning. */
  readonly start: string;
  readonly totals: Totals;
}

const NOTHING: Totals = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0, spend: "0" };
const STEP: Record<UsageInterval, number> = { HOUR: 3_600_000, DAY: 86_400_000 };

/** One point for each hour or day from `start` to `end` (ISO, aligned); those that the server left out counted nothing. */
export function fillSeries(
  points: readonly SeriesPoint[],
  start: string,
  end: string,
  interval: UsageInterval,
): SeriesPoint[] {
  const known = new Map(points.map((point) => [Date.parse(point.start), point.totals]));
  const filled: SeriesPoint[] = [];
  for (let at = Date.parse(start); at < Date.parse(end); at += STEP[interval]) {
    filled.push({ start: new Date(at).toISOString(), totals: known.get(at) ?? NOTHING });
  }
  return filled;
}

/** The bucket's name: the hour where the reader is, or the day in UTC, by which days are counted. */
export function bucketLabel(start: string, interval: UsageInterval): string {
  const options: Intl.DateTimeFormatOptions =
    interval === "HOUR" ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(undefined, options).format(Date.parse(start));
}

export const METRICS = {
  requests: "Requests",
  tokens: "Tokens",
  spend: "Spend",
} as const;
export type Metric = keyof typeof METRICS;

/** How a part of a bar is coloured: the main thing, a second one beside it, or something that went wrong. */
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
        { name: "Succeeded", tone: "main", value: ({ requests, failures }) => requests - failures },
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
