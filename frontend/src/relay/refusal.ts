import { RequestError } from "./errors";

/** The result of a mutation that was not carried out. */
export interface Refused {
  readonly __typename: string;
  readonly message?: string;
}

/** What the server said when it did not carry a mutation out: an error of the schema, or one that this page is too old for. */
export function refusalOf(result: Refused): RequestError {
  return new RequestError("REFUSED", result.message ?? "The server refused it.");
}
