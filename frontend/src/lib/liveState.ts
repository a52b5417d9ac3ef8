/**
 * What a live page may claim about how fresh it is. The socket's events are folded into a state; the status is that
 * state seen at a time. All times are milliseconds since the epoch.
 */

export interface LiveState {
  socket: "idle" | "connecting" | "open" | "lost";
  /** When the server was last heard: a message, or its answer to a ping. */
  lastHeard: number | null;
}

export type LiveEvent = { type: "connecting" } | { type: "opened" | "heard"; at: number } | { type: "lost" | "closed" };

export type LiveStatus = "connecting" | "live" | "reconnecting" | "stale" | "paused";

/** Silence for longer than this is no longer "live": two and a half heartbeats. */
export const STALE_AFTER = 25_000;

export const initialLiveState: LiveState = { socket: "idle", lastHeard: null };

export function reduceLive(state: LiveState, event: LiveEvent): LiveState {
  switch (event.type) {
    case "connecting":
      // A retry stays "lost" until it has succeeded.
      return { ...state, socket: state.socket === "lost" ? "lost" : "connecting" };
    case "opened":
      return { socket: "open", lastHeard: event.at };
    case "heard":
      return { ...state, lastHeard: event.at };
    case "lost":
      return { ...state, socket: "lost" };
    case "closed":
      return { ...state, socket: "idle" };
  }
}

export function liveStatus(state: LiveState, now: number, paused: boolean): LiveStatus {
  if (paused) return "paused";
  const silent = state.lastHeard !== null && now - state.lastHeard > STALE_AFTER;
  switch (state.socket) {
    case "open":
      return silent ? "stale" : "live";
    case "lost":
      return silent ? "stale" : "reconnecting";
    default:
      return "connecting";
  }
}
