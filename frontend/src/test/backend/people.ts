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
  disabledAt: null,
  openSubscriptions: 2,
  livingApiKeys: 1,
  recentUsage: totals(42, "1.234", 2),
};
export const ADA: Row = { ...ALICE, id: nodeId("User", 9), username: "ada", displayName: "Ada", role: "ADMIN" };
