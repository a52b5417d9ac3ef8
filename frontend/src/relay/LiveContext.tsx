import { createContext, use, useSyncExternalStore } from "react";

import { type LiveStatus, liveStatus, type LiveState } from "../lib/liveState";
import { useNow } from "../lib/useNow";
import type { LiveConnection } from "./live";

/** The tab's live connection, provided by main.tsx. */
export const LiveContext = createContext<LiveConnection | null>(null);

/** How fresh the page may claim to be, and when the server was last heard. */
export function useLiveStatus(paused: boolean): { status: LiveStatus; lastHeard: LiveState["lastHeard"] } {
  const connection = use(LiveContext);
  if (!connection) throw new Error("useLiveStatus needs a LiveContext around it.");
  const state = useSyncExternalStore(connection.onChange, connection.getState);
  const now = useNow("quick");
  return { status: liveStatus(state, now, paused), lastHeard: state.lastHeard };
}
