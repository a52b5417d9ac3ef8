import { expect, it } from "vitest";

import { modelVariables, parseModelSearch, writeModelSearch } from "./modelSearch";

it("writes an address that reads back the same", () => {
  const search = {
    search: "gpt & friends",
    provider: ["openai", "azure/eu"],
    mode: ["CHAT"],
    capability: ["VISION", "REASONING"],
    access: ["OPEN"],
    order: "INPUT_COST" as const,
    view: "table" as const,
  };
  const address = writeModelSearch(search).toString();
  expect(parseModelSearch(new URLSearchParams(address))).toEqual(search);
});

it("leaves out what is at its default", () => {
  expect(writeModelSearch(parseModelSearch(new URLSearchParams())).toString()).toBe("");
});

it("reads a mistyped order or view as the default", () => {
  expect(parseModelSearch(new URLSearchParams("order=PRICE&view=grid"))).toMatchObject({ order: "NAME", view: "cards" });
});

it("asks without a filter when nothing is filtered", () => {
  expect(modelVariables(parseModelSearch(new URLSearchParams("q=%20%20")))).toEqual({
    filter: undefined,
    orderBy: "NAME",
  });
  expect(modelVariables(parseModelSearch(new URLSearchParams("q=x&capability=VISION"))).filter).toEqual({
    search: "x",
    capabilities: ["VISION"],
  });
});
