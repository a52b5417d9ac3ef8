import { RequestError } from "./errors";

/** What the server said when it did not carry a mutation out: an error of the schema, or one that this page is too old for. */
export function refusalOf(result: { readonly __typename: string; readonly message?: string }): RequestError {
  return new RequestError("REFUSED", result.message ?? "The server refused it.");
}
