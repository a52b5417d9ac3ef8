import { useSyncExternalStore } from "react";

/** One clock for the page, stopped while nobody looks at it. */
function createClock(interval: number) {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    subscribe(listener: () => void) {
      listeners.add(listener);
      if (timer === undefined) {
        now = Date.now();
        timer = setInterval(() => {
          now = Date.now();
          for (const each of listeners) each();
        }, interval);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
    // Moves only in the two places above: a snapshot that changed while React renders would make it start over, and
    // on a slow machine never finish.
    read: () => now,
  };
}

const slow = createClock(10_000);
const quick = createClock(1_000);

/** The time, moving on every ten seconds, or every second where that matters. Milliseconds since the epoch. */
export function useNow(pace: "slow" | "quick" = "slow"): number {
  const clock = pace === "quick" ? quick : slow;
  return useSyncExternalStore(clock.subscribe, clock.read);
}
