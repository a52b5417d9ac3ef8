import { Grid, GridItem, Skeleton } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { useRefresh } from "../../relay/useRefresh";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables, useRefreshEvery } from "./asked";
import { Breakdown } from "./Breakdown";
import type { UsageBreakdowns_usage$key } from "./__generated__/UsageBreakdowns_usage.graphql";
import type { UsageBreakdownsQuery } from "./__generated__/UsageBreakdownsQuery.graphql";

const query = graphql`
  query UsageBreakdownsQuery($all: Boolean!, $range: TimeRange!, $filter: UsageFilter) {
    viewer @skip(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageBreakdowns_usage @arguments(all: false)
      }
    }
    admin @include(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageBreakdowns_usage @arguments(all: true)
      }
    }
  }
`;

function Loaded({ asked }: { asked: Asked }) {
  const variables = askedVariables(asked);
  const data = usePageQuery<UsageBreakdownsQuery>(query, variables);
  useRefresh<UsageBreakdownsQuery>(query, variables, useRefreshEvery(asked, true));
  const usage = useFragment<UsageBreakdowns_usage$key>(
    graphql`
      fragment UsageBreakdowns_usage on Usage @argumentDefinitions(all: { type: "Boolean!" }) {
        ...Breakdown_whole
        byModel {
          ...Breakdown_slices
        }
        byApiKey {
          ...Breakdown_slices
        }
        byPerson @include(if: $all) {
          ...Breakdown_slices
        }
        byProvider {
          ...Breakdown_slices
        }
        byStatus {
          ...Breakdown_slices
        }
      }
    `,
    (data.admin ?? data.viewer)!.usage,
  );
  const parts = [
    { by: "model", slices: usage.byModel },
    { by: "key", slices: usage.byApiKey },
    ...(usage.byPerson ? [{ by: "person", slices: usage.byPerson } as const] : []),
    { by: "provider", slices: usage.byProvider },
    { by: "status", slices: usage.byStatus },
  ] as const;
  return (
    <Grid hasGutter>
      {parts.map(({ by, slices }) => (
        <GridItem key={by} xl={6}>
          <Breakdown by={by} slices={slices} whole={usage} asked={asked} />
        </GridItem>
      ))}
    </Grid>
  );
}

/** Who and what the totals are made of. */
export function UsageBreakdowns({ asked }: { asked: Asked }) {
  return (
    <QueryBoundary
      skeleton={<Skeleton height="16rem" screenreaderText="Loading what the usage is made of" />}
      resetOn={asked}
    >
      <Loaded asked={asked} />
    </QueryBoundary>
  );
}
