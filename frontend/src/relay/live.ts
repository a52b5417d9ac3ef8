import { type Client, createClient, type FormattedExecutionResult, type Sink, type SubscribePayload } from "graphql-ws";

import { initialLiveState, type LiveEvent, type LiveState, reduceLive } from "../lib/liveState";
import { errorFromGraphQL, type GraphQLErrorBody, NETWORK, RequestError, UNAUTHENTICATED } from "./errors";

const HEARTBEAT = 10_000;
const HEARTBEAT_ANSWER = 5_000;
const LONGEST_WAIT = 15_000;
/** Close codes by which the gateway says that the session is not, or no longer, good. */
const SESSION_CODES = [4401, 4403];

export interface LiveSink {
  next: (message: FormattedExecutionResult) => void;
  error: (error: RequestError) => void;
  complete: () => void;
}

/** The tab's one socket, opened by the first subscription and shared by all. */
export interface LiveConnection {
  subscribe: (payload: SubscribePayload, sink: LiveSink) => () => void;
  /** The socket's state, for `useSyncExternalStore`. */
  getState: () => LiveState;
  onChange: (listener: () => void) => () => void;
}

/** Waits longer with each failure, with chance in it, so that a restart is not met by every tab at once. */
export async function retryWait(retries: number): Promise<void> {
  const wait = Math.min(LONGEST_WAIT, 500 * 2 ** retries);
  await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
}

function toError(reason: unknown): RequestError {
  if (Array.isArray(reason)) return errorFromGraphQL(reason as GraphQLErrorBody[]);
  const code = (reason as { code?: unknown } | null)?.code;
  if (typeof code === "number" && SESSION_CODES.includes(code)) {
    return new RequestError(UNAUTHENTICATED, "Your session has ended.");
  }
  return new RequestError(NETWORK, "The live connection failed.");
}

export function createLiveConnection(url: string): LiveConnection {
  let state = initialLiveState;
  const listeners = new Set<() => void>();
  const dispatch = (event: LiveEvent) => {
    state = reduceLive(state, event);
    for (const listener of listeners) listener();
  };

  let unanswered: ReturnType<typeof setTimeout> | undefined;
  const client: Client = createClient({
    url,
    lazyCloseTimeout: 3_000,
    keepAlive: HEARTBEAT,
    retryAttempts: Infinity,
    retryWait,
    shouldRetry: (reason) => !SESSION_CODES.includes((reason as CloseEvent).code),
    on: {
      connecting: () => dispatch({ type: "connecting" }),
      connected: () => dispatch({ type: "opened", at: Date.now() }),
      message: () => dispatch({ type: "heard", at: Date.now() }),
      ping: (received) => {
        if (received) return;
        unanswered = setTimeout(() => client.terminate(), HEARTBEAT_ANSWER);
      },
      pong: (received) => {
        if (received) clearTimeout(unanswered);
      },
      closed: (event) => {
        clearTimeout(unanswered);
        // 1000 is our own closing when nothing is subscribed any more.
        dispatch({ type: (event as CloseEvent).code === 1000 ? "closed" : "lost" });
      },
    },
  });

  return {
    subscribe: (payload, sink) =>
      client.subscribe(payload, {
        next: sink.next,
        error: (reason: unknown) => sink.error(toError(reason)),
        complete: sink.complete,
      } as Sink<FormattedExecutionResult>),
    getState: () => state,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
