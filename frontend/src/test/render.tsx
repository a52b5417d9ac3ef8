import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { render } from "@testing-library/react";
import { RelayEnvironmentProvider } from "react-relay";
import { flushSync } from "react-dom";
import { createMemoryRouter, RouterProvider } from "react-router";

import { initialLiveState, type LiveEvent, reduceLive } from "../lib/liveState";
import { createEnvironment } from "../relay/environment";
import type { LiveConnection, LiveSink } from "../relay/live";
import { LiveContext } from "../relay/LiveContext";
import { routes } from "../shell/routes";
import { Backend, type BackendData, type Row, someData } from "./backend";

const sdl = readFileSync(resolve(import.meta.dirname, "../../../schema/schema.graphql"), "utf8");
const documents = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../operations.json"), "utf8")) as Record<
  string,
  string
>;

export function aBackend(data: BackendData = someData()): Backend {
  return new Backend(sdl, documents, data);
}

interface Subscriber {
  text: string;
  variables: Record<string, unknown>;
  sink: LiveSink;
}

/** A live connection whose server is the test. */
export class FakeLive implements LiveConnection {
  readonly subscribers: Subscriber[] = [];
  private state = initialLiveState;
  private position = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly backend: Backend) {}

  readonly subscribe: LiveConnection["subscribe"] = ({ query, variables }, sink) => {
    const subscriber = { text: this.backend.textOf(query), variables: variables ?? {}, sink };
    this.subscribers.push(subscriber);
    return () => {
      this.subscribers.splice(this.subscribers.indexOf(subscriber), 1);
    };
  };

  readonly getState = () => this.state;

  readonly onChange: LiveConnection["onChange"] = (listener) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Lets something happen to the socket. */
  dispatch(event: LiveEvent) {
    this.state = reduceLive(this.state, event);
    for (const listener of this.listeners) listener();
  }

  /** Those who subscribed to `field`. */
  of(field: string): Subscriber[] {
    return this.subscribers.filter((each) => each.text.includes(field));
  }

  /** Sends one message to whoever subscribed to `field`; the schema decides what of `value` is in it. */
  async push(field: string, value: unknown) {
    const position = ++this.position;
    for (const { text, variables, sink } of this.of(field)) {
      const source = await this.backend.subscribe(
        { query: text, variables },
        {
          [field]: async function* () {
            yield { [field]: { position, ...(value as object) } };
          },
        },
      );
      if (!(Symbol.asyncIterator in source)) throw new Error(JSON.stringify(source));
      for await (const message of source) sink.next(message);
    }
  }
}

/** Opens a page of the whole application, shell and all, against a backend in memory. */
export function openPage(path: string, data: BackendData = someData()) {
  const backend = aBackend(data);
  const live = new FakeLive(backend);
  const environment = createEnvironment(live, backend.fetch);
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  const view = render(
    <RelayEnvironmentProvider environment={environment}>
      <LiveContext value={live}>
        {/* What "react-router/dom" adds; from there Node would load a second copy, with contexts of its own. */}
        <RouterProvider router={router} flushSync={(run) => void flushSync(run)} />
      </LiveContext>
    </RelayEnvironmentProvider>,
  );
  return { ...view, backend, data, live, environment, router };
}

/** What a page has sent as the input of a mutation, oldest first. */
export const inputs = ({ backend }: ReturnType<typeof openPage>, field: string): Row[] =>
  backend.requests
    .filter(({ query }) => backend.textOf(query).includes(`${field}(`))
    .map(({ variables }) => variables!.input as Row);
