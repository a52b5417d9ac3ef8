import { Gallery } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { CACHED, FAILED, UNPRICED } from "../../lib/callChoice";
import { formatMoney } from "../../lib/money";
import { formatCount, formatSuccessRate } from "../../lib/numbers";
import { trendText } from "../../lib/trend";
import { Announcement } from "./Announcement";
import { type Asked, CALLS, useUsageLink } from "./asked";
import { Figure } from "./Figure";
import { UsageSpeeds } from "./UsageSpeeds";
import { UsageStanding } from "./UsageStanding";
import type { UsageTotals_before$key } from "./__generated__/UsageTotals_before.graphql";
import type { UsageTotals_usage$key } from "./__generated__/UsageTotals_usage.graphql";

const MORE = { more: "more than before", less: "less than before", same: "As much as before" };

interface UsageTotalsProps {
  usage: UsageTotals_usage$key;
  /** The period before; null when it is not compared with. */
  before: UsageTotals_before$key | null;
  asked: Asked;
}

/** The sums of a range, each beside that of the period before. */
export function UsageTotals({ usage: usageRef, before: beforeRef, asked }: UsageTotalsProps) {
  const usage = useFragment(
    graphql`
      fragment UsageTotals_usage on Usage {
        totals {
          requests
          failures
          promptTokens
          completionTokens
          totalTokens
          cachedTokens
          cacheHits
          spend
          unpricedRequests
        }
        ...UsageStanding_usage
      }
    `,
    usageRef,
  );
  const before = useFragment(
    graphql`
      fragment UsageTotals_before on Usage {
        totals {
          requests
          failures
          totalTokens
          spend
        }
      }
    `,
    beforeRef,
  )?.totals;
  const linkTo = useUsageLink();
  const { totals } = usage;
  const { requests, failures } = totals;
  const spend = formatMoney(totals.spend);
  const trend = (now: number, then: number | undefined) =>
    then === undefined ? null : (trendText(now, then, MORE) ?? (now > 0 ? "Nothing before" : null));
  const calls = requests > 0 ? linkTo(CALLS) : null;
  return (
    <section aria-label="Totals">
      <UsageStanding usage={usage} asked={asked} />
      <Gallery hasGutter minWidths={{ default: "11rem", lg: "15rem" }}>
        <Figure
          name="Spend"
          about="cost"
          value={spend}
          note={
            totals.unpricedRequests > 0 ? (
              <>
                <Link to={linkTo({ ...CALLS, ...UNPRICED })}>{some(totals.unpricedRequests)}</Link> without a price, counted as 0
              </>
            ) : null
          }
          trend={trend(Number(totals.spend), before && Number(before.spend))}
          to={calls}
        />
        <Figure
          name="Requests"
          value={formatCount(requests)}
          note={
            totals.cacheHits > 0 ? (
              <>
                <Link to={linkTo({ ...CALLS, ...CACHED })}>{formatCount(totals.cacheHits)} answered</Link> from LiteLLM’s cache
              </>
            ) : null
          }
          trend={trend(requests, before?.requests)}
          to={calls}
        />
        <Figure
          name="Tokens"
          value={formatCount(totals.totalTokens)}
          note={`${formatCount(totals.promptTokens)} in, ${formatCount(totals.cachedTokens)} of them cached; ${formatCount(totals.completionTokens)} out`}
          trend={trend(totals.totalTokens, before?.totalTokens)}
          to={calls}
        />
        <Figure
          name="Success rate"
          value={formatSuccessRate(requests, failures)}
          note={failures > 0 ? <Link to={linkTo({ ...CALLS, ...FAILED })}>{formatCount(failures)} failed</Link> : "0 failed"}
          trend={before && before.requests > 0 ? `${formatSuccessRate(before.requests, before.failures)} before` : null}
          to={calls}
        />
        <UsageSpeeds asked={asked} />
      </Gallery>
      <Announcement text={`${formatCount(requests)} requests, ${spend}`} />
    </section>
  );
}

const some = (count: number) => (count === 1 ? "1 call" : `${formatCount(count)} calls`);
