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

/** The time to the second with its day, where the time zone stands beside it and there is little room. */
export function formatSecond(at: number): string {
  return new Intl.DateTimeFormat(undefined, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
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

/** The time of day, with its day where that is not today. */
export function formatMinute(at: number): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(undefined, isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" }).format(at);
}

/** From a first moment to one that does not count any more: days where both are midnights, else minutes too. */
export function formatSpan(start: number, end: number): string {
  const isMidnight = (at: number) => new Date(at).getHours() === 0 && new Date(at).getMinutes() === 0;
  const options: Intl.DateTimeFormatOptions =
    isMidnight(start) && isMidnight(end) ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(undefined, options).formatRange(start, "timeStyle" in options ? end : end - 1);
}

/** Units of a duration: milliseconds of one, its name, and from how many milliseconds on it is used. */
const DURATIONS: readonly (readonly [size: number, unit: string, from: number])[] = [
  [1, "ms", 0],
  [1_000, "s", 1_000],
  [60_000, "min", 60_000],
  [3_600_000, "h", 2 * 3_600_000],
  [86_400_000, "days", 2 * 86_400_000],
];

/** Milliseconds as people say them: `820 ms`, `2.1 s`, `1.5 min`. */
export function formatDuration(ms: number): string {
  const [size, unit] = DURATIONS.find((_, index) => ms < (DURATIONS[index + 1]?.[2] ?? Infinity))!;
  const value = ms / size;
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: unit === "ms" || value >= 100 ? 0 : 1 }).format(value)} ${unit}`;
}

/** A day that is one in UTC. */
export function formatUtcDay(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" }).format(at);
}
