/** A request that brought no usable answer. `code` is the gateway's `extensions.code`, or one of ours below. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    readonly code: string,
    message: string,
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/** The gateway could not be reached at all. */
export const NETWORK = "NETWORK";
/** The answer was not GraphQL. */
export const BAD_RESPONSE = "BAD_RESPONSE";
export const UNAUTHENTICATED = "UNAUTHENTICATED";
export const UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE";

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
  extensions?: { code?: string; requestId?: string; correlationId?: string };
}

/** The first error stands for all: the gateway refuses an operation as a whole. */
export function errorFromGraphQL(errors: readonly GraphQLErrorBody[]): RequestError {
  const { message, extensions } = errors[0] ?? {};
  return new RequestError(
    extensions?.code ?? "INTERNAL",
    message ?? "The request failed.",
    extensions?.requestId ?? extensions?.correlationId,
  );
}

export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError("INTERNAL", error instanceof Error ? error.message : "Something went wrong.");
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
  [UPSTREAM_UNAVAILABLE]: {
    title: "LiteLLM is not answering",
    help: "Nothing was changed. Try again when it is back.",
  },
  FORBIDDEN: { title: "You may not see this", help: "Ask an administrator if you need access." },
  NOT_FOUND: { title: "This does not exist, or not for you", help: "It may have been removed." },
  NOT_AVAILABLE: { title: "This is not available here yet", help: "A later release of LiteMaaS brings it." },
  RATE_LIMITED: { title: "Too many requests", help: "Wait a moment, then try again." },
};

/** What to tell the reader: a title, what to do about it, and the server's own words where they add something. */
export function explain(error: RequestError): { title: string; help: string; detail?: string } {
  const known = EXPLANATIONS[error.code];
  if (known) return { ...known, detail: error.code === "NOT_AVAILABLE" ? undefined : error.message };
  return { title: "Something went wrong", help: "Try again.", detail: error.message };
}
