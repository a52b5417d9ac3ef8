import { describe, expect, it } from "vitest";

import { explainNotification, type NotificationFacts } from "./notifications";

const NOW = Date.UTC(2026, 10, 23, 12);
const facts = (changes: Partial<NotificationFacts>): NotificationFacts => ({
  kind: "API_KEY_EXPIRES",
  days: null,
  expiresAt: null,
  actor: null,
  reason: null,
  name: "bot",
  ...changes,
});
const at = (days: number) => new Date(NOW + days * 86_400_000).toISOString();

describe("a notification", () => {
  it.each([
    [14, "warning", "The key “bot” expires in 14 days"],
    [7, "danger", "The key “bot” expires in 7 days"],
    [-2, "danger", "The key “bot” expired 2 days ago"],
  ])("of a key that ends in %i days", (days, tone, title) => {
    const shown = explainNotification(facts({ days: Math.max(1, days), expiresAt: at(days) }), NOW);
    expect(shown).toMatchObject({ tone, title });
  });

  it.each([
    [2, "Your role ends in 2 days"],
    [-1, "Your role ended yesterday"],
  ])("of a role that ends in %i days", (days, title) => {
    const shown = explainNotification(facts({ kind: "ROLE_EXPIRES", expiresAt: at(days) }), NOW);
    expect(shown).toMatchObject({ tone: "warning", title });
    expect(shown.text).toContain("Sign in again");
  });

  it("of a decision says who, and why", () => {
    const denied = { kind: "SUBSCRIPTION_DENIED", actor: "ada", reason: "Use gpt-5-mini.", name: "gpt-5" };
    expect(explainNotification(facts(denied), NOW)).toEqual({
      tone: "danger",
      title: "Your request for gpt-5 was denied",
      text: "ada: “Use gpt-5-mini.”",
    });
    expect(explainNotification(facts({ kind: "API_KEY_UNBLOCKED", actor: "ada" }), NOW).text).toBe("By ada.");
  });

  it("of a limit that is used up says until when", () => {
    const shown = explainNotification(facts({ kind: "QUOTA_EXHAUSTED", name: "gpt-5", expiresAt: at(1) }), NOW);
    expect(shown.title).toBe("A limit for gpt-5 is used up");
    expect(shown.text).toContain("Nov 24, 2026");
  });

  it("of a kind that is not known is shown by its name", () => {
    expect(explainNotification(facts({ kind: "TEAM_JOINED" }), NOW)).toEqual({ tone: "info", title: "Team joined", text: "" });
  });
});
