import { DAY, HOUR, iso, nodeId, type Row } from "./base";
import { ALICE } from "./people";

export const TOKEN_SECRET = "lmt_test0123456789abcdefghijklmnop";

export function aNotification(number: number, changes: Row = {}): Row {
  return {
    __typename: "Notification",
    id: nodeId("Notification", number),
    kind: "API_KEY_BLOCKED",
    actor: "ada",
    reason: null,
    days: null,
    expiresAt: null,
    createdAt: iso(HOUR),
    readAt: null,
    subscription: null,
    model: null,
    apiKey: null,
    ...changes,
  };
}

export function aSession(number: number, changes: Row = {}): Row {
  return {
    __typename: "LoginSession",
    id: nodeId("LoginSession", number),
    createdAt: iso(3 * HOUR),
    lastSeenAt: iso(HOUR),
    expiresAt: iso(-21 * HOUR),
    address: "10.0.0.7",
    userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    current: false,
    ...changes,
  };
}

export function aToken(number: number, changes: Row = {}): Row {
  return {
    __typename: "AccessToken",
    id: nodeId("AccessToken", number),
    name: `token ${number}`,
    lastFour: "x9y8",
    scopes: ["READ"],
    status: "ACTIVE",
    createdAt: iso(DAY),
    expiresAt: iso(-89 * DAY),
    revokedAt: null,
    lastUsedAt: null,
    lastUsedAddress: null,
    user: ALICE,
    ...changes,
  };
}
