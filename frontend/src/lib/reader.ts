/** Who looks at the page, as far as it decides what they may do. */
export interface Reader {
  id: string;
  role: string;
}

/** What the reader may do with a thing of somebody's: all of it, what an admin may, or only look. */
export type Standing = "owner" | "admin" | "onlooker";

export function standingOf(reader: Reader | null | undefined, owner: { id: string } | null | undefined): Standing {
  if (!reader || isAuditor(reader)) return "onlooker";
  if (owner?.id === reader.id) return "owner";
  return reader.role === "ADMIN" ? "admin" : "onlooker";
}

export const isAdmin = (reader: Reader | null | undefined) => reader?.role === "ADMIN";

/** Auditors change nothing but their own account; what is theirs from before they may only look at. */
export const isAuditor = (reader: Pick<Reader, "role"> | null | undefined) => reader?.role === "AUDITOR";

/** Said where an auditor would else look for what others may do. */
export const AUDITORS_LOOK = "As an auditor you may look at everything and change nothing.";
