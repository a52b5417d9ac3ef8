import { HOUR, iso, nodeId, type Row } from "./base";

export function anEntry(number: number, changes: Row = {}): Row {
  return {
    __typename: "AuditEntry",
    id: nodeId("AuditEntry", number),
    at: iso(number * HOUR),
    actor: "alice",
    action: "key.created",
    target: "api_key:00000000-0000-0000-0000-000000000001",
    targetId: nodeId("ApiKey", 1),
    outcome: "DONE",
    requestId: `request-${number}`,
    address: "10.0.0.7",
    facts: [{ name: "name", value: "invoice bot" }],
    ...changes,
  };
}

/** An installation in which all is well. */
export function aSystem(changes: Row = {}): Row {
  return {
    version: "1.0.0",
    databaseRevision: "0002",
    liteLLM: { reachable: true, checkedAt: iso(0), version: "1.108.5", verdict: "GOOD", verdictReason: null, circuit: "CLOSED" },
    settlement: { waiting: 0, failingSince: null },
    driftedKeys: 0,
    jobs: [],
    ...changes,
  };
}

/** A ledger that was compared up to a minute ago. */
export function aLedger(changes: Row = {}): Row {
  return {
    checkedUntil: iso(60_000),
    lagSeconds: 60,
    settleSeconds: 60,
    newestEventAt: iso(1_000),
    gaps: [],
    gapSeconds: 0,
    repaired: 0,
    repairs: [],
    mismatches: 0,
    mismatchExamples: [],
    missingInLog: 0,
    history: null,
    lastError: null,
    failingSince: null,
    nextTryAt: null,
    ...changes,
  };
}
