import { isAdmin, type Reader } from "../../lib/reader";

export type PersonAction = "disable" | "enable" | "offboard";

/** What the reader may do with a person: admins only, and nothing with themselves. */
export function personActions(
  person: { readonly id: string; readonly disabledAt: string | null | undefined },
  reader: Reader | null | undefined,
): { action: PersonAction; title: string; isDanger?: boolean }[] {
  if (!isAdmin(reader) || person.id === reader?.id) return [];
  return [
    person.disabledAt ? { action: "enable", title: "Enable" } : { action: "disable", title: "Disable" },
    { action: "offboard", title: "Offboard", isDanger: true },
  ];
}
