import { PageSection, Skeleton, Stack, StackItem, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { useState } from "react";
import { graphql } from "react-relay";
import { useSearchParams } from "react-router";

import { useNow } from "../../lib/useNow";
import { parseRangeName, RANGE_LABELS, RANGES, type RangeName, type UsageRange, usageRange } from "../../lib/usageRange";
import { usePageHidden } from "../../lib/usePageHidden";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { LiveIndicator } from "./LiveIndicator";
import { UsageLive } from "./UsageLive";
import { UsageView } from "./UsageView";
import type { UsagePageQuery } from "./__generated__/UsagePageQuery.graphql";

function Loaded({ range, isPaused }: { range: UsageRange; isPaused: boolean }) {
  const { viewer } = usePageQuery<UsagePageQuery>(
    graphql`
      query UsagePageQuery($range: TimeRange!, $interval: Interval!) {
        viewer {
          usage(range: $range) {
            ...UsageView_usage @arguments(interval: $interval)
          }
        }
      }
    `,
    { range: { start: range.start, end: range.end }, interval: range.interval },
  );
  return (
    <>
      {isPaused ? null : <UsageLive range={range} />}
      <UsageView usage={viewer.usage} range={range} />
    </>
  );
}

/** The range as of now; the same object until the clock passes its end, when the next hour or day begins. */
function useRange(name: RangeName): UsageRange {
  const now = useNow();
  const [range, setRange] = useState(() => usageRange(name, Date.now()));
  if (range.name === name && now < Date.parse(range.end)) return range;
  const next = usageRange(name, now);
  setRange(next);
  return next;
}

export function UsagePage() {
  const [params, setParams] = useSearchParams();
  const name = parseRangeName(params.get("range"));
  const range = useRange(name);
  const [pausedByReader, setPaused] = useState(false);
  const isPaused = usePageHidden() || pausedByReader;

  return (
    <>
      <PageHeading
        title="Usage"
        description="What your keys used and spent."
        actions={<LiveIndicator isPaused={isPaused} onPause={setPaused} />}
      />
      <PageSection isFilled>
        <Stack hasGutter>
          <StackItem>
            <ToggleGroup aria-label="Period" className="wrapping">
              {RANGES.map((each) => (
                <ToggleGroupItem
                  key={each}
                  text={RANGE_LABELS[each]}
                  isSelected={each === name}
                  onChange={() => setParams({ range: each }, { flushSync: true })}
                />
              ))}
            </ToggleGroup>
          </StackItem>
          <StackItem isFilled>
            <QueryBoundary key={name} skeleton={skeleton}>
              <Loaded range={range} isPaused={isPaused} />
            </QueryBoundary>
          </StackItem>
        </Stack>
      </PageSection>
    </>
  );
}

const skeleton = (
  <Stack hasGutter>
    <StackItem>
      <Skeleton height="7rem" screenreaderText="Loading your usage" />
    </StackItem>
    <StackItem>
      <Skeleton height="20rem" />
    </StackItem>
  </Stack>
);
