/** Who looks at the page, as far as it decides what they may do. */
export interface Reader {
  id: string;
  role: string;
}

/** What the reader may do with a thing of somebody's: all of it, what an admin may, or only look. */
export type Standing = "owner" | "admin" | "onlooker";

export function standingOf(reader: Reader | null | undefined, owner: { id: string } | null | undefined): Standing {
  if (!reader || reader.role === "AUDITOR") return "onlooker";
  if (owner?.id === reader.id) return "owner";
  return reader.role === "ADMIN" ? "admin" : "onlooker";
}

export const isAdmin = (reader: Reader | null | undefined) => reader?.role === "ADMIN";
