import { useEffect } from "react";
import { fetchQuery, useRelayEnvironment } from "react-relay";
import type { GraphQLTaggedNode, OperationType } from "relay-runtime";

/**
 * Asks again for what a page shows every so many milliseconds (null: never), unless nobody looks. Not through the page's own
 * query, which would show a skeleton meanwhile: the answer goes into the store, and what it changes redraws.
 */
export function useRefresh<T extends OperationType>(
  query: GraphQLTaggedNode,
  variables: T["variables"],
  every: number | null,
  onRefreshed?: () => void,
): void {
  const environment = useRelayEnvironment();
  const asked = JSON.stringify(variables);
  useEffect(() => {
    if (every === null) return;
    const timer = setInterval(() => {
      if (document.hidden) return;
      fetchQuery<T>(environment, query, JSON.parse(asked) as T["variables"]).subscribe({
        complete: onRefreshed,
        error: () => {},
      });
    }, every);
    return () => clearInterval(timer);
  }, [environment, query, asked, every, onRefreshed]);
}
