import { describe, expect, it } from "vitest";

import { checkTokenForm, scopesFor, tokenCurl, tokenFormInput, type TokenFormValues } from "./tokenForm";

const NOW = Date.UTC(2026, 10, 23, 12);
const VALUES: TokenFormValues = { name: " nightly ", scopes: ["READ"], expiry: "30", expiryDate: "" };

describe("a new access token", () => {
  it("has a name, scopes and an end", () => {
    expect(checkTokenForm(VALUES, NOW)).toEqual({});
    expect(tokenFormInput(VALUES, NOW)).toEqual({ name: "nightly", scopes: ["READ"], expiresAt: "2026-12-23T12:00:00.000Z" });
    expect(checkTokenForm({ ...VALUES, name: " ", scopes: [] }, NOW)).toEqual({
      name: "Give the token a name, so that you know it again.",
      scopes: "Choose what the token may do.",
    });
    expect(checkTokenForm({ ...VALUES, name: "x".repeat(101) }, NOW).name).toBe("Use 100 characters at most.");
  });

  it.each([
    ["", "Choose a day."],
    ["2026-11-22", "Choose a day that is not over."],
    ["2028-01-01", "Choose a day within a year from now."],
    ["2027-11-20", undefined],
  ])("ends on a day that it may: %s", (expiryDate, error) =>
    expect(checkTokenForm({ ...VALUES, expiry: "date", expiryDate }, NOW).expiresAt).toBe(error),
  );

  it("is offered what its owner's role allows", () => {
    const scopes = (role: string) => scopesFor(role).map(({ scope }) => scope);
    expect(scopes("USER")).toEqual(["READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE"]);
    expect(scopes("AUDITOR")).toEqual(["READ", "ACCOUNT_WRITE", "ADMIN"]);
    expect(scopes("ADMIN")).toEqual(["READ", "KEYS_WRITE", "SUBSCRIPTIONS_WRITE", "ACCOUNT_WRITE", "ADMIN"]);
    for (const role of ["USER", "AUDITOR", "ADMIN"]) {
      for (const { description } of scopesFor(role)) expect(description).not.toBe("");
    }
  });

  it("comes with a first request", () => {
    expect(tokenCurl("https://maas.example", "lmt_x")).toContain("curl https://maas.example/graphql");
  });
});
