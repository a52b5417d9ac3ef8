/** A request that brought no usable answer. `code` is the gateway's `extensions.code`, or one of ours below. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    readonly code: string,
    message: string,
    readonly requestId?: string,
    /** In how many seconds it may be asked again, where that is known. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** The gateway could not be reached at all. */
export const NETWORK = "NETWORK";
/** The answer was not GraphQL. */
export const BAD_RESPONSE = "BAD_RESPONSE";
/** The page itself broke, or its code could not be loaded. */
export const BROKEN = "BROKEN";
export const UNAUTHENTICATED = "UNAUTHENTICATED";
export const UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE";
export const FORBIDDEN = "FORBIDDEN";
export const RATE_LIMITED = "RATE_LIMITED";

const listeners = new Set<(error: RequestError) => void>();

/** Hears of every failed request, whichever page made it. Returns a function that ends it. */
export function onRequestError(listener: (error: RequestError) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function reportRequestError(error: RequestError): void {
  for (const listener of listeners) listener(error);
}

export interface GraphQLErrorBody {
  message?: string;
  extensions?: { code?: string; requestId?: string; correlationId?: string; retryAfter?: number };
}

/** The first error stands for all: the gateway refuses an operation as a whole. `requestId` is what the answer's headers say. */
export function errorFromGraphQL(errors: readonly GraphQLErrorBody[], requestId?: string): RequestError {
  const { message, extensions } = errors[0] ?? {};
  return new RequestError(
    extensions?.code ?? "INTERNAL",
    message ?? "The request failed.",
    extensions?.requestId ?? extensions?.correlationId ?? requestId,
    extensions?.retryAfter,
  );
}

/** Whatever is thrown as an error to show. What broke by itself may quote anything, a secret too, so that is not shown. */
export function toRequestError(error: unknown): RequestError {
  return error instanceof RequestError ? error : new RequestError(BROKEN, "This page made a mistake.");
}

const EXPLANATIONS: Record<string, { title: string; help: string }> = {
  [NETWORK]: {
    title: "LiteMaaS can't be reached",
    help: "Check your connection. Nothing was lost; try again in a moment.",
  },
  [BAD_RESPONSE]: {
    title: "LiteMaaS gave an answer that this page can't read",
    help: "It may be restarting. Try again in a moment.",
  },
  [BROKEN]: {
    title: "This page does not work",
    help: "LiteMaaS may have been upgraded meanwhile. Try again; if that does not help, tell an administrator what you did.",
  },
  [UPSTREAM_UNAVAILABLE]: {
    title: "LiteLLM is not answering",
    help: "Nothing was changed. Try again when it is back.",
  },
  [FORBIDDEN]: {
    title: "You may not see this",
    help: "Your role is not the one for it. Roles come from groups: ask an administrator for the one that you need, then sign out and in again.",
  },
  NOT_FOUND: { title: "This does not exist, or not for you", help: "It may have been removed." },
  NOT_AVAILABLE: { title: "This is not available here yet", help: "A later release of LiteMaaS brings it." },
  [RATE_LIMITED]: { title: "Too much was asked at a time", help: "Wait a moment, then try again." },
  DATABASE_BUSY: { title: "LiteMaaS has too much to do at the moment", help: "Wait a moment, then try again." },
  QUERY_TOO_COSTLY: {
    title: "This asks for too much at once",
    help: "Choose a shorter time or narrower filters. Waiting does not help.",
  },
  DOCUMENT_NOT_FOUND: { title: "LiteMaaS was upgraded", help: "This page is of the release before. Load it again." },
};

/** Codes whose sentence the title and the help say already. */
const SAID = [BROKEN, "INTERNAL_SERVER_ERROR", "NOT_AVAILABLE", RATE_LIMITED, "DATABASE_BUSY", "DOCUMENT_NOT_FOUND"];

/** What to tell the reader: a title, what to do about it, and the server's own words where they add something. */
export function explain(error: RequestError): { title: string; help: string; detail?: string } {
  const known = EXPLANATIONS[error.code];
  const detail = SAID.includes(error.code) ? undefined : error.message;
  if (known) {
    const { retryAfter } = error;
    const wait = retryAfter === undefined ? {} : { help: `Wait ${retryAfter} ${retryAfter === 1 ? "second" : "seconds"}, then try again.` };
    return { ...known, ...wait, detail };
  }
  return { title: "Something went wrong", help: "Try again.", detail };
}
