import { expect, it } from "vitest";

import { loginHref, safeNextPath, signInPath } from "./nextPath";

const ORIGIN = "https://maas.example.com";

it.each([
  ["/keys?create=1#top", "/keys?create=1#top"],
  [null, "/"],
  ["", "/"],
  ["keys", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example/", "/"],
  ["javascript:alert(1)", "/"],
  ["/\t/evil.example", "/"],
  ["/auth/logout", "/"],
  ["/sign-in?next=/keys", "/"],
])("leads from %j to %s", (next, path) => {
  expect(safeNextPath(next, ORIGIN)).toBe(path);
});

it("leads back to the page where the session ended", () => {
  expect(signInPath("/usage?range=30d", true, ORIGIN)).toBe("/sign-in?next=%2Fusage%3Frange%3D30d&expired=1");
  expect(signInPath("/", false, ORIGIN)).toBe("/sign-in");
});

it("adds the next page to the login address, whatever that has already", () => {
  expect(loginHref("/auth/login", "/keys")).toBe("/auth/login?next=%2Fkeys");
  expect(loginHref("/auth/login?idp=a", "/")).toBe("/auth/login?idp=a&next=%2F");
});
