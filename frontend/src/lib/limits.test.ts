import { describe, expect, it } from "vitest";

import { checkLimits, estimateMonthlyCost, exceedsLimits, limitInput, limitValues, plainAmount } from "./limits";

const none = limitValues({});

describe("limits in a form", () => {
  it("come from the schema's and go back as they came", () => {
    const limits = {
      maxBudget: "5.5",
      maxRequests: 1000,
      maxTokens: null,
      budgetDuration: "30d",
      rpmLimit: 60,
      tpmLimit: null,
    };
    expect(limitInput(limitValues(limits))).toEqual(limits);
  });

  it.each([
    ["5.500000", "5.5"],
    ["10.00", "10"],
    ["100", "100"],
    ["", ""],
  ])("lose the zeros of the database: %s", (stored, shown) => expect(plainAmount(stored)).toBe(shown));

  it("are null when empty, and a window without anything to count is none", () => {
    expect(Object.values(limitInput({ ...none, budgetDuration: "30d" }))).toEqual([null, null, null, null, null, null]);
  });

  it.each([
    [".5", "0.5"],
    ["12.", "12"],
  ])("%s is sent as the decimal %s", (typed, sent) =>
    expect(limitInput({ ...none, maxBudget: typed }).maxBudget).toBe(sent),
  );

  it.each([
    [{ maxBudget: "0" }, ["maxBudget"]],
    [{ maxBudget: "-1" }, ["maxBudget"]],
    [{ maxRequests: "1.5", rpmLimit: "0" }, ["maxRequests", "rpmLimit"]],
    [{ tpmLimit: "2147483648" }, ["tpmLimit"]],
    [{ maxTokens: "2147483648" }, []],
    [{}, []],
  ])("are checked before they are sent: %j", (typed, wrong) =>
    expect(Object.keys(checkLimits({ ...none, ...typed }))).toEqual(wrong),
  );
});

describe("what limits may cost in 30 days", () => {
  const prices = { inputCostPerMillion: "0.15", outputCostPerMillion: "0.6" };

  it.each([
    [{ maxBudget: "10" }, "10.00"],
    [{ maxBudget: "10", budgetDuration: "7d" }, "42.86"],
    [{ maxBudget: "2", budgetDuration: "1d" }, "60.00"],
    [{ maxBudget: "5", budgetDuration: "1mo" }, "5.00"],
    [{ maxTokens: "1000000", budgetDuration: "24h" }, "18.00"],
    [{ tpmLimit: "1000" }, "25.92"],
    [{ maxBudget: "100", maxTokens: "1000000", tpmLimit: "1000" }, "0.60"],
    [{ maxRequests: "10", rpmLimit: "1" }, null],
    [{}, null],
  ])("%j: %s", (typed, cost) => expect(estimateMonthlyCost(limitInput({ ...none, ...typed }), prices)).toBe(cost));

  it("has no bound by tokens where no price is known", () => {
    const unknown = { inputCostPerMillion: null, outputCostPerMillion: undefined };
    expect(estimateMonthlyCost({ maxTokens: 5 }, unknown)).toBeNull();
  });
});

describe("limits that an admin has to decide on", () => {
  const granted = { maxBudget: "10.000000", maxRequests: null, maxTokens: null, budgetDuration: "30d", rpmLimit: 60, tpmLimit: null };

  it.each([
    [granted, false],
    [{ ...granted, maxBudget: "9" }, false],
    [{ ...granted, maxBudget: "10.01" }, true],
    [{ ...granted, maxBudget: null }, true],
    [{ ...granted, budgetDuration: "1d" }, true],
    [{ ...granted, rpmLimit: 600 }, true],
    [{ ...granted, maxTokens: 5 }, false],
  ])("%j: %s", (asked, exceeds) => expect(exceedsLimits(asked, granted)).toBe(exceeds));

  it("are none where nothing was limited", () => expect(exceedsLimits({ maxBudget: "5", budgetDuration: "1d" }, {})).toBe(false));
});
