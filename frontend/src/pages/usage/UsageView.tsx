import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Grid, GridItem } from "@patternfly/react-core";
import { ChartBarIcon } from "@patternfly/react-icons";
import { graphql, useFragment } from "react-relay";

import { ButtonLink } from "../../components/ButtonLink";
import { createKeyPath } from "../../lib/paths";
import type { UsageRange } from "../../lib/usageRange";
import { UsageBreakdown } from "./UsageBreakdown";
import { UsageSeries } from "./UsageSeries";
import { UsageTotals } from "./UsageTotals";
import type { UsageView_usage$key } from "./__generated__/UsageView_usage.graphql";

/** Everything about the usage of one range. */
export function UsageView({ usage: usageRef, range }: { usage: UsageView_usage$key; range: UsageRange }) {
  const usage = useFragment(
    graphql`
      fragment UsageView_usage on Usage @argumentDefinitions(interval: { type: "Interval!" }) {
        id
        totals {
          requests
        }
        ...UsageTotals_usage
        ...UsageSeries_usage @arguments(interval: $interval)
        byModel {
          ...UsageBreakdown_slices
        }
        byApiKey {
          ...UsageBreakdown_slices
        }
      }
    `,
    usageRef,
  );
  return (
    <Grid hasGutter>
      <GridItem>
        <UsageTotals usage={usage} />
      </GridItem>
      {usage.totals.requests === 0 ? (
        <GridItem>
          <NoCalls />
        </GridItem>
      ) : (
        <>
          <GridItem>
            <UsageSeries usage={usage} range={range} />
          </GridItem>
          <GridItem xl2={6}>
            <UsageBreakdown title="By model" name="Model" slices={usage.byModel} />
          </GridItem>
          <GridItem xl2={6}>
            <UsageBreakdown title="By key" name="Key" slices={usage.byApiKey} />
          </GridItem>
        </>
      )}
    </Grid>
  );
}

function NoCalls() {
  return (
    <EmptyState titleText="No calls in this period" headingLevel="h2" icon={ChartBarIcon}>
      <EmptyStateBody>Call a model with one of your keys; it shows here within seconds, without a reload.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <ButtonLink to="/keys">My keys</ButtonLink>
        </EmptyStateActions>
        <EmptyStateActions>
          <ButtonLink to={createKeyPath()} variant="link">
            Create a key
          </ButtonLink>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
