import { DAY, HOUR, iso, nodeId, type Row } from "./base";
import { totals } from "./totals";

export const ALICE: Row = {
  __typename: "User",
  id: nodeId("User", 1),
  username: "alice",
  displayName: "Alice",
  email: "alice@example.com",
  role: "USER",
  createdAt: iso(90 * DAY),
  lastSignedInAt: iso(HOUR),
  roleUntil: null,
  disabledAt: null,
  erasedAt: null,
  openSubscriptions: 2,
  livingApiKeys: 1,
  recentUsage: totals(42, "1.234", 2),
};
export const ADA: Row = { ...ALICE, id: nodeId("User", 9), username: "ada", displayName: "Ada", role: "ADMIN" };

/** What an erasure would end of whoever it is. */
export const ERASURE_IMPACT: Row = {
  username: "alice",
  sessions: 1,
  accessTokens: 2,
  keys: 3,
  subscriptions: 4,
  notifications: 5,
  auditEntries: 60,
};

/** What there is to tell of an erasure. */
export const RECEIPT: Row = {
  userId: nodeId("User", 1),
  pseudonym: "erased-000000000001",
  erasedAt: iso(0),
  sessions: 1,
  accessTokens: 2,
  keys: 3,
  subscriptions: 4,
  notifications: 5,
  texts: 7,
  auditEntries: 60,
};
