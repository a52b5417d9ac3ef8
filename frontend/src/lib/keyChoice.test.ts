import { describe, expect, it } from "vitest";

import { isFiltered, keyVariables, parseKeyChoice } from "./keyChoice";

const parse = (address: string) => parseKeyChoice(new URLSearchParams(address));

describe("which keys a list shows", () => {
  it("asks for nothing that is at its default", () => {
    expect(Object.values(keyVariables(parse(""))).every((value) => value === undefined)).toBe(true);
    expect(isFiltered(parse("order=NAME"))).toBe(false);
  });

  it("is read from the address", () => {
    const choice = parse("status=ACTIVE&status=BLOCKED&q=bot&unused=60&drifted=1&order=LAST_USED");
    expect(keyVariables(choice)).toEqual({
      status: ["ACTIVE", "BLOCKED"],
      search: "bot",
      unusedDays: 60,
      drifted: true,
      orderBy: "LAST_USED",
    });
    expect(isFiltered(choice)).toBe(true);
  });

  it("leaves out what does not exist", () => {
    expect(isFiltered(parse("status=NONSENSE&unused=7&drifted=yes&order=constructor"))).toBe(false);
    expect(parse("order=constructor").order).toBe("NEWEST");
  });
});
