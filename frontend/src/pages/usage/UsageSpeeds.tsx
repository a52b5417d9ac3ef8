import { Card, CardBody, CardTitle, Skeleton } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { ANSWERED, STREAMED } from "../../lib/callChoice";
import { formatCount } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";
import { trendText } from "../../lib/trend";
import { useRefresh } from "../../relay/useRefresh";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables, CALLS, useRefreshEvery, useUsageLink } from "./asked";
import { Figure } from "./Figure";
import type { UsageSpeeds_usage$data, UsageSpeeds_usage$key } from "./__generated__/UsageSpeeds_usage.graphql";
import type { UsageSpeedsQuery } from "./__generated__/UsageSpeedsQuery.graphql";

const SLOWER = { more: "slower than before", less: "faster than before", same: "As fast as before" };

const query = graphql`
  query UsageSpeedsQuery(
    $all: Boolean!
    $compare: Boolean!
    $range: TimeRange!
    $before: TimeRange!
    $filter: UsageFilter
  ) {
    viewer @skip(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageSpeeds_usage
      }
      before: usage(range: $before, filter: $filter) @include(if: $compare) {
        ...UsageSpeeds_usage
      }
    }
    admin @include(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageSpeeds_usage
      }
      before: usage(range: $before, filter: $filter) @include(if: $compare) {
        ...UsageSpeeds_usage
      }
    }
  }
`;

const fragment = graphql`
  fragment UsageSpeeds_usage on Usage {
    latency {
      calls
      p50Ms
      p95Ms
      p99Ms
    }
    timeToFirstToken {
      calls
      p50Ms
      p95Ms
      p99Ms
    }
  }
`;

type Speed = UsageSpeeds_usage$data["latency"];

/** The server looks at no more calls of one's own, and of several filters together. */
const NEWEST = 2000;

interface SpeedFigureProps {
  name: string;
  speed: Speed;
  before: number | null | undefined;
  /** The way to the calls that were measured. */
  to: string;
}

function SpeedFigure({ name, speed, before, to }: SpeedFigureProps) {
  const { calls, p50Ms, p95Ms, p99Ms } = speed;
  if (p50Ms == null || p95Ms == null || p99Ms == null) return <Figure name={name} value="–" note="Nothing was measured" />;
  return (
    <Figure
      name={name}
      value={formatDuration(p50Ms)}
      note={
        <>
          for half of <Link to={to}>{calls === NEWEST ? "the newest 2,000" : formatCount(calls)} calls</Link>;{" "}
          {formatDuration(p95Ms)} for 95%, {formatDuration(p99Ms)} for 99%
        </>
      }
      trend={before == null ? null : trendText(p50Ms, before, SLOWER)}
    />
  );
}

function Loaded({ asked }: { asked: Asked }) {
  const variables = { ...askedVariables(asked), before: asked.range.before, compare: asked.choice.compare };
  const data = usePageQuery<UsageSpeedsQuery>(query, variables);
  useRefresh<UsageSpeedsQuery>(query, variables, useRefreshEvery(asked, false));
  const linkTo = useUsageLink();
  const found = (data.admin ?? data.viewer)!;
  const usage = useFragment<UsageSpeeds_usage$key>(fragment, found.usage);
  const before = useFragment<UsageSpeeds_usage$key>(fragment, found.before ?? null);
  return (
    <>
      <SpeedFigure name="Latency" speed={usage.latency} before={before?.latency.p50Ms} to={linkTo({ ...CALLS, ...ANSWERED })} />
      <SpeedFigure
        name="Time to first token"
        speed={usage.timeToFirstToken}
        before={before?.timeToFirstToken.p50Ms}
        to={linkTo({ ...CALLS, ...STREAMED })}
      />
    </>
  );
}

/** How long answers took. */
export function UsageSpeeds({ asked }: { asked: Asked }) {
  return (
    <QueryBoundary skeleton={<SpeedSkeleton />} resetOn={asked}>
      <Loaded asked={asked} />
    </QueryBoundary>
  );
}

function SpeedSkeleton() {
  return ["Latency", "Time to first token"].map((name) => (
    <Card key={name} isCompact isFullHeight>
      <CardTitle component="h2">{name}</CardTitle>
      <CardBody>
        <Skeleton screenreaderText={`Loading: ${name}`} />
      </CardBody>
    </Card>
  ));
}
