import { type Reader, standingOf } from "../../lib/reader";

export type AdminAction = "suspend" | "resume" | "change";

interface Named {
  action: AdminAction;
  title: string;
  isDanger?: boolean;
}

const SUSPEND: Named = { action: "suspend", title: "Suspend", isDanger: true };
const RESUME: Named = { action: "resume", title: "Resume" };
const CHANGE: Named = { action: "change", title: "Change the limits" };

const BY_STATUS: Record<string, readonly Named[]> = { ACTIVE: [CHANGE, SUSPEND], SUSPENDED: [RESUME, CHANGE] };

interface Owned {
  status: string;
  user: { id: string } | null | undefined;
}

/** What an admin can do with somebody's subscription. Nobody gives himself more, but anybody may be put on hold. */
export function adminActions({ status, user }: Owned, reader: Reader | null | undefined): readonly Named[] {
  if (reader?.role !== "ADMIN") return [];
  const actions = BY_STATUS[status] ?? [];
  return standingOf(reader, user) === "owner" ? actions.filter(({ action }) => action === "suspend") : actions;
}
