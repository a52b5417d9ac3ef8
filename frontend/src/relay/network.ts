import { type FetchFunction, Network, Observable, type RequestParameters, type SubscribeFunction } from "relay-runtime";

import {
  BAD_RESPONSE,
  errorFromGraphQL,
  type GraphQLErrorBody,
  NETWORK,
  reportRequestError,
  RequestError,
} from "./errors";
import type { LiveConnection } from "./live";

/** A trusted document is named by its hash; the gateway knows its text from operations.json. */
export function documentId(request: RequestParameters): string {
  if (!request.id) throw new Error(`${request.name} was compiled without an id; run \`npm run relay\`.`);
  return `sha256:${request.id}`;
}

interface ResponseBody {
  data?: unknown;
  errors?: GraphQLErrorBody[];
}

async function readBody(response: Response): Promise<ResponseBody> {
  const failed = () =>
    new RequestError(BAD_RESPONSE, `The answer was ${response.status} ${response.statusText}`.trim() + ".");
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw failed();
  }
  if (typeof body !== "object" || body === null || !("data" in body || "errors" in body)) throw failed();
  return body as ResponseBody;
}

export function createFetch(fetchImpl?: typeof fetch): FetchFunction {
  const send = async (request: RequestParameters, variables: object) => {
    let response: Response;
    try {
      response = await (fetchImpl ?? fetch)("/graphql", {
        method: "POST",
        credentials: "same-origin",
        headers: {
          Accept: "application/graphql-response+json, application/json",
          "Content-Type": "application/json",
          "X-LiteMaaS-Request": "1",
        },
        body: JSON.stringify({ query: documentId(request), variables }),
      });
    } catch {
      throw new RequestError(NETWORK, "The network request failed.");
    }
    const body = await readBody(response);
    if (body.errors?.length) throw errorFromGraphQL(body.errors, response.headers.get("X-Request-Id") ?? undefined);
    return body;
  };

  return (request, variables) =>
    send(request, variables).catch((error: RequestError) => {
      reportRequestError(error);
      throw error;
    }) as ReturnType<FetchFunction>;
}

export function createSubscribe(live: LiveConnection): SubscribeFunction {
  return (request, variables) =>
    Observable.create((sink) => {
      const fail = (error: RequestError) => {
        reportRequestError(error);
        sink.error(error);
      };
      return live.subscribe(
        { query: documentId(request), variables },
        {
          next: (message) => {
            if (message.errors?.length) fail(errorFromGraphQL(message.errors as readonly GraphQLErrorBody[]));
            else sink.next(message as Parameters<typeof sink.next>[0]);
          },
          error: fail,
          complete: () => sink.complete(),
        },
      );
    });
}

/** `fetchImpl` stands in for the browser's in tests. */
export function createNetwork(live: LiveConnection, fetchImpl?: typeof fetch) {
  return Network.create(createFetch(fetchImpl), createSubscribe(live));
}
