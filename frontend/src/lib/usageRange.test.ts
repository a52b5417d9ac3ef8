import { describe, expect, it } from "vitest";

import { ownBounds, usageRange } from "./usageRange";

const NOW = Date.UTC(2026, 10, 23, 12, 34, 56);
const NONE = { from: "", to: "" };
const rangeOf = (period: Parameters<typeof usageRange>[0], own = NONE, now = NOW) => usageRange(period, own, now);

describe("a period", () => {
  it("ends with the hour that runs, so that calls made now belong to it", () => {
    expect(rangeOf("24h")).toMatchObject({
      start: "2026-11-22T13:00:00.000Z",
      end: "2026-11-23T13:00:00.000Z",
      interval: "HOUR",
    });
  });

  it("counts today among the days", () => {
    expect(rangeOf("today")).toMatchObject({ start: "2026-11-23T00:00:00.000Z", interval: "HOUR" });
    expect(rangeOf("7d")).toMatchObject({ start: "2026-11-17T00:00:00.000Z", end: "2026-11-24T00:00:00.000Z" });
    expect(rangeOf("month")).toMatchObject({ start: "2026-11-01T00:00:00.000Z", interval: "DAY" });
    expect(rangeOf("90d")).toMatchObject({ start: "2026-08-26T00:00:00.000Z", interval: "DAY" });
  });

  it("that is over is compared with the whole one before, and never changes until the next begins", () => {
    expect(rangeOf("last-month")).toMatchObject({
      start: "2026-10-01T00:00:00.000Z",
      end: "2026-11-01T00:00:00.000Z",
      before: { start: "2026-09-01T00:00:00.000Z", end: "2026-10-01T00:00:00.000Z" },
      validUntil: Date.UTC(2026, 11, 1),
    });
  });

  it("that runs is compared with as much of the one before", () => {
    expect(rangeOf("today").before).toEqual({ start: "2026-11-22T00:00:00.000Z", end: "2026-11-22T12:30:00.000Z" });
    expect(rangeOf("month").before).toEqual({ start: "2026-10-01T00:00:00.000Z", end: "2026-10-23T12:30:00.000Z" });
  });

  it("moves on exactly when the hour is over", () => {
    const end = Date.parse(rangeOf("24h").end);
    expect(rangeOf("24h", NONE, end - 1).end).toBe("2026-11-23T13:00:00.000Z");
    expect(rangeOf("24h", NONE, end).end).toBe("2026-11-23T14:00:00.000Z");
    expect(rangeOf("24h", NONE, end - 1).validUntil).toBe(end);
  });
});

describe("own dates", () => {
  it("count their last day, or end with a moment", () => {
    expect(rangeOf("own", { from: "2026-11-01", to: "2026-11-02" })).toMatchObject({
      start: "2026-11-01T00:00:00.000Z",
      end: "2026-11-03T00:00:00.000Z",
      before: { start: "2026-10-30T00:00:00.000Z", end: "2026-11-01T00:00:00.000Z" },
      interval: "HOUR",
      validUntil: null,
    });
    const moments = { from: "2026-11-01T10:00:00Z", to: "2026-11-01T11:00:00Z" };
    expect(ownBounds(moments)).toEqual([Date.UTC(2026, 10, 1, 10), Date.UTC(2026, 10, 1, 11)]);
    expect(rangeOf("own", { from: "2025-01-01", to: "2026-06-30" }).interval).toBe("MONTH");
  });

  it("are none when they are not days, or the wrong way round", () => {
    expect(ownBounds({ from: "2026-11-02", to: "2026-11-01" })).toBeNull();
    expect(ownBounds({ from: "2026-11-01", to: "2026-11-2" })).toBeNull();
    expect(ownBounds({ from: "yesterday", to: "2026-11-01" })).toBeNull();
    expect(ownBounds(NONE)).toBeNull();
  });
});
