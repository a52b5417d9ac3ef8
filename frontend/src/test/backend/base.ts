export type Row = Record<string, unknown>;

export const NOW = Date.UTC(2026, 10, 23, 12, 30);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The time so many milliseconds before NOW. */
export const iso = (ago: number) => new Date(NOW - ago).toISOString();

export function nodeId(type: string, number: number): string {
  return btoa(`${type}:00000000-0000-0000-0000-${String(number).padStart(12, "0")}`);
}
