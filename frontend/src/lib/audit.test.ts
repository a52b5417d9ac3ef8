import { describe, expect, it } from "vitest";

import { auditFilter, exportHref, parseAuditChoice } from "./auditChoice";
import { actionWords, readFacts, targetWords } from "./auditWords";

const NOW = Date.UTC(2026, 10, 23, 12);
const filterOf = (address: string) => auditFilter(parseAuditChoice(new URLSearchParams(address)), NOW);

describe("what the address says", () => {
  it.each([
    ["", {}],
    ["outcome=NONSENSE&when=nonsense", {}],
    ["q=+x+&actor=ada&action=key.&target=user&outcome=REFUSED", { search: "x", actor: "ada", action: "key.", target: "user", outcome: "REFUSED" }],
    ["when=1h", { since: "2026-11-23T11:00:00.000Z" }],
    ["when=own&from=2026-11-01&to=2026-11-02", { since: "2026-11-01T00:00:00.000Z", until: "2026-11-03T00:00:00.000Z" }],
    ["when=own&from=no-day", {}],
    ["from=2026-11-01", {}],
  ])("%s", (address, filter) => expect(filterOf(address)).toEqual(filter));

  it("is what is exported", () => {
    expect(exportHref(filterOf("actor=a+b&when=24h"), "csv")).toBe(
      "/exports/audit?format=csv&actor=a+b&since=2026-11-22T12%3A00%3A00.000Z",
    );
  });
});

describe("words", () => {
  it.each([
    ["key.rotation_finished", "Key rotation finished"],
    ["access_token.created", "Access token created"],
    ["approveModelSubscription", "Approve model subscription"],
    ["admin", "Admin"],
  ])("for what was done: %s", (action, words) => expect(actionWords(action)).toBe(words));

  it.each([
    ["api_key:1", "Key"],
    ["subscription:1", "Subscription"],
    ["user:1", "Person"],
    ["portal", "Portal"],
  ])("for what it was done to: %s", (target, words) => expect(targetWords(target)).toBe(words));
});

describe("facts", () => {
  const facts = (values: Record<string, string | null>) => readFacts(Object.entries(values).map(([name, value]) => ({ name, value })));

  it("put before and after beside each other", () => {
    expect(facts({ before: "PENDING", after: "ACTIVE", reason: null, limits: '{"rpm_limit":[null,"60"]}' })).toEqual({
      changes: [
        { name: "Value", before: "PENDING", after: "ACTIVE" },
        { name: "Rpm limit", before: "–", after: "60" },
      ],
      others: [],
    });
    expect(facts({ before: '{"max_budget":"10","models":["a"]}', after: '{"max_budget":"20","models":["a","b"]}' }).changes).toEqual([
      { name: "Max budget", before: "10", after: "20" },
      { name: "Models", before: '["a"]', after: '["a","b"]' },
    ]);
    expect(facts({ access: '["OPEN","HIDDEN"]' }).changes).toEqual([{ name: "Access", before: "OPEN", after: "HIDDEN" }]);
  });

  it("leave the rest as it is", () => {
    expect(facts({ name: "bot", scopes: '["READ","ADMIN"]', sessions: "2", overlap: "86400", ended: '{"keys":1}', why: null })).toEqual({
      changes: [],
      others: [
        { name: "Name", value: "bot" },
        { name: "Scopes", value: "READ, ADMIN" },
        { name: "Sessions", value: "2" },
        { name: "Overlap", value: "24 h" },
        { name: "Ended", value: '{"keys":1}' },
      ],
    });
  });
});
