import { isAdmin, type Reader } from "../../lib/reader";

export type PersonAction = "disable" | "enable" | "offboard" | "erase";

/** What the reader may do with a person: admins only, and nothing with themselves or with whom nobody can be any more. */
export function personActions(
  person: { readonly id: string; readonly disabledAt: string | null | undefined; readonly erasedAt: string | null | undefined },
  reader: Reader | null | undefined,
): { action: PersonAction; title: string; isDanger?: boolean }[] {
  if (!isAdmin(reader) || person.id === reader?.id || person.erasedAt) return [];
  return [
    person.disabledAt ? { action: "enable", title: "Enable" } : { action: "disable", title: "Disable" },
    { action: "offboard", title: "Offboard", isDanger: true },
    { action: "erase", title: "Erase", isDanger: true },
  ];
}

/** What `StatusLabel` calls it. */
export function personStatus(person: { readonly disabledAt: string | null | undefined; readonly erasedAt: string | null | undefined }) {
  if (person.erasedAt) return "ERASED";
  return person.disabledAt ? "DISABLED" : "ACTIVE";
}
