import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** What to set in the address; null or nothing takes a name out of it. */
export type AddressChanges = Record<string, string | readonly string[] | null>;

/** The parameters with some of them changed. */
export function withChanges(params: URLSearchParams, changes: AddressChanges): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const each of typeof value === "string" ? [value] : (value ?? [])) if (each) next.append(name, each);
  }
  return next;
}

/** The page's state as its address has it, and a way to change some of it, which "back" undoes unless it replaces. */
export function useAddress(): [URLSearchParams, (changes: AddressChanges, replace?: boolean) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (changes: AddressChanges, replace = false) =>
      setParams((current) => withChanges(current, changes), { replace, flushSync: true, preventScrollReset: true }),
    [setParams],
  );
  return [params, change];
}
