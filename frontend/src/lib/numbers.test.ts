import { expect, it } from "vitest";

import { formatCount, formatSuccessRate, formatTokens } from "./numbers";

it.each([
  [131072, "128K"],
  [8192, "8K"],
  [200000, "200K"],
  [1048576, "1M"],
  [1000000, "1M"],
  [512, "512"],
])("says a context window of %d as %s", (tokens, shown) => {
  expect(formatTokens(tokens)).toBe(shown);
});

it("keeps large counts exact", () => {
  expect(formatCount(9007199254740991)).toBe("9,007,199,254,740,991");
});

it("never rounds a failure away", () => {
  expect(formatSuccessRate(100000, 1)).toBe("99.9%");
  expect(formatSuccessRate(10, 0)).toBe("100%");
  expect(formatSuccessRate(0, 0)).toBe("–");
});
