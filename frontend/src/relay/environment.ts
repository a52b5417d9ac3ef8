import { Environment, RecordSource, Store } from "relay-runtime";

import type { LiveConnection } from "./live";
import { createNetwork } from "./network";

/** A store and a network of its own for each session; a sign-in or sign-out loads the page anew. */
export function createEnvironment(live: LiveConnection, fetchImpl?: typeof fetch): Environment {
  return new Environment({
    network: createNetwork(live, fetchImpl),
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 10 }),
  });
}
