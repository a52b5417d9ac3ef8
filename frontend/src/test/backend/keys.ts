import { DAY, iso, nodeId, type Row } from "./base";
import { ALICE } from "./people";

export const SECRET = "sk-test-0123456789abcdefghijklmnop";

export function aKey(number: number, models: Row[], changes: Row = {}): Row {
  return {
    __typename: "ApiKey",
    id: nodeId("ApiKey", number),
    name: `key ${number}`,
    prefix: "sk-lm",
    lastFour: "a1b2",
    status: "ACTIVE",
    models,
    maxBudget: null,
    budgetDuration: null,
    rpmLimit: null,
    tpmLimit: null,
    spend: "0.0123",
    createdAt: iso(2 * DAY),
    expiresAt: iso(-88 * DAY),
    lastUsedAt: null,
    inSync: true,
    drift: [],
    user: ALICE,
    generations: [
      {
        number: 1,
        prefix: "sk-lm",
        lastFour: "a1b2",
        status: "ACTIVE",
        createdAt: iso(2 * DAY),
        endsAt: null,
        lastUsedAt: null,
        requestsLastDay: 0,
      },
    ],
    ...changes,
  };
}
