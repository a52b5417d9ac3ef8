import { describe, expect, it } from "vitest";

import { formatMoney, formatPrice } from "./money";

describe("formatMoney", () => {
  it.each([
    ["0", "$0.00"],
    ["0.000000", "$0.00"],
    ["12.5", "$12.50"],
    ["1234567.891", "$1,234,567.89"],
    ["0.6", "$0.60"],
    ["0.0421", "$0.0421"],
    ["0.000051", "$0.000051"],
    ["0.00005099999", "$0.000051"],
    ["-3", "-$3.00"],
  ])("shows %s as %s", (amount, shown) => {
    expect(formatMoney(amount)).toBe(shown);
  });

  it("keeps digits that a float would lose", () => {
    expect(formatMoney("90071992547409931.25")).toBe("$90,071,992,547,409,931.25");
  });

  it("shows what is no number as it came", () => {
    expect(formatMoney("n/a")).toBe("n/a");
  });
});

describe("formatPrice", () => {
  it("tells a missing price from a free model", () => {
    expect(formatPrice(null)).toBe("No price set");
    expect(formatPrice("0.0")).toBe("Free");
    expect(formatPrice("0.15")).toBe("$0.15");
  });
});
