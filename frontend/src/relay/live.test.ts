import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { createLiveConnection, type LiveSink } from "./live";
import { type EventsListener, readEvents, takeEvents } from "./liveEvents";
import { Positions } from "./livePosition";

const PAYLOAD = { query: "sha256:usage", variables: { range: "today" } };
const next = (data: unknown, id = 1) => `event: next\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
const COMPLETE = "event: complete\ndata:\n\n";

/** A gateway that answers with these pieces of a stream, one response for each list, and then ends the response. */
function gateway(...responses: (string[] | number)[]) {
  const requests: { headers: Record<string, string>; body: unknown }[] = [];
  const fetchImpl = vi.fn((_url: string, init: RequestInit) => {
    requests.push({ headers: init.headers as Record<string, string>, body: JSON.parse(init.body as string) });
    const answer = responses.shift() ?? [];
    if (typeof answer === "number") return Promise.resolve(new Response(null, { status: answer }));
    const body = new ReadableStream({
      start(controller) {
        for (const piece of answer) controller.enqueue(new TextEncoder().encode(piece));
        // The last one stays open, as a quiet stream does.
        if (responses.length > 0) controller.close();
        init.signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
  });
  return { fetchImpl: fetchImpl as unknown as typeof fetch, requests };
}

function listening() {
  const messages: unknown[] = [];
  const listener: EventsListener = { opened: vi.fn(), heard: vi.fn(), next: (message) => messages.push(message) };
  return { messages, listener };
}

it("takes whole events and keeps the rest", () => {
  expect(takeEvents(`:\n\n${next({ a: 1 })}event: ne`)).toEqual({
    events: [{ name: "next", data: '{"a":1}' }],
    rest: "event: ne",
  });
  expect(takeEvents(COMPLETE)).toEqual({ events: [{ name: "complete", data: "" }], rest: "" });
});

it("reads events that arrive in pieces, until they are complete", async () => {
  const { fetchImpl, requests } = gateway([":\n\n", next({ data: { a: 1 } }).slice(0, 20)], []);
  const whole = next({ data: { a: "é" } }) + COMPLETE;
  const pieces = gateway([":\n\n", whole.slice(0, 31), whole.slice(31)]);
  const { messages, listener } = listening();
  await readEvents(PAYLOAD, listener, new AbortController().signal, pieces.fetchImpl);
  expect(messages).toEqual([{ data: { a: "é" } }]);
  expect(pieces.requests).toEqual([
    {
      headers: { Accept: "text/event-stream", "Content-Type": "application/json", "X-LiteMaaS-Request": "1" },
      body: PAYLOAD,
    },
  ]);
  await expect(readEvents(PAYLOAD, listener, new AbortController().signal, fetchImpl)).rejects.toMatchObject({
    code: "NETWORK",
  });
  expect(requests).toHaveLength(1);
});

it.each([
  [[next({ errors: [{ message: "Sign in first.", extensions: { code: "UNAUTHENTICATED" } }] })], "UNAUTHENTICATED"],
  [[next({ errors: [{ message: "Changed.", extensions: { code: "RIGHTS_CHANGED" } }] })], "NETWORK"],
  [429, "NETWORK"],
  [503, "NETWORK"],
  [400, "BAD_RESPONSE"],
])("tells what may be tried again from what may not: %j", async (answer, code) => {
  const { fetchImpl } = gateway(answer);
  const { listener } = listening();
  await expect(readEvents(PAYLOAD, listener, new AbortController().signal, fetchImpl)).rejects.toMatchObject({ code });
});

it("forgets states that are older than what was shown, also after a new subscription", () => {
  const positions = new Positions();
  const at = (position: number) => ({ data: { usageChanged: { position } } });
  const first = positions.follow(PAYLOAD);
  expect([5, 4, 5, 6].map((position) => first.isNews(at(position)))).toEqual([true, false, false, true]);
  expect(first.payload).toEqual(PAYLOAD);
  expect(positions.follow(PAYLOAD).isNews(at(5))).toBe(false);
  expect(positions.follow({ ...PAYLOAD, variables: { range: "week" } }).isNews(at(5))).toBe(true);
  expect(first.isNews({ data: { approvalsChanged: { pendingCount: 1 } } })).toBe(true);
});

it("goes on after the last event, and begins anew with a new subscription", () => {
  const positions = new Positions();
  const events = { query: "sha256:used", variables: { key: "k", after: null } };
  const { payload, isNews } = positions.follow(events);
  expect(isNews({ data: { apiKeyUsed: { position: 7 } } })).toBe(true);
  expect(isNews({ data: { apiKeyUsed: { position: 7 } } })).toBe(false);
  expect(payload.variables).toEqual({ key: "k", after: 7 });
  expect(positions.follow(events).payload.variables).toEqual({ key: "k", after: null });
});

class BlockedSocket extends EventTarget {
  static readonly attempts: BlockedSocket[] = [];
  static code = 1006;
  readyState = 0;
  onclose?: (event: { code: number; reason: string }) => void;

  constructor() {
    super();
    BlockedSocket.attempts.push(this);
    setTimeout(() => {
      this.readyState = 3;
      this.onclose?.({ code: BlockedSocket.code, reason: "" });
    });
  }

  close() {}
  send() {}
}

beforeEach(() => {
  vi.stubGlobal("WebSocket", Object.assign(BlockedSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }));
  BlockedSocket.attempts.length = 0;
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function aSink() {
  const seen: unknown[] = [];
  const sink: LiveSink = { next: (message) => seen.push(message), error: vi.fn(), complete: vi.fn() };
  return { seen, sink };
}

// 1006 is a handshake that was refused; after 1011 graphql-ws itself would give up.
it.each([1006, 1011])("reads server-sent events where no WebSocket opens (%i), and comes back when they are cut", async (code) => {
  BlockedSocket.code = code;
  const tick = (position: number) => next({ data: { usageChanged: { position } } }, position);
  const { fetchImpl, requests } = gateway([":\n\n", tick(3)], 503, [":\n\n", tick(2), tick(4)]);
  const live = createLiveConnection("ws://portal.test/graphql", fetchImpl);
  const { seen, sink } = aSink();
  const leave = live.subscribe(PAYLOAD, sink);
  await vi.waitFor(() => expect(live.getState().socket).toBe("open"), 5_000);
  expect(BlockedSocket.attempts).toHaveLength(2);
  await vi.waitFor(() => expect(seen).toHaveLength(2), 8_000);
  expect(seen).toEqual([{ data: { usageChanged: { position: 3 } } }, { data: { usageChanged: { position: 4 } } }]);
  expect(requests).toHaveLength(3);
  expect(live.getState().socket).toBe("open");
  leave();
  await vi.waitFor(() => expect(live.getState().socket).toBe("idle"));
  expect(sink.error).not.toHaveBeenCalled();
  expect(sink.complete).not.toHaveBeenCalled();
}, 20_000);

it("tells of a session that has ended, and does not try again", async () => {
  const refused = next({ errors: [{ message: "The session has ended.", extensions: { code: "UNAUTHENTICATED" } }] });
  const { fetchImpl, requests } = gateway([refused + COMPLETE]);
  const live = createLiveConnection("ws://portal.test/graphql", fetchImpl);
  const { sink } = aSink();
  live.subscribe(PAYLOAD, sink);
  await vi.waitFor(() => expect(sink.error).toHaveBeenCalled(), 5_000);
  expect(sink.error).toHaveBeenCalledWith(expect.objectContaining({ code: "UNAUTHENTICATED" }));
  expect(requests).toHaveLength(1);
}, 20_000);
