import type { GraphQLResponse, Observable as RelayObservable, RequestParameters, Variables } from "relay-runtime";
import { afterEach, describe, expect, it, vi } from "vitest";

import { onRequestError, RequestError } from "./errors";
import type { LiveConnection } from "./live";
import { createFetch, createSubscribe } from "./network";

const request = { id: "abc123", name: "Q", operationKind: "query" } as unknown as RequestParameters;

function send(answer: () => Promise<Response> | Response) {
  const fetchImpl = vi.fn<typeof fetch>(async () => answer());
  const result = createFetch(fetchImpl)(request, { first: 1 }, {}) as Promise<unknown>;
  return { fetchImpl, result };
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

const heard: RequestError[] = [];
const stop: (() => void)[] = [];
function listen() {
  heard.length = 0;
  stop.push(onRequestError((error) => heard.push(error)));
}
afterEach(() => stop.splice(0).forEach((each) => each()));

describe("fetch", () => {
  it("names a trusted document and carries the header that forms can't send", async () => {
    const { fetchImpl, result } = send(() => json({ data: { ok: true } }));
    expect(await result).toEqual({ data: { ok: true } });
    const [url, init] = fetchImpl.mock.calls[0]!;
    expect(url).toBe("/graphql");
    expect(JSON.parse(init!.body as string)).toEqual({ query: "sha256:abc123", variables: { first: 1 } });
    expect(init!.method).toBe("POST");
    expect(init!.headers).toMatchObject({ "X-LiteMaaS-Request": "1", "Content-Type": "application/json" });
  });

  it("brings the code, the message and the request id of a refusal", async () => {
    listen();
    const body = { data: null, errors: [{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED", requestId: "r1" } }] };
    await expect(send(() => json(body)).result).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: "Sign in.",
      requestId: "r1",
    });
    expect(heard.map(({ code }) => code)).toEqual(["UNAUTHENTICATED"]);
  });

  it("reads the error in an answer with a status of its own", async () => {
    const body = { errors: [{ message: "Slow down.", extensions: { code: "RATE_LIMITED" } }] };
    await expect(send(() => json(body, 429)).result).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });

  it.each([
    ["a page instead of JSON", () => new Response("<html>", { status: 502 })],
    ["JSON that is no GraphQL answer", () => json({ detail: "no" }, 500)],
    ["nothing", () => new Response("", { status: 200 })],
  ])("says that it can't read %s", async (_, answer) => {
    await expect(send(answer).result).rejects.toMatchObject({ code: "BAD_RESPONSE" });
  });

  it("says that the gateway can't be reached", async () => {
    listen();
    const { result } = send(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(result).rejects.toBeInstanceOf(RequestError);
    await expect(result).rejects.toMatchObject({ code: "NETWORK" });
    expect(heard).toHaveLength(1);
  });
});

function observe(live: LiveConnection, variables: Variables) {
  return createSubscribe(live)(request, variables, {}) as RelayObservable<GraphQLResponse>;
}

describe("subscribe", () => {
  it("names the document, passes messages on and ends with the subscriber", () => {
    const end = vi.fn();
    const subscribe = vi.fn((_payload: unknown, sink: { next: (message: never) => void }) => {
      sink.next({ data: { tick: 1 } } as never);
      return end;
    });
    const next = vi.fn();
    const live = { subscribe, getState: vi.fn(), onChange: vi.fn() };
    const subscription = observe(live as never, { a: 1 }).subscribe({ next });
    expect(subscribe.mock.calls[0]![0]).toEqual({ query: "sha256:abc123", variables: { a: 1 } });
    expect(next).toHaveBeenCalledWith({ data: { tick: 1 } });
    subscription.unsubscribe();
    expect(end).toHaveBeenCalledOnce();
  });

  it("turns a refusal into an error that the shell hears of", () => {
    listen();
    const subscribe = (_payload: unknown, sink: { next: (message: never) => void }) => {
      sink.next({ errors: [{ message: "no", extensions: { code: "FORBIDDEN" } }] } as never);
      return () => {};
    };
    const error = vi.fn();
    observe({ subscribe, getState: vi.fn(), onChange: vi.fn() } as never, {}).subscribe({ error });
    expect(error.mock.calls[0]![0]).toMatchObject({ code: "FORBIDDEN" });
    expect(heard.map(({ code }) => code)).toEqual(["FORBIDDEN"]);
  });
});
