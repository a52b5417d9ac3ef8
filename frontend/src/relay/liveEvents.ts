import type { FormattedExecutionResult, SubscribePayload } from "graphql-ws";

import { BAD_RESPONSE, errorFromGraphQL, type GraphQLErrorBody, NETWORK, RequestError } from "./errors";

/** The gateway writes a comment every 15 seconds; after this long without one, the connection is dead. */
const SILENCE = 40_000;
/** The caller's role has changed: the same subscription begins again with the other rights. */
const RIGHTS_CHANGED = "RIGHTS_CHANGED";

export interface EventsListener {
  opened: () => void;
  /** Something came, if only a comment. */
  heard: () => void;
  next: (message: FormattedExecutionResult) => void;
}

interface ServerEvent {
  name: string;
  data: string;
}

/** The events in a text that may end in the middle of one, and what is left of it. */
export function takeEvents(text: string): { events: ServerEvent[]; rest: string } {
  const parts = text.split("\n\n");
  const rest = parts.pop() ?? "";
  const events = parts.flatMap((part) => {
    const fields = new Map(
      part.split("\n").map((line) => {
        const at = line.indexOf(":");
        return [line.slice(0, at), line.slice(at + 1).trimStart()];
      }),
    );
    const name = fields.get("event");
    return name ? [{ name, data: fields.get("data") ?? "" }] : [];
  });
  return { events, rest };
}

/**
 * One subscription as server-sent events, for where a proxy lets no WebSocket through. Ends when the server says that it
 * is complete. Throws a RequestError: NETWORK when the connection was lost and may be tried again, else for good.
 */
export async function readEvents(
  payload: SubscribePayload,
  listener: EventsListener,
  signal: AbortSignal,
  fetchImpl: typeof fetch = fetch,
): Promise<void> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE);
    listener.heard();
  };
  const lost = () => new RequestError(NETWORK, "The live connection failed.");
  try {
    timer = setTimeout(() => silence.abort(), SILENCE);
    const response = await fetchImpl("/graphql", {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "text/event-stream", "Content-Type": "application/json", "X-LiteMaaS-Request": "1" },
      body: JSON.stringify(payload),
      signal: AbortSignal.any([signal, silence.signal]),
    }).catch(() => {
      throw lost();
    });
    // Too many connections, or a gateway that is being replaced: that passes.
    if (response.status === 429 || response.status >= 500) throw lost();
    if (!response.ok || !response.body) {
      throw new RequestError(BAD_RESPONSE, `The answer was ${response.status} ${response.statusText}`.trim() + ".");
    }
    listener.opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read().catch(() => {
        throw lost();
      });
      if (done) throw lost();
      heard();
      const { events, rest } = takeEvents(text + value);
      text = rest;
      for (const { name, data } of events) {
        if (name === "complete") return;
        if (name === "next") listener.next(readMessage(data));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

function readMessage(data: string): FormattedExecutionResult {
  const message = JSON.parse(data) as FormattedExecutionResult & { errors?: GraphQLErrorBody[] };
  if (!message.errors?.length) return message;
  const error = errorFromGraphQL(message.errors);
  throw error.code === RIGHTS_CHANGED ? new RequestError(NETWORK, error.message) : error;
}
