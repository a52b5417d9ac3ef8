import { type Metric, metricValue, type Totals } from "./series";

export interface HeatCell {
  readonly weekday: number;
  readonly hour: number;
  readonly totals: Totals;
}

/** The steps of a heatmap's scale above nothing. */
export const LEVELS = 5;

/** How much a value is of the largest, from 0 (nothing at all) to LEVELS. Roots, so that small ones differ, too. */
export function heatLevel(value: number, most: number): number {
  return value <= 0 || most <= 0 ? 0 : Math.max(1, Math.ceil(Math.sqrt(value / most) * LEVELS));
}

/** One row for each day of the week, Monday first, of 24 values each. */
export function heatRows(cells: readonly HeatCell[], metric: Metric): number[][] {
  const rows = Array.from({ length: 7 }, () => Array<number>(24).fill(0));
  for (const { weekday, hour, totals } of cells) rows[weekday - 1]![hour] = metricValue(metric, totals);
  return rows;
}

/** Values of a heatmap's cells: short, and all with the same places, of which the largest has two that count. */
export function cellFormat(most: number): (value: number) => string {
  const places = most > 0 && most < 10 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(most)))) : 0;
  const format = new Intl.NumberFormat(
    undefined,
    places === 0 ? { notation: "compact" } : { minimumFractionDigits: places, maximumFractionDigits: places },
  );
  return (value) => format.format(value).replace(/^0(?=\.)/, "");
}

/** The days' names, Monday first, in the reader's language. */
export function weekdays(style: "short" | "long"): string[] {
  const format = new Intl.DateTimeFormat(undefined, { weekday: style, timeZone: "UTC" });
  // 1 January 2024 was a Monday.
  return Array.from({ length: 7 }, (_, day) => format.format(Date.UTC(2024, 0, 1 + day)));
}
