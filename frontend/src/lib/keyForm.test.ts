import { expect, it } from "vitest";

import { checkKeyForm, emptyKeyForm, keyFormInput } from "./keyForm";

const NOW = Date.UTC(2026, 10, 23, 12);
const good = { ...emptyKeyForm(["m1"]), name: " invoice bot " };

it("has nothing against a good form", () => {
  expect(checkKeyForm(good, NOW)).toEqual({});
});

it.each([
  [{ name: "  " }, "name"],
  [{ name: "x".repeat(101) }, "name"],
  [{ modelIds: [] }, "modelIds"],
  [{ maxBudget: "0" }, "maxBudget"],
  [{ maxBudget: "-1" }, "maxBudget"],
  [{ maxBudget: "1e3" }, "maxBudget"],
  [{ maxBudget: "12,50" }, "maxBudget"],
  [{ rpmLimit: "1.5" }, "rpmLimit"],
  [{ rpmLimit: "0" }, "rpmLimit"],
  [{ tpmLimit: "9999999999" }, "tpmLimit"],
  [{ expiry: "date", expiryDate: "" }, "expiresAt"],
  [{ expiry: "date", expiryDate: "2020-01-01" }, "expiresAt"],
])("finds what is wrong with %j", (changes, field) => {
  expect(Object.keys(checkKeyForm({ ...good, ...changes }, NOW))).toEqual([field]);
});

it("sends a budget as it was typed, digit by digit", () => {
  const input = keyFormInput({ ...good, maxBudget: "0.1000000000000000055", budgetDuration: "30d" }, NOW);
  expect(input).toEqual({
    name: "invoice bot",
    modelIds: ["m1"],
    maxBudget: "0.1000000000000000055",
    budgetDuration: "30d",
    rpmLimit: null,
    tpmLimit: null,
    expiresAt: "2027-02-21T12:00:00.000Z",
  });
});

it("sends no budget window without a budget", () => {
  expect(keyFormInput({ ...good, budgetDuration: "30d" }, NOW)).toMatchObject({ maxBudget: null, budgetDuration: null });
});

it("sends no expiry when there is to be none", () => {
  expect(keyFormInput({ ...good, expiry: "" }, NOW).expiresAt).toBeNull();
});
