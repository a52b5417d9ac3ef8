import { expect, it } from "vitest";

import { addMoney, largest } from "./breakdown";
import { cellFormat, heatLevel, LEVELS } from "./heat";
import { trendText } from "./trend";

const slice = (number: number) => ({
  key: String(number),
  label: `part ${number}`,
  totals: { requests: number, failures: 0, promptTokens: 0, completionTokens: 0, spend: "0.1" },
});

it("takes the smallest parts together, exactly", () => {
  const { parts, others } = largest(Array.from({ length: 12 }, (_, number) => slice(number)), "requests", false);
  expect(parts.map(({ key }) => key)).toEqual(["11", "10", "9", "8", "7", "6", "5", "4"]);
  expect(others).toMatchObject({ requests: 6, spend: "0.4" });
});

it("leaves none out when there are few, or when all are wanted", () => {
  const few = Array.from({ length: 9 }, (_, number) => slice(number));
  expect(largest(few, "spend", false)).toMatchObject({ others: null });
  expect(largest([...few, ...few], "spend", true).parts).toHaveLength(18);
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
