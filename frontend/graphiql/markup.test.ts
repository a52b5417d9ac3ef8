import { describe, expect, it } from "vitest";

import { withoutStyles } from "./markup";

describe("markup without style attributes", () => {
  it.each([
    ['<div style="top:0px;height:20px;" class="view-line">', '<div data-inline-style="top:0px;height:20px;" class="view-line">'],
    ["<i style='left:1px'></i>", "<i data-inline-style='left:1px'></i>"],
    ['<br\n STYLE = "a"/>', '<br\n data-inline-style = "a"/>'],
    ['<b title="x > y" style="a"><b style="b">', '<b title="x > y" data-inline-style="a"><b data-inline-style="b">'],
  ])("%s", (given, made) => {
    expect(withoutStyles(given)).toBe(made);
  });

  it.each(['a style="b"', '&lt;b style="a"&gt;', '<b title=" style=1">', '<b data-style="a">', "1 < 2 style=3", ""])(
    "has nothing to take from %s",
    (given) => {
      expect(withoutStyles(given)).toBe(given);
    },
  );
});
