/**
 * A gateway in memory: it answers the pages' own trusted documents by the project's own schema, so a document that the
 * schema does not know fails here as it would there. What it knows is plain data that a test can change.
 */

export { aNotification, aSession, aToken, TOKEN_SECRET } from "./account";
export { NOW, nodeId, type Row } from "./base";
export { aModel, aPolicy, aSubscription } from "./catalog";
export { type BackendData, someData } from "./data";
export { CodedError } from "./errors";
export { aKey, SECRET } from "./keys";
export { aLedger, anEntry, aSystem } from "./operations";
export { ADA, ALICE, RECEIPT } from "./people";
export { Backend } from "./server";
export { totals } from "./totals";
export { aCall, someUsage } from "./usage";
