import { Grid, GridItem } from "@patternfly/react-core";
import { use } from "react";
import { graphql, useFragment } from "react-relay";

import { useRefresh } from "../../relay/useRefresh";
import { usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables, FreshnessContext, seriesVariables, useRefreshEvery } from "./asked";
import { NoCalls } from "./NoCalls";
import { UsageBreakdowns } from "./UsageBreakdowns";
import { UsageHeatmap } from "./UsageHeatmap";
import { UsageLive } from "./UsageLive";
import { UsageSeries } from "./UsageSeries";
import { UsageTotals } from "./UsageTotals";
import type { UsageOverview_usage$key } from "./__generated__/UsageOverview_usage.graphql";
import type { UsageOverviewQuery } from "./__generated__/UsageOverviewQuery.graphql";

const query = graphql`
  query UsageOverviewQuery(
    $all: Boolean!
    $compare: Boolean!
    $range: TimeRange!
    $before: TimeRange!
    $filter: UsageFilter
    $interval: Interval!
    $timeZone: String!
  ) {
    viewer @skip(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageOverview_usage @arguments(interval: $interval, timeZone: $timeZone)
      }
      before: usage(range: $before, filter: $filter) @include(if: $compare) {
        ...UsageTotals_before
        ...UsageSeries_before @arguments(interval: $interval, timeZone: $timeZone)
      }
    }
    admin @include(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageOverview_usage @arguments(interval: $interval, timeZone: $timeZone)
      }
      before: usage(range: $before, filter: $filter) @include(if: $compare) {
        ...UsageTotals_before
        ...UsageSeries_before @arguments(interval: $interval, timeZone: $timeZone)
      }
    }
  }
`;

/** Everything about the usage of one range: how much, when, and by whom. */
export function UsageOverview({ asked }: { asked: Asked }) {
  const variables = {
    ...askedVariables(asked),
    ...seriesVariables(asked),
    before: asked.range.before,
    compare: asked.choice.compare,
  };
  const data = usePageQuery<UsageOverviewQuery>(query, variables);
  const { isPaused, onRefreshed } = use(FreshnessContext);
  useRefresh<UsageOverviewQuery>(query, variables, useRefreshEvery(asked, true), onRefreshed);

  const { usage: usageRef, before } = (data.admin ?? data.viewer)!;
  const usage = useFragment<UsageOverview_usage$key>(
    graphql`
      fragment UsageOverview_usage on Usage
      @argumentDefinitions(interval: { type: "Interval!" }, timeZone: { type: "String!" }) {
        id
        totals {
          requests
        }
        ...UsageTotals_usage
        ...UsageSeries_usage @arguments(interval: $interval, timeZone: $timeZone)
      }
    `,
    usageRef,
  );
  return (
    <Grid hasGutter>
      {isPaused || asked.all || asked.range.validUntil === null ? null : <UsageLive asked={asked} />}
      <GridItem>
        <UsageTotals usage={usage} before={before ?? null} asked={asked} />
      </GridItem>
      {usage.totals.requests === 0 ? (
        <GridItem>
          <NoCalls asked={asked} />
        </GridItem>
      ) : (
        <>
          <GridItem>
            <UsageSeries usage={usage} before={before ?? null} asked={asked} />
          </GridItem>
          <GridItem>
            <UsageBreakdowns asked={asked} />
          </GridItem>
          <GridItem>
            <UsageHeatmap asked={asked} />
          </GridItem>
        </>
      )}
    </Grid>
  );
}
