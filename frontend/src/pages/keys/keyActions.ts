import type { Standing } from "../../lib/reader";

export type KeyChange = "block" | "unblock" | "finish" | "undo" | "repair" | "adopt";
export type KeyAction = KeyChange | "edit" | "rotate" | "leak" | "revoke";

interface Named {
  action: KeyAction;
  title: string;
  isDanger?: boolean;
}

const EDIT: Named = { action: "edit", title: "Edit" };
const ROTATE: Named = { action: "rotate", title: "Rotate" };
const BLOCK: Named = { action: "block", title: "Block" };
const UNBLOCK: Named = { action: "unblock", title: "Unblock" };
const FINISH: Named = { action: "finish", title: "Finish the rotation" };
const UNDO: Named = { action: "undo", title: "Undo the rotation" };
const LEAK: Named = { action: "leak", title: "I leaked this", isDanger: true };
const LEAKED: Named = { action: "leak", title: "It leaked", isDanger: true };
const REVOKE: Named = { action: "revoke", title: "Revoke", isDanger: true };
const REPAIR: Named = { action: "repair", title: "Repair" };
const ADOPT: Named = { action: "adopt", title: "Adopt" };

/** Only an owner changes a key and gets its secrets; an admin may end what is somebody else's. */
const BY_STATUS: Record<string, Record<Exclude<Standing, "onlooker">, readonly Named[]>> = {
  ACTIVE: { owner: [EDIT, ROTATE, BLOCK, LEAK, REVOKE], admin: [BLOCK, LEAKED, REVOKE] },
  ROTATING: { owner: [EDIT, FINISH, UNDO, BLOCK, LEAK, REVOKE], admin: [FINISH, UNDO, BLOCK, LEAKED, REVOKE] },
  BLOCKED: { owner: [EDIT, ROTATE, UNBLOCK, LEAK, REVOKE], admin: [UNBLOCK, LEAKED, REVOKE] },
  EXPIRED: { owner: [REVOKE], admin: [REVOKE] },
};

interface KeyState {
  status: string;
  drift: readonly unknown[];
}

/** What the reader can do with a key as it is. */
export function keyActions({ status, drift }: KeyState, standing: Standing, mayAdopt: boolean): readonly Named[] {
  if (standing === "onlooker") return [];
  const drifted = drift.length > 0 ? [REPAIR, ...(mayAdopt ? [ADOPT] : [])] : [];
  return [...drifted, ...(BY_STATUS[status]?.[standing] ?? [])];
}

/** Whether it works no longer and never will again. */
export const isOver = (status: string) => ["EXPIRED", "REVOKED", "FAILED"].includes(status);
