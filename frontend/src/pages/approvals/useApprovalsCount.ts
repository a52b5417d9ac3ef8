import { useMemo, useState } from "react";
import { graphql, useSubscription } from "react-relay";
import type { GraphQLSubscriptionConfig } from "relay-runtime";

import type { useApprovalsCountSubscription } from "./__generated__/useApprovalsCountSubscription.graphql";

/** How many requests wait for a decision, kept up to date; undefined until the server has said it. Not for users. */
export function useApprovalsCount(): { count: number | undefined; tick: number } {
  const [state, setState] = useState<{ count: number | undefined; tick: number }>({ count: undefined, tick: 0 });
  const config = useMemo<GraphQLSubscriptionConfig<useApprovalsCountSubscription>>(
    () => ({
      subscription: graphql`
        subscription useApprovalsCountSubscription {
          approvalsChanged {
            pendingCount
          }
        }
      `,
      variables: {},
      onNext: (response) =>
        response && setState(({ tick }) => ({ count: response.approvalsChanged.pendingCount, tick: tick + 1 })),
      // The count stays as it was; the page itself says what is wrong.
      onError: () => {},
    }),
    [],
  );
  useSubscription(config);
  return state;
}
