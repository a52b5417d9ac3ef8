import { useSyncExternalStore } from "react";

/** Who only looks something up in another tab interrupts nothing. */
export const GRACE = 3_000;

const listeners = new Set<() => void>();
let isHidden = false;
let timer: ReturnType<typeof setTimeout> | undefined;

function set(hidden: boolean): void {
  isHidden = hidden;
  for (const listener of listeners) listener();
}

function look(): void {
  clearTimeout(timer);
  if (document.hidden) timer = setTimeout(() => set(true), GRACE);
  else set(false);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    document.addEventListener("visibilitychange", look);
    look();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

/** Whether the tab has been in the background for some seconds, where nobody sees what it shows. */
export function usePageHidden(): boolean {
  return useSyncExternalStore(subscribe, () => isHidden);
}
