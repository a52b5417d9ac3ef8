const STEPS: [limit: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86_400, "hour", 3600],
  [30 * 86_400, "day", 86_400],
  [365 * 86_400, "month", 30 * 86_400],
  [Infinity, "year", 365 * 86_400],
];

/** `3 minutes ago`, `in 2 days`, `just now`. Both times in milliseconds since the epoch. */
export function formatRelative(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < 10) return "just now";
  const step = STEPS.find(([limit]) => Math.abs(seconds) < limit) ?? STEPS[STEPS.length - 1]!;
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.trunc(seconds / step[2]), step[1]);
}

/** Date and time to the second in the reader's time zone, which is named. */
export function formatExact(at: number): string {
  return new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium",
    timeStyle: "long",
  }).format(at);
}

/** The day alone, in the reader's time zone. */
export function formatDay(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(at);
}

/** The time of day to the second, in the reader's time zone, which is named. */
export function formatTime(at: number): string {
  return new Intl.DateTimeFormat(undefined, { timeStyle: "long" }).format(at);
}

const DURATION_UNITS: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week", mo: "month" };

/** LiteLLM's budget windows in words: `30d` -> `every 30 days`, `1mo` -> `every month`. */
export function formatBudgetDuration(duration: string): string {
  const match = /^(\d+)(mo|[smhdw])$/.exec(duration);
  const unit = match && DURATION_UNITS[match[2]!];
  if (!match || !unit) return `every ${duration}`;
  return match[1] === "1" ? `every ${unit}` : `every ${match[1]} ${unit}s`;
}

/** An ISO time as a field of type `datetime-local` has it, in the reader's time zone: `2026-11-23T12:30`. */
export function localMinute(at: string): string {
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The reader's day of an ISO time, as a field of type `date` has it: `2026-11-23`. */
export function localDay(at: string): string {
  return localMinute(at).slice(0, 10);
}
