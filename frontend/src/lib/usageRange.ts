/**
 * The periods of the usage pages, by the reader's own days. One that is not over ends in the future, so that calls made
 * while the page is open belong to it and live ticks move its totals.
 */
export const PERIODS = {
  today: "Today",
  "24h": "24 hours",
  "7d": "7 days",
  "30d": "30 days",
  month: "This month",
  "last-month": "Last month",
  "90d": "90 days",
  own: "Own dates",
} as const;
export type Period = keyof typeof PERIODS;
export type UsageInterval = "HOUR" | "DAY" | "MONTH";

export interface TimeRange {
  /** ISO time of the first moment that counts. */
  start: string;
  /** ISO time of the first moment that does not count any more. */
  end: string;
}

export interface UsageRange extends TimeRange {
  interval: UsageInterval;
  /** What to compare with: the time before, of which as much counts as has passed of this one. */
  before: TimeRange;
  /** When a range of this name is another one; null: never. Milliseconds. */
  validUntil: number | null;
}

/** `from` and `to` of own dates: days, of which the last counts, or moments, of which the last does not. */
export interface OwnDates {
  from: string;
  to: string;
}

/** The reader's time zone, as the IANA database names it. */
export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The ledger keeps sums by the quarter of an hour: a range that ends with one is cheap to ask for. */
const QUARTER = HOUR / 4;
/** Up to so many days a series goes by hours, and up to so many by days. */
const HOURLY_DAYS = 3;
const DAILY_DAYS = 100;

const iso = (at: number) => new Date(at).toISOString();

/** Midnight of the reader's day that lies so many days from that of `at`. */
function midnight(at: number, days: number): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}

function firstOfMonth(at: number, months = 0): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth() + months, 1).getTime();
}

const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text);
const isMoment = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text);

/** A day, as the reader's midnight that begins it, or a moment; null when it is neither. */
function momentOf(text: string): number | null {
  const at = isDay(text) ? Date.parse(`${text}T00:00`) : isMoment(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** Both ends of own dates in milliseconds; null when they are not times, or the wrong way round. */
export function ownBounds({ from, to }: OwnDates): [start: number, end: number] | null {
  const start = momentOf(from);
  const last = momentOf(to);
  if (start === null || last === null) return null;
  const end = isDay(to) ? midnight(last, 1) : last;
  return start < end ? [start, end] : null;
}

function boundsOf(period: Period, own: OwnDates, now: number): [start: number, end: number, beforeStart: number] {
  const days = (count: number): [number, number, number] => [
    midnight(now, 1 - count),
    midnight(now, 1),
    midnight(now, 1 - 2 * count),
  ];
  switch (period) {
    case "today":
      return days(1);
    case "24h": {
      const end = Math.floor(now / HOUR) * HOUR + HOUR;
      return [end - DAY, end, end - 2 * DAY];
    }
    case "30d":
      return days(30);
    case "90d":
      return days(90);
    case "month":
      return [firstOfMonth(now), midnight(now, 1), firstOfMonth(now, -1)];
    case "last-month":
      return [firstOfMonth(now, -1), firstOfMonth(now), firstOfMonth(now, -2)];
    case "own": {
      const [start, end] = ownBounds(own) ?? days(7);
      return [start, end, start - (end - start)];
    }
    default:
      return days(7);
  }
}

/** The range called `period` as of `now` (milliseconds). */
export function usageRange(period: Period, own: OwnDates, now: number): UsageRange {
  const [start, end, beforeStart] = boundsOf(period, own, now);
  const length = (end - start) / DAY;
  const isOver = end <= now;
  const passed = isOver ? end - start : Math.max(QUARTER, Math.floor((now - start) / QUARTER) * QUARTER);
  return {
    start: iso(start),
    end: iso(end),
    interval: length <= HOURLY_DAYS ? "HOUR" : length <= DAILY_DAYS ? "DAY" : "MONTH",
    before: { start: iso(beforeStart), end: iso(Math.min(start, beforeStart + passed)) },
    validUntil: isOver && period !== "last-month" ? null : nextChange(period, end, now),
  };
}

/** What is compared grows by the quarter of an hour. */
function nextChange(period: Period, end: number, now: number): number {
  if (period === "last-month") return firstOfMonth(now, 1);
  return Math.min(end, Math.floor(now / QUARTER) * QUARTER + QUARTER);
}
