import type { Totals } from "../../lib/series";
import type { AddressChanges } from "../../lib/useAddress";
import type { TimeRange, UsageInterval } from "../../lib/usageRange";
import { CALLS } from "./asked";

export interface Point {
  readonly start: string;
  readonly totals: Totals;
}

export const POINT_NAMES: Record<UsageInterval, string> = { HOUR: "Hour", DAY: "Day", MONTH: "Month" };

/** The way to the calls of one point: they end where the next begins. */
export function callsOfPoint(points: readonly Point[], index: number, range: TimeRange): AddressChanges {
  const from = Math.max(Date.parse(points[index]!.start), Date.parse(range.start));
  const to = Date.parse(points[index + 1]?.start ?? range.end);
  return { ...CALLS, range: "own", from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
