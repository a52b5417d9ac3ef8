import { useState } from "react";
import { graphql, useRelayEnvironment } from "react-relay";
import { getRequest } from "relay-runtime";

import { RequestError, toRequestError } from "../../relay/errors";
import { refusalOf } from "../../relay/refusal";
import type { useFindLeakMutation } from "./__generated__/useFindLeakMutation.graphql";

/** The key that a secret opens; null: none of ours. */
export type Found = { id: string } | null;

/**
 * Asks whose a secret is. Past the store, which names what it keeps by the variables of a request, and so would keep the
 * secret.
 */
export function useFindLeak() {
  const environment = useRelayEnvironment();
  const [isRunning, setRunning] = useState(false);
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<RequestError | null>(null);

  const find = (secret: string) => {
    const { params } = getRequest(graphql`
      mutation useFindLeakMutation($input: FindLeakedApiKeyInput!) {
        findLeakedApiKey(input: $input) {
          __typename
          ... on FindLeakedApiKeySuccess {
            apiKey {
              id
            }
          }
          ... on Error {
            message
          }
        }
      }
    `);
    setRunning(true);
    setFound(undefined);
    setError(null);
    environment
      .getNetwork()
      .execute(params, { input: { secret } }, { force: true })
      .subscribe({
        next: (answer) => {
          const { findLeakedApiKey: result } = (answer as { data: useFindLeakMutation["response"] }).data;
          if (result.__typename === "FindLeakedApiKeySuccess") setFound(result.apiKey ?? null);
          else setError(refusalOf(result));
        },
        error: (reason: unknown) => {
          setError(toRequestError(reason));
          setRunning(false);
        },
        complete: () => setRunning(false),
      });
  };
  return { find, isRunning, found, error };
}
