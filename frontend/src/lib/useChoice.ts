import { useCallback, useDeferredValue, useMemo } from "react";

import { type AddressChanges, useAddress } from "./useAddress";

/** What a list's address chooses, and the ways to choose otherwise. */
export interface Choosing<T> {
  choice: T;
  /** The same, but only as soon as there is time to look it up: the boxes follow at once, the list when it can. */
  shown: T;
  change: (changes: AddressChanges, replace?: boolean) => void;
  /** Looks for words. */
  search: (words: string) => void;
  /** Takes every filter away. */
  clear: () => void;
}

/** `parse` reads the address; `everything` is what it says when nothing is left out. Both must be the same on each call. */
export function useChoice<T>(parse: (params: URLSearchParams) => T, everything: AddressChanges): Choosing<T> {
  const [params, change] = useAddress();
  const choice = useMemo(() => parse(params), [parse, params]);
  const shown = useDeferredValue(choice);
  const search = useCallback((q: string) => change({ q }, true), [change]);
  const clear = useCallback(() => change(everything), [change, everything]);
  return { choice, shown, change, search, clear };
}
