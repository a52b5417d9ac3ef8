import { buildSchema, graphql, type GraphQLSchema, subscribe, parse } from "graphql";

import { changesOf } from "./changes";
import { type BackendData, someData } from "./data";
import { CodedError } from "./errors";
import { readingOf } from "./reading";

/** The resolvers of the root types over `data`. */
function rootOf(data: BackendData) {
  // A test may prescribe an answer for a field that has no resolver above.
  const prescribed = Object.keys({ ...data.answers, ...data.failures }).map((name) => [name, () => null]);
  const fields: Record<string, (args: never) => unknown> = {
    ...Object.fromEntries(prescribed),
    ...readingOf(data),
    ...changesOf(data),
  };
  return Object.fromEntries(
    Object.entries(fields).map(([name, resolve]) => [
      name,
      (args: never) => {
        if (data.failures[name]) throw new CodedError(data.failures[name], undefined, data.retryAfter);
        return data.answers[name] ?? resolve(args);
      },
    ]),
  );
}

export interface Request {
  query: string;
  variables?: Record<string, unknown>;
}

export class Backend {
  readonly schema: GraphQLSchema;
  readonly requests: Request[] = [];

  constructor(
    sdl: string,
    private readonly documents: Record<string, string>,
    readonly data: BackendData = someData(),
  ) {
    this.schema = buildSchema(sdl);
  }

  /** The text of a trusted document; anything else passes, as GraphiQL's queries do. */
  textOf(query: string): string {
    if (!query.startsWith("sha256:")) return query;
    const text = this.documents[query.slice("sha256:".length)];
    if (text === undefined) throw new CodedError("PERSISTED_QUERY_NOT_FOUND");
    return text;
  }

  execute(request: Request) {
    this.requests.push(request);
    return graphql({
      schema: this.schema,
      source: this.textOf(request.query),
      rootValue: rootOf(this.data),
      variableValues: request.variables,
    });
  }

  subscribe(request: Request, rootValue: unknown) {
    return subscribe({
      schema: this.schema,
      document: parse(this.textOf(request.query)),
      rootValue,
      variableValues: request.variables,
    });
  }

  /** Stands in for the browser's `fetch`. */
  readonly fetch: typeof fetch = async (_input, init) => {
    const result = await this.execute(JSON.parse(init!.body as string) as Request);
    return new Response(JSON.stringify(result), { headers: { "Content-Type": "application/json" } });
  };
}
