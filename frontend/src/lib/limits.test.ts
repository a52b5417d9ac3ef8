import { describe, expect, it } from "vitest";

import { checkLimits, limitInput, limitValues, plainAmount } from "./limits";

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
