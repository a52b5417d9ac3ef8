import { createContext, use } from "react";
import { useSearchParams } from "react-router";

import { ALL_CALLS } from "../../lib/callChoice";
import { type AddressChanges, withChanges } from "../../lib/useAddress";
import type { Asked } from "../../lib/usageChoice";
import { timeZone } from "../../lib/usageRange";

export type { Asked };

/** How the figures on a page stay fresh. */
export interface Freshness {
  /** Own figures move with each call; everybody's are asked for again. */
  isPaused: boolean;
  onRefreshed: () => void;
}

export const FreshnessContext = createContext<Freshness>({ isPaused: true, onRefreshed: () => {} });

const ALL_EVERY = 10_000;
/** What live ticks don't carry, since each costs more than all the rest. */
const SLOW_EVERY = 30_000;

/** How often to ask again for what ticks carry of one's own usage, and for what they don't. Milliseconds; null: never. */
export function useRefreshEvery(asked: Asked, isInTicks: boolean): number | null {
  const { isPaused } = use(FreshnessContext);
  if (isPaused || asked.range.validUntil === null) return null;
  if (asked.all) return ALL_EVERY;
  return isInTicks ? null : SLOW_EVERY;
}

/** The variables that all queries of a usage page have. */
export const askedVariables = ({ all, range, filter }: Asked) => ({
  all,
  range: { start: range.start, end: range.end },
  filter,
});

export const seriesVariables = ({ range }: Asked) => ({ interval: range.interval, timeZone: timeZone() });

/** Addresses of the same page with something changed. */
export function useUsageLink(): (changes: AddressChanges) => string {
  const [params] = useSearchParams();
  return (changes) => `?${withChanges(params, changes)}`;
}

/** The calls behind a number: those of the page, narrowed down by what is added. */
export const CALLS: AddressChanges = { view: "calls", ...ALL_CALLS };
