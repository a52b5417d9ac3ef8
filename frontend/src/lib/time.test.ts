import { expect, it } from "vitest";

import { formatBudgetDuration, formatDuration, formatRelative } from "./time";

const NOW = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;

it.each([
  [-3_000, "just now"],
  [-3 * MINUTE, "3 minutes ago"],
  [-90 * MINUTE, "1 hour ago"],
  [-24 * 60 * MINUTE, "yesterday"],
  [40 * 24 * 60 * MINUTE, "next month"],
  [-800 * 24 * 60 * MINUTE, "2 years ago"],
])("says %d ms from now as %s", (distance, shown) => {
  expect(formatRelative(NOW + distance, NOW)).toBe(shown);
});

it.each([
  ["30d", "every 30 days"],
  ["1d", "every day"],
  ["1mo", "every month"],
  ["odd", "every odd"],
])("says the budget window %s as %s", (duration, shown) => {
  expect(formatBudgetDuration(duration)).toBe(shown);
});

it.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_400, "1.4 s"],
  [19 * MINUTE, "19 min"],
  [119 * MINUTE, "119 min"],
  [150 * MINUTE, "2.5 h"],
  [334_670 * MINUTE, "232 days"],
])("tells of %d milliseconds in a unit that fits", (ms, words) => {
  expect(formatDuration(ms)).toBe(words);
});
