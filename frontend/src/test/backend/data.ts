import { aSession } from "./account";
import { HOUR, iso, type Row } from "./base";
import { aModel, aSubscription } from "./catalog";
import { aKey } from "./keys";
import { aLedger, aSystem } from "./operations";
import { ADA, ALICE } from "./people";
import { someUsage } from "./usage";

export interface BackendData {
  signedIn: boolean;
  /** Who is signed in. */
  reader: Row;
  liteLLM: { reachable: boolean; checkedAt: string };
  provider: string;
  models: Row[];
  subscriptions: Row[];
  keys: Row[];
  usage: Row;
  ledger: Row;
  notifications: Row[];
  sessions: Row[];
  tokens: Row[];
  people: Row[];
  auditLog: Row[];
  auditRemoval: Row | null;
  keyPolicy: Row;
  policies: Row[];
  system: Row;
  /** Fields that fail, by name, with the code that they fail with. */
  failures: Record<string, string>;
  /** In how many seconds what fails may be asked again. */
  retryAfter?: number;
  /** Mutations' answers that a test prescribes, by field name. */
  answers: Record<string, Row>;
}

export function someData(): BackendData {
  const chat = aModel(1, { name: "gpt-4o-mini" });
  const restricted = aModel(2, { name: "claude-opus", provider: "anthropic", access: "RESTRICTED" });
  const embedding = aModel(3, {
    name: "text-embedding",
    mode: "EMBEDDING",
    capabilities: [],
    outputCostPerMillion: "0",
    maxOutputTokens: null,
  });
  const models = [chat, restricted, embedding];
  return {
    signedIn: true,
    reader: ALICE,
    liteLLM: { reachable: true, checkedAt: iso(0) },
    provider: "SANDBOX",
    models,
    subscriptions: [aSubscription(1, chat), aSubscription(2, embedding)],
    keys: [aKey(1, [chat], { name: "invoice bot", lastUsedAt: iso(HOUR) })],
    usage: someUsage(chat),
    ledger: aLedger(),
    notifications: [],
    sessions: [aSession(1, { current: true })],
    tokens: [],
    people: [ALICE, ADA],
    auditLog: [],
    auditRemoval: null,
    policies: [],
    system: aSystem(),
    keyPolicy: {
      maxBudget: null,
      budgetDuration: null,
      rpmLimit: null,
      tpmLimit: null,
      maxParallelRequests: null,
      maxLifeDays: null,
      defaultLifeDays: null,
      maxKeys: null,
    },
    failures: {},
    answers: {},
  };
}
