import { Gallery } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

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
        byStatus {
          label
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
  const failed = usage.byStatus.map(({ label }) => label).filter((label) => label !== "success");
  return (
    <section aria-label="Totals">
      <UsageStanding usage={usage} asked={asked} />
      <Gallery hasGutter minWidths={{ default: "11rem", lg: "15rem" }}>
        <Figure
          name="Spend"
          value={spend}
          note={totals.unpricedRequests > 0 ? unpriced(totals.unpricedRequests) : null}
          trend={trend(Number(totals.spend), before && Number(before.spend))}
        />
        <Figure
          name="Requests"
          value={formatCount(requests)}
          note={totals.cacheHits > 0 ? `${formatCount(totals.cacheHits)} from LiteLLM’s cache` : null}
          trend={trend(requests, before?.requests)}
          more={requests > 0 ? <Link to={linkTo(CALLS)}>See the calls</Link> : null}
        />
        <Figure
          name="Tokens"
          value={formatCount(totals.totalTokens)}
          note={`${formatCount(totals.promptTokens)} in, ${formatCount(totals.cachedTokens)} of them cached; ${formatCount(totals.completionTokens)} out`}
          trend={trend(totals.totalTokens, before?.totalTokens)}
        />
        <Figure
          name="Success rate"
          value={formatSuccessRate(requests, failures)}
          note={`${formatCount(failures)} failed`}
          trend={before && before.requests > 0 ? `${formatSuccessRate(before.requests, before.failures)} before` : null}
          more={failures > 0 ? <Link to={linkTo({ ...CALLS, status: failed })}>See the failed calls</Link> : null}
        />
        <UsageSpeeds asked={asked} />
      </Gallery>
      <Announcement text={`${formatCount(requests)} requests, ${spend}`} />
    </section>
  );
}

const unpriced = (count: number) =>
  `${count === 1 ? "1 call has" : `${formatCount(count)} calls have`} no price: the cost of ${count === 1 ? "it" : "them"} counts as 0`;
