import { expect, it } from "vitest";

import { addMoney, largest } from "./breakdown";
import { cellFormat, heatLevel, LEVELS } from "./heat";
import { trendText } from "./trend";

const slice = (number: number) => ({
  key: String(number),
  label: `part ${number}`,
  totals: { requests: number, failures: 0, promptTokens: 0, completionTokens: 0, spend: "0.1" },
});

const whole = { ...slice(500).totals, spend: "50.25" };

it("takes the smallest parts together, exactly", () => {
  const { parts, others } = largest(Array.from({ length: 12 }, (_, number) => slice(number)), whole, "requests", false);
  expect(parts.map(({ key }) => key)).toEqual(["11", "10", "9", "8", "7", "6", "5", "4"]);
  expect(others).toMatchObject({ requests: 6, spend: "0.4" });
});

it("leaves none out when there are few, or when all are wanted", () => {
  const few = Array.from({ length: 9 }, (_, number) => slice(number));
  expect(largest(few, whole, "spend", false)).toMatchObject({ others: null });
  expect(largest([...few, ...few], whole, "spend", true)).toMatchObject({ parts: { length: 18 }, others: null });
});

it("counts those that the server does not tell of among the others", () => {
  const all = Array.from({ length: 100 }, () => slice(1));
  expect(largest(all, whole, "requests", false).others).toMatchObject({ requests: 492, spend: "49.45" });
  expect(largest(all, whole, "requests", true).others).toMatchObject({ requests: 400, spend: "40.25" });
  expect(largest(all, { ...whole, requests: 100 }, "requests", true).others).toBeNull();
});

it("adds money without a float", () => {
  expect(addMoney("0.1", "0.2")).toBe("0.3");
  expect(addMoney("12", "0.000000000000000001")).toBe("12.000000000000000001");
  expect(addMoney("3", "4")).toBe("7");
});

it("says how a number compares with the one before", () => {
  const words = { more: "more", less: "less", same: "the same" };
  expect(trendText(112, 100, words)).toBe("12% more");
  expect(trendText(99, 100, words)).toBe("1% less");
  expect(trendText(100, 100.1, words)).toBe("the same");
  expect(trendText(5, 0, words)).toBeNull();
});

it("has a step for each value of a heatmap, and none for nothing", () => {
  expect([0, 0.01, 25, 100].map((value) => heatLevel(value, 100))).toEqual([0, 1, 3, LEVELS]);
  expect(cellFormat(0.139)(0.1111)).toBe(".11");
  expect(cellFormat(25)(3.2)).toBe("3.2");
});
