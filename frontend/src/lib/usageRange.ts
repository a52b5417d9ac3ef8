/**
 * The periods of the usage page. A range is aligned to whole hours or days (UTC, as the ledger's rollups are) and
 * ends in the future, so that calls made while the page is open belong to it and the live ticks move its totals.
 */
export const RANGES = ["24h", "7d", "30d", "month"] as const;
export type RangeName = (typeof RANGES)[number];
export type UsageInterval = "HOUR" | "DAY";
export interface UsageRange {
  name: RangeName;
  start: string;
  end: string;
  interval: UsageInterval;
}

export const RANGE_LABELS: Record<RangeName, string> = {
  "24h": "24 hours",
  "7d": "7 days",
  "30d": "30 days",
  month: "Month",
};

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The range called `name` as of `now` (milliseconds). The present hour or day is its last bucket. */
export function usageRange(name: RangeName, now: number): UsageRange {
  const iso = (at: number) => new Date(at).toISOString();
  if (name === "24h") {
    const end = Math.floor(now / HOUR) * HOUR + HOUR;
    return { name, start: iso(end - DAY), end: iso(end), interval: "HOUR" };
  }
  const end = Math.floor(now / DAY) * DAY + DAY;
  if (name === "month") {
    const today = new Date(now);
    const first = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 1);
    return { name, start: iso(first), end: iso(end), interval: "DAY" };
  }
  const days = name === "7d" ? 7 : 30;
  return { name, start: iso(end - days * DAY), end: iso(end), interval: "DAY" };
}

/** Reads a range from the URL; anything unknown is the default. */
export function parseRangeName(value: string | null): RangeName {
  return RANGES.find((name) => name === value) ?? "7d";
}
