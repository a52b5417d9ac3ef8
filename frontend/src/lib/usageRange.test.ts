import { expect, it } from "vitest";

import { fillSeries } from "./series";
import { parseRangeName, usageRange } from "./usageRange";

const NOW = Date.UTC(2026, 10, 23, 12, 34, 56);

it("ends with the hour that runs, so that calls made now belong to it", () => {
  expect(usageRange("24h", NOW)).toEqual({
    name: "24h",
    start: "2026-11-22T13:00:00.000Z",
    end: "2026-11-23T13:00:00.000Z",
    interval: "HOUR",
  });
});

it("counts today among the days", () => {
  expect(usageRange("7d", NOW)).toMatchObject({ start: "2026-11-17T00:00:00.000Z", end: "2026-11-24T00:00:00.000Z" });
  expect(usageRange("month", NOW)).toMatchObject({
    start: "2026-11-01T00:00:00.000Z",
    end: "2026-11-24T00:00:00.000Z",
    interval: "DAY",
  });
});

it("moves on exactly when the hour is over", () => {
  const end = Date.parse(usageRange("24h", NOW).end);
  expect(usageRange("24h", end - 1).end).toBe("2026-11-23T13:00:00.000Z");
  expect(usageRange("24h", end).end).toBe("2026-11-23T14:00:00.000Z");
});

it("reads unknown names as the default", () => {
  expect(parseRangeName("month")).toBe("month");
  expect(parseRangeName("1e9")).toBe("7d");
  expect(parseRangeName(null)).toBe("7d");
});

it("shows an hour without calls as nothing rather than leaving it out", () => {
  const { start, end, interval } = usageRange("24h", NOW);
  const totals = { requests: 3, failures: 1, promptTokens: 5, completionTokens: 6, spend: "0.5" };
  const filled = fillSeries([{ start: "2026-11-23T12:00:00+00:00", totals }], start, end, interval);
  expect(filled).toHaveLength(24);
  expect(filled.at(-1)).toEqual({ start: "2026-11-23T12:00:00.000Z", totals });
  expect(filled[0]!.totals.requests).toBe(0);
});
