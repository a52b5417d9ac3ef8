import { useCallback, useState } from "react";
import { useMutation, type UseMutationConfig } from "react-relay";
import type { GraphQLTaggedNode, MutationParameters } from "relay-runtime";

import { type RequestError, toRequestError } from "./errors";
import { type Refused, refusalOf } from "./refusal";

/**
 * A mutation with what a form needs: whether it runs, and the error if the request as a whole was refused. Errors that
 * the schema declares (`InvalidInput`, …) are part of the response and the caller's business; those that belong to no
 * field go to `refuse`, which makes them the error.
 */
export function useAction<T extends MutationParameters>(mutation: GraphQLTaggedNode) {
  const [commit, isRunning] = useMutation<T>(mutation);
  const [error, setError] = useState<RequestError | null>(null);

  const run = useCallback(
    (config: UseMutationConfig<T>) => {
      setError(null);
      commit({ ...config, onError: (reason) => setError(toRequestError(reason)) });
    },
    [commit],
  );
  const refuse = useCallback((result: Refused) => setError(refusalOf(result)), []);
  const clearError = useCallback(() => setError(null), []);
  return { run, isRunning, error, refuse, clearError };
}
