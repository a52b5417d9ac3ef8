import { type Client, createClient, type FormattedExecutionResult, type Sink, type SubscribePayload } from "graphql-ws";

import { initialLiveState, type LiveEvent, type LiveState, reduceLive } from "../lib/liveState";
import { errorFromGraphQL, type GraphQLErrorBody, NETWORK, RequestError, toRequestError, UNAUTHENTICATED } from "./errors";
import { readEvents } from "./liveEvents";
import { Positions } from "./livePosition";

const HEARTBEAT = 10_000;
const HEARTBEAT_ANSWER = 5_000;
const OPENING = 8_000;
const LONGEST_WAIT = 15_000;
/** Close codes by which the gateway says that the session is not, or no longer, good. */
const SESSION_CODES = [4401, 4403];
/** So many WebSockets that never opened mean that something on the way lets none through. */
const ENOUGH_FAILURES = 2;

export interface LiveSink {
  next: (message: FormattedExecutionResult) => void;
  error: (error: RequestError) => void;
  complete: () => void;
}

/** The tab's live results: over one WebSocket for all, or over server-sent events where no WebSocket gets through. */
export interface LiveConnection {
  subscribe: (payload: SubscribePayload, sink: LiveSink) => () => void;
  /** The connection's state, for `useSyncExternalStore`. */
  getState: () => LiveState;
  onChange: (listener: () => void) => () => void;
}

type Dispatch = (event: LiveEvent) => void;
type Transport = (payload: SubscribePayload, sink: LiveSink) => () => void;

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

/** `onBlocked` is called once, when WebSockets were tried and never one opened. */
function overWebSocket(url: string, tell: Dispatch, onBlocked: () => void): Transport {
  let hasOpened = false;
  let failures = 0;
  const isBlocked = () => failures >= ENOUGH_FAILURES;
  const dispatch: Dispatch = (event) => {
    if (!isBlocked()) tell(event);
  };
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  const answerWithin = (time: number) => {
    clearTimeout(unanswered);
    unanswered = setTimeout(() => client.terminate(), time);
  };
  const client: Client = createClient({
    url,
    lazyCloseTimeout: 3_000,
    keepAlive: HEARTBEAT,
    retryAttempts: Infinity,
    retryWait,
    shouldRetry: (reason) => !SESSION_CODES.includes((reason as CloseEvent).code),
    on: {
      connecting: () => {
        answerWithin(OPENING);
        dispatch({ type: "connecting" });
      },
      connected: () => {
        clearTimeout(unanswered);
        hasOpened = true;
        dispatch({ type: "opened", at: Date.now() });
      },
      message: () => dispatch({ type: "heard", at: Date.now() }),
      ping: (received) => {
        if (!received) answerWithin(HEARTBEAT_ANSWER);
      },
      pong: (received) => {
        if (received) clearTimeout(unanswered);
      },
      closed: (event) => {
        clearTimeout(unanswered);
        const { code } = event as CloseEvent;
        // 1000 is our own closing when nothing is subscribed any more.
        dispatch({ type: code === 1000 ? "closed" : "lost" });
        if (hasOpened || isBlocked() || code === 1000 || SESSION_CODES.includes(code)) return;
        failures += 1;
        if (isBlocked()) onBlocked();
      },
    },
  });
  return (payload, sink) =>
    client.subscribe(payload, {
      next: sink.next,
      error: (reason: unknown) => sink.error(toError(reason)),
      complete: sink.complete,
    } as Sink<FormattedExecutionResult>);
}

function overEvents(dispatch: Dispatch, fetchImpl?: typeof fetch): Transport {
  let open = 0;
  return (payload, sink) => {
    const stopped = new AbortController();
    const listener = {
      opened: () => dispatch({ type: "opened", at: Date.now() }),
      heard: () => dispatch({ type: "heard", at: Date.now() }),
      next: sink.next,
    };
    const run = async () => {
      for (let retries = 0; ; retries += 1) {
        dispatch({ type: "connecting" });
        try {
          const opened = () => {
            retries = 0;
            listener.opened();
          };
          return await readEvents(payload, { ...listener, opened }, stopped.signal, fetchImpl);
        } catch (reason) {
          if (stopped.signal.aborted) return;
          const error = toRequestError(reason);
          if (error.code !== NETWORK) throw error;
          dispatch({ type: "lost" });
          await retryWait(retries);
          if (stopped.signal.aborted) return;
        }
      }
    };
    open += 1;
    run()
      .then(
        () => stopped.signal.aborted || sink.complete(),
        (error: RequestError) => sink.error(error),
      )
      .finally(() => {
        open -= 1;
        if (open === 0) dispatch({ type: "closed" });
      });
    return () => stopped.abort();
  };
}

/** `fetchImpl` stands in for the browser's in tests. */
export function createLiveConnection(url: string, fetchImpl?: typeof fetch): LiveConnection {
  let state = initialLiveState;
  const listeners = new Set<() => void>();
  const dispatch = (event: LiveEvent) => {
    state = reduceLive(state, event);
    for (const listener of listeners) listener();
  };

  const positions = new Positions();
  const running = new Set<{ start: () => void; stop: () => void }>();
  let transport = overWebSocket(url, dispatch, () => {
    transport = overEvents(dispatch, fetchImpl);
    for (const each of [...running]) {
      each.stop();
      each.start();
    }
  });

  return {
    subscribe: (payload, sink) => {
      const { payload: followed, isNews } = positions.follow(payload);
      let failures = 0;
      const one = {
        stop: () => {},
        start: () => {
          let isCurrent = true; // until it is stopped, which a transport may take for an end
          const end = (tell: () => void) => {
            if (isCurrent && running.delete(one)) tell();
          };
          const leave = transport(followed, {
            next: (message) => {
              failures = 0;
              if (isCurrent && isNews(message)) sink.next(message);
            },
            complete: () => end(sink.complete),
            error: (error) => {
              if (error.code !== NETWORK) return end(() => sink.error(error));
              // graphql-ws gives up after some close codes, such as 1011 for a computer that slept through a ping.
              void retryWait(failures++).then(() => {
                if (isCurrent && running.has(one)) one.start();
              });
            },
          });
          one.stop = () => {
            isCurrent = false;
            leave();
          };
        },
      };
      running.add(one);
      one.start();
      return () => {
        running.delete(one);
        one.stop();
      };
    },
    getState: () => state,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
