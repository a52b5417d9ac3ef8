import { useMemo } from "react";
import { graphql, useSubscription } from "react-relay";
import type { GraphQLSubscriptionConfig } from "relay-runtime";

import type { UsageRange } from "../../lib/usageRange";
import type { UsageLiveSubscription } from "./__generated__/UsageLiveSubscription.graphql";

/**
 * Keeps the usage of a range moving while it is mounted. It draws nothing: each tick carries the same `Usage.id` as the
 * page's query, so Relay merges it and whatever shows a figure of it redraws.
 */
export function UsageLive({ range: { start, end, interval } }: { range: UsageRange }) {
  const config = useMemo<GraphQLSubscriptionConfig<UsageLiveSubscription>>(
    () => ({
      subscription: graphql`
        subscription UsageLiveSubscription($range: TimeRange!, $interval: Interval!) {
          usageChanged(range: $range) {
            position
            usage {
              ...UsageView_usage @arguments(interval: $interval)
            }
          }
        }
      `,
      variables: { range: { start, end }, interval },
      // The indicator shows a lost connection; figures on the page stay as they were.
      onError: () => {},
    }),
    [start, end, interval],
  );
  useSubscription(config);
  return null;
}
