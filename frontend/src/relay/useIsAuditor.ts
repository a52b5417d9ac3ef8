import { useCallback, useState, useSyncExternalStore } from "react";
import { graphql, useRelayEnvironment } from "react-relay";
import { createOperationDescriptor, getRequest } from "relay-runtime";

import { isAuditor } from "../lib/reader";
import type { useIsAuditorQuery } from "./__generated__/useIsAuditorQuery.graphql";

const query = graphql`
  query useIsAuditorQuery {
    viewer {
      user {
        role
      }
    }
  }
`;

/**
 * Whether the reader is an auditor, as far as the store knows, which the shell tells. It asks and waits for nothing: what everybody else
 * may do stands there at once, and stays when the shell's own query fails.
 */
export function useIsAuditor(): boolean {
  const environment = useRelayEnvironment();
  const [{ fragment }] = useState(() => createOperationDescriptor(getRequest(query), {}));
  const subscribe = useCallback(
    (onChange: () => void) => environment.subscribe(environment.lookup(fragment), onChange).dispose,
    [environment, fragment],
  );
  return useSyncExternalStore(subscribe, () => {
    const known = environment.lookup(fragment).data as Partial<useIsAuditorQuery["response"]> | undefined;
    return isAuditor(known?.viewer?.user);
  });
}
