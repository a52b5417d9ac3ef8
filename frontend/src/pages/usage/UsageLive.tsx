import { useMemo } from "react";
import { graphql, useSubscription } from "react-relay";
import type { GraphQLSubscriptionConfig } from "relay-runtime";

import { type Asked, askedVariables, seriesVariables } from "./asked";
import type { UsageLiveSubscription } from "./__generated__/UsageLiveSubscription.graphql";

/**
 * Keeps the usage of a range moving while it is mounted. It draws nothing: each tick carries the same `Usage.id` as the
 * page's queries, so Relay merges it and whatever shows a figure of it redraws.
 */
export function UsageLive({ asked }: { asked: Asked }) {
  const { range, filter } = askedVariables(asked);
  const variables = JSON.stringify({ range, filter, ...seriesVariables(asked) });
  const config = useMemo<GraphQLSubscriptionConfig<UsageLiveSubscription>>(
    () => ({
      subscription: graphql`
        subscription UsageLiveSubscription(
          $range: TimeRange!
          $filter: UsageFilter
          $interval: Interval!
          $timeZone: String!
        ) {
          usageChanged(range: $range, filter: $filter) {
            position
            usage {
              ...UsageOverview_usage @arguments(interval: $interval, timeZone: $timeZone)
              ...UsageBreakdowns_usage @arguments(all: false)
            }
          }
        }
      `,
      variables: JSON.parse(variables) as UsageLiveSubscription["variables"],
      // The indicator shows a lost connection; figures on the page stay as they were.
      onError: () => {},
    }),
    [variables],
  );
  useSubscription(config);
  return null;
}
